"""How far a ride went: acceleration integrated between two standstills, and the pressure, each with its error."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.ride.find import Found
from edge_agent.judge.ride.signal import BIN_S, Array, noise

SCALE_ERROR = 0.006  # of an accelerometer: 0.6 %, of which its gravity tells nothing for certain
AIR_ERROR = 0.025  # the air's temperature is not known: 15 °C ± 7 °C
SOFT_MPS = 0.1  # of speed that is left: more than the level's error leaves
REST_BINS = 60  # pressures so long before and after a ride count


class Course(msgspec.Struct, frozen=True):
    """How a ride rose, by acceleration."""

    first: int  # bin of the stretch in which it begins
    height: Array  # m, at the end of each bin
    error: float  # m, one standard deviation of the last


class Height(msgspec.Struct, frozen=True):
    """A height and where it comes from."""

    metres: float  # upwards positive
    error: float  # one standard deviation
    by_acceleration: float
    by_pressure: float | None = None
    pressure_error: float | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether both sensors say the same; None with one of them alone."""
        if self.by_pressure is None or self.pressure_error is None:
            return None
        return abs(self.by_pressure - self.by_acceleration) <= 0.4 + 0.05 * abs(self.metres) + 3 * self.pressure_error


def climb(length: Array, gravity: float, found: Found) -> Course:
    """Return the course of a ride.

    Speed comes and goes in pulses only. What is left of it at the end was the gravity's error in them, so it is taken
    from them evenly: then the errors of the first and the last pulse cancel in the speed between. Much that is left is
    no such error: a flank was too soft to be part of its pulse. Then the acceleration between the pulses counts too.
    """
    rise = length[found.start : found.end] - gravity
    inside = np.zeros(len(rise), dtype=np.bool_)
    for pulse in found.pulses:
        inside[pulse.start - found.start : pulse.end - found.start] = True
    left = float(rise[inside].sum()) * BIN_S
    takes = inside.copy()
    if found.dead:  # too short for the samples: what is left over is its own error
        takes[: found.pulses[-1].start - found.start] = False
    height = _integrate(np.where(inside, rise, 0.0), takes)
    if not found.dead:
        soft = left**2 / (left**2 + SOFT_MPS**2)
        height = (1 - soft) * height + soft * _integrate(rise, np.ones_like(inside))
    return Course(found.start, height, _error(length, height[-1], inside, left=0.0 if found.dead else left))


def _integrate(rise: Array, takes: NDArray[np.bool_]) -> Array:
    """Return the height; the bins that ``takes`` names share what is left of the speed."""
    rise = rise - np.where(takes, rise.sum() / takes.sum(), 0.0)
    speed = np.cumsum(rise) * BIN_S
    height: Array = np.cumsum(speed) * BIN_S - speed * BIN_S / 2
    return height


def _error(length: Array, metres: float, inside: NDArray[np.bool_], *, left: float) -> float:
    seconds, pulse_s = len(inside) * BIN_S, float(inside.sum()) * BIN_S
    density = noise(length) * np.sqrt(5 * BIN_S)  # per square root of a second; 5 bins are one sample
    by_noise = density * np.sqrt(pulse_s / 2) * seconds / 2
    by_rest = 0.08 * left * seconds
    return float(np.sqrt(0.03**2 + (SCALE_ERROR * metres) ** 2 + by_noise**2 + by_rest**2))


def fuse(course: Course, *, first: int, altitudes: Array) -> Height:
    """Return the height with the pressure's word: the course that acceleration found, scaled to fit the altitudes.

    ``first`` is the bin where the course begins; ``altitudes`` (n, 2) are bins on the same count and metres.
    """
    height, error, start = course.height, course.error, float(first)
    own = float(height[-1])
    if len(altitudes) < 6 or abs(own) < 0.5:
        return Height(own, error, own)
    before, after = altitudes[:, 0] < start, altitudes[:, 0] > start + len(height)
    if before.sum() < 2 or after.sum() < 2:
        return Height(own, error, own)
    best = min((_fit(height, start=start + lag, altitudes=altitudes) for lag in (0, 3, 6, 10)), key=lambda fit: fit[1])
    by_pressure, residual = best[0] * own, best[1]
    calm = residual * np.sqrt(2.0 / min(before.sum(), after.sum()))
    by_air = float(np.sqrt(0.04**2 + calm**2 + (AIR_ERROR * by_pressure) ** 2))
    weight, other = 1 / error**2, 1 / by_air**2
    metres = (own * weight + by_pressure * other) / (weight + other)
    return Height(metres, float(np.sqrt(1 / (weight + other))), own, by_pressure, by_air)


def _fit(height: Array, *, start: float, altitudes: Array) -> tuple[float, float]:
    """Return by how much the course is to be multiplied, and what then remains (standard deviation, m)."""
    shape = np.interp(altitudes[:, 0], start + np.arange(len(height)), height)
    off, given = shape - shape.mean(), altitudes[:, 1] - altitudes[:, 1].mean()
    factor = float(off @ given) / max(float(off @ off), 1e-9)
    rest = given - factor * off
    return factor, float(np.sqrt(rest @ rest / max(1, len(rest) - 2)))

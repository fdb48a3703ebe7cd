"""How far a ride went: acceleration integrated between two standstills, and the pressure, each with its error."""

import msgspec
import numpy as np

from edge_agent.judge.ride_find import Found
from edge_agent.judge.ride_signal import BIN_S, Array, noise

SCALE_ERROR = 0.006  # of an accelerometer: 0.6 %, of which its gravity tells nothing for certain
AIR_ERROR = 0.025  # the air's temperature is not known: 15 °C ± 7 °C
REST_BINS = 60  # pressures so long before and after a ride count


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


def climb(length: Array, gravity: float, found: Found) -> tuple[Array, float]:
    """Return the height in each bin from the ride's start to its end, and its error.

    Speed comes and goes in pulses only. What is left of it at the end was the gravity's error in them, so it is taken
    from them evenly: then the errors of the first and the last pulse cancel in the speed between.
    """
    rise = length[found.start : found.end] - gravity
    inside = np.zeros(len(rise), dtype=np.bool_)
    for pulse in found.pulses:
        inside[pulse.start - found.start : pulse.end - found.start] = True
    rise = np.where(inside, rise, 0.0)
    left = float(rise.sum()) * BIN_S
    takes = inside.copy()
    if found.dead:  # too short for the samples: what is left over is its own error
        takes[: found.pulses[-1].start - found.start] = False
    rise = rise - np.where(takes, left / (takes.sum() * BIN_S), 0.0)
    speed = np.cumsum(rise) * BIN_S
    height = np.cumsum(speed) * BIN_S - speed * BIN_S / 2
    seconds, pulse_s = len(rise) * BIN_S, float(inside.sum()) * BIN_S
    density = noise(length) * np.sqrt(5 * BIN_S)  # per square root of a second; 5 bins are one sample
    by_noise = density * np.sqrt(pulse_s / 2) * seconds / 2
    by_rest = 0.0 if found.dead else 0.08 * left * seconds
    error = np.sqrt(0.03**2 + (SCALE_ERROR * height[-1]) ** 2 + by_noise**2 + by_rest**2)
    return height, float(error)


def fuse(height: Array, error: float, *, start: float, altitudes: Array) -> Height:
    """Return the height with the pressure's word: the course that acceleration found, scaled to fit the altitudes.

    ``height`` is the course in bins from bin ``start``; ``altitudes`` (n, 2) are bins on the same count and metres.
    """
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

"""From binned acceleration to what a car does: vertical acceleration, roughness, pulses."""

from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BIN_S = 0.1
SMOOTH = 5  # bins: a lift's jerk-limited pulse keeps its shape, steps and doors do not
THRESHOLD = 0.10  # m/s²: a quarter of the gentlest lift's acceleration
LONG = 31  # bins: the direction of gravity, whatever a moment does to it
ROOM = 5  # bins on each side of a pulse that belong to it: 0.1 m/s² is reached within 0.2 s at 0.5 m/s³
FLANK = 80  # bins: no drive's soft flank is longer
LEVEL_ERROR = 0.02  # m/s²: less may be the error of the level at rest
LEAST_SPEED = 0.28  # m/s: less is no pulse of a lift that reaches 0.4 m/s
LEAST_BINS = 3
LEVEL_WIDTH = 0.04  # m/s²: how well a rest's level is known at least
HOLLOW = 4  # bins in a row without a sample: a dead stop would fit into them
JOIN = 3  # bins: pulses of one sign nearer than this are one


class Pulse(msgspec.Struct, frozen=True):
    """A stretch in which the car gained or lost speed."""

    start: int  # bins in the stretch analysed
    end: int  # exclusive
    speed: float  # m/s gained upwards
    peak: float  # m/s², the greatest in 0.1 s
    rough: float  # m/s², how much it shook meanwhile
    tilt: float  # m/s², how far the acceleration pointed away from the vertical
    braking: float = float("nan")  # of that probability, the share of a braking
    moving: float = float("nan")  # probability by the model that a drive is at work; NaN: it was not asked


def smooth(values: Array, size: int) -> Array:
    """Return the centred moving mean over ``size`` (odd) rows; at the ends over what is there."""
    half = size // 2
    total = np.cumsum(np.concatenate([np.zeros((1, *values.shape[1:])), values]), axis=0)
    at = np.arange(len(values))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    counts = (high - low).reshape(-1, *([1] * (values.ndim - 1)))
    result: Array = (total[high] - total[low]) / counts
    return result


def magnitude(mean: Array) -> Array:
    """Return the length of the smoothed vector, m/s².

    A lift moves along gravity only, so the length less its value at rest is the car's acceleration whatever the box's
    orientation is, and however slowly that changes. Smoothing goes first: of noise, a length would keep the square.
    """
    return signed_length(smooth(mean, SMOOTH), mean)


def signed_length(vectors: Array, mean: Array) -> Array:
    """Return the vectors' lengths, negative where one points against its surroundings: a stop by more than gravity."""
    along = np.einsum("ij,ij->i", vectors, smooth(mean, LONG))
    result: Array = np.linalg.norm(vectors, axis=1) * np.where(along < 0, -1.0, 1.0)
    return result


def roughness(mean: Array, spread: Array) -> Array:
    """Return how much it shakes in each bin, m/s²: inside the bin, and against its neighbours."""
    off = mean - smooth(mean, SMOOTH)
    return np.sqrt(smooth(spread**2 + (off**2).sum(axis=1), SMOOTH))


def rest_level(length: Array, rough: Array) -> float | None:
    """Return the level at which the length stands for most of the time: gravity, as this sensor has it.

    Standing and cruising both have it. Of two levels that are as frequent the nearer to 9.81 m/s² is taken.
    """
    calm = length[rough <= max(0.15, float(np.quantile(rough, 0.5)))]
    if len(calm) < 10:
        return None
    edges = np.arange(calm.min() - LEVEL_WIDTH, calm.max() + 2 * LEVEL_WIDTH, LEVEL_WIDTH)
    counts, _ = np.histogram(calm, bins=edges)
    votes = np.convolve(counts, np.ones(3), mode="same") - 2.0 * np.abs(edges[:-1] - 9.81)
    centre = edges[int(votes.argmax())] + LEVEL_WIDTH / 2
    near = calm[np.abs(calm - centre) <= 2 * LEVEL_WIDTH]
    return float(np.median(near)) if len(near) else None


def noise(length: Array) -> float:
    """Return the standard deviation of the length's noise, robustly, m/s²."""
    if len(length) < 12:
        return 0.05
    off = length[5:] - length[:-5]  # SMOOTH apart, so that two values share no sample
    return float(np.median(np.abs(off)) / 0.6745 / np.sqrt(2))


def has_run(flags: NDArray[np.bool_], size: int) -> bool:
    """Return whether ``size`` flags in a row are set."""
    if len(flags) < size:
        return False
    counts = np.convolve(flags.astype(np.int64), np.ones(size, dtype=np.int64), mode="valid")
    return bool(counts.max() >= size)


def find_pulses(
    mean: Array, length: Array, rough: Array, *, gravity: float, least_speed: float = LEAST_SPEED
) -> list[Pulse]:
    """Return the pulses in time order."""
    rise = length - gravity
    threshold = max(THRESHOLD, 3.0 * noise(length))
    pulses = []
    stretches = _stretches(rise, threshold)
    for number, (start, end) in enumerate(stretches):
        before = _between(stretches[number - 1][1], start) if number else 0
        after = _between(end, stretches[number + 1][0]) if number + 1 < len(stretches) else len(rise)
        low, high = _reach(rise, start, end, before=before, after=after)
        speed = float(rise[low:high].sum()) * BIN_S
        if abs(speed) < least_speed or end - start < LEAST_BINS:
            continue
        pulses.append(_describe(mean, rough, low, high, speed=speed, gravity=gravity))
    return pulses


def _reach(rise: Array, start: int, end: int, *, before: int, after: int) -> tuple[int, int]:
    """Return from where to where a pulse gains speed: its soft flanks go on below the threshold that found it."""
    sign, longest = np.sign(rise[start:end].sum()), min(FLANK, end - start)
    sigma = noise(rise)
    early = _goes_on(sign * rise[max(before, start - longest) : start][::-1], sigma)
    late = _goes_on(sign * rise[end : min(after, end + longest)], sigma)
    return max(start - max(ROOM, early), before), min(end + max(ROOM, late), after)


def _goes_on(flank: Array, sigma: float) -> int:
    """Return for how many bins a flank gains more speed than noise and a wrong level would."""
    bins = np.arange(len(flank) + 1)
    gain = np.concatenate([[0.0], np.cumsum(flank)]) - LEVEL_ERROR * bins - 2.0 * sigma * np.sqrt(SMOOTH * bins)
    return int(gain.argmax())


def _stretches(rise: Array, threshold: float) -> list[tuple[int, int]]:
    """Return the stretches of one sign beyond the threshold; short holes are bridged."""
    found: list[tuple[int, int, int]] = []
    sign = np.where(rise > threshold, 1, np.where(rise < -threshold, -1, 0))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], sign, [0]])))
    for start, end in pairwise(edges):
        kind = int(sign[start])
        if kind == 0:
            continue
        if found and found[-1][2] == kind and start - found[-1][1] <= JOIN:
            found[-1] = (found[-1][0], int(end), kind)
        else:
            found.append((int(start), int(end), kind))
    return [(start, end) for start, end, _ in found]


def _between(end: int, start: int) -> int:
    """Return the bin at which one pulse gives way to the next."""
    return (end + start + 1) // 2


def _describe(mean: Array, rough: Array, low: int, high: int, *, speed: float, gravity: float) -> Pulse:
    fine = signed_length(mean[low:high], mean[low:high]) - gravity
    before, during = mean[max(0, low - 10) : low + 1].mean(axis=0), mean[low:high].mean(axis=0)
    along = during @ before / max(float(np.linalg.norm(before)), 1e-9)
    tilt = float(np.sqrt(max(float(during @ during) - float(along) ** 2, 0.0)))
    peak = float(np.abs(fine).max())
    return Pulse(low, high, speed, peak, float(np.median(rough[low:high])), tilt)

"""The latest bins of one box, in which rides are looked for again and again until they are told."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.ride.grid import BIN_US, Array, Bins

SCALE_HEIGHT_M = 8434.5  # of the air at 15 °C: a metre up is so small a part less pressure
LONGEST = 12_000  # bins: 20 minutes, the slowest ride through the highest shaft; older bins are dropped
PRESSURES = 4_096
FROZEN = 10  # equal pressures in a ride


class View(msgspec.Struct, frozen=True):
    """Bins up to one instant, every one with a number."""

    first: int
    mean: Array  # (n, 3), holes interpolated
    spread: Array
    hole: NDArray[np.bool_]  # nothing came in this bin
    labels: Array  # (n, labels) probabilities, NaN where the model has not looked

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def end_us(self) -> int:
        """The instant of the view."""
        return (self.first + len(self.mean)) * BIN_US


class Track:
    """Bounded: the oldest go first."""

    def __init__(self, *, labels: int) -> None:
        self.first: int | None = None
        self._labels = labels
        self._mean: Array = np.empty((0, 3))
        self._spread: Array = np.empty(0)
        self._hole: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._probabilities: Array = np.empty((0, labels))
        self._pressures: list[tuple[float, float]] = []  # bin (with a fraction), altitude in m

    @property
    def end(self) -> int:
        """The number of the first bin that is not there yet."""
        return (self.first or 0) + len(self._mean)

    def append(self, bins: Bins) -> None:
        """Add bins that follow the last ones; a hole is bridged by a straight line once something follows."""
        if self.first is None:
            self.first = bins.first
        assert bins.first == self.end, "bins are consecutive"
        hole = np.logical_not(np.asarray(np.isfinite(bins.mean).all(axis=1)))
        start = len(self._mean)
        begin = max(start - 1, 0)
        while begin > 0 and self._hole[begin]:
            begin -= 1
        self._mean = np.concatenate([self._mean, bins.mean])
        self._spread = np.concatenate([self._spread, bins.spread])
        self._hole = np.concatenate([self._hole, hole])
        fresh = np.full((len(hole), self._labels), np.nan)
        self._probabilities = np.concatenate([self._probabilities, fresh])
        if hole.any() or (start and self._hole[start - 1]):
            self._bridge(begin)
        if len(self._mean) > LONGEST:
            self.trim(self.end - LONGEST)

    def press(self, t_us: int, pressure_pa: float) -> None:
        """Add a pressure."""
        altitude = -SCALE_HEIGHT_M * float(np.log(pressure_pa / 101_325.0))
        self._pressures.append((t_us / BIN_US, altitude))
        del self._pressures[:-PRESSURES]

    def name(self, centres: NDArray[np.int64], probabilities: Array, *, every: int) -> None:
        """Keep what the model says of the windows round ``centres`` for the ``every`` bins from each on."""
        assert self.first is not None
        for offset in range(every):
            at = centres + offset - self.first
            inside = (at >= 0) & (at < len(self._mean))
            self._probabilities[at[inside]] = probabilities[inside]

    def trim(self, first: int) -> None:
        """Forget all bins before ``first``, and pressures 10 s before it."""
        if self.first is None or first <= self.first:
            return
        cut = min(first - self.first, len(self._mean))
        self._mean, self._spread = self._mean[cut:], self._spread[cut:]
        self._hole, self._probabilities = self._hole[cut:], self._probabilities[cut:]
        self.first += cut
        self._pressures = [item for item in self._pressures if item[0] >= self.first - 100]

    def clear(self) -> None:
        """Forget the bins."""
        self.first = None
        self._mean, self._spread = np.empty((0, 3)), np.empty(0)
        self._hole, self._probabilities = np.empty(0, dtype=np.bool_), np.empty((0, self._labels))

    def forget_pressures(self) -> None:
        """Forget the pressures."""
        self._pressures = []

    def view(self, end: int | None = None) -> View:
        """Return the bins before ``end``."""
        first = self.first or 0
        size = len(self._mean) if end is None else max(0, min(end - first, len(self._mean)))
        return View(first, self._mean[:size], self._spread[:size], self._hole[:size], self._probabilities[:size])

    def altitudes(self, start: float, end: float) -> Array:
        """Return (n, 2): bin and altitude of the pressures in [start, end), in time order, lonely spikes removed."""
        found = np.array(sorted(item for item in self._pressures if start <= item[0] < end)).reshape(-1, 2)
        if len(found) >= FROZEN and not np.ptp(found[:, 1]):
            return found[:0]  # a sensor that stands still tells nothing
        if len(found) >= 5:
            near = np.stack([found[:-4, 1], found[1:-3, 1], found[2:-2, 1], found[3:-1, 1], found[4:, 1]])
            middle = np.median(near, axis=0)
            spike = np.abs(found[2:-2, 1] - middle) > 20.0  # m a second: no lift
            found = np.delete(found, np.flatnonzero(spike) + 2, axis=0)
        return found

    def _bridge(self, begin: int) -> None:
        for axis in range(3):
            values = self._mean[begin:, axis]
            known = np.isfinite(values)
            if known.any() and not known.all():
                at = np.arange(len(values))
                values[~known] = np.interp(at[~known], at[known], values[known])
        self._mean[~np.isfinite(self._mean)] = 0.0

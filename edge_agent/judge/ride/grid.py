"""Bring samples that arrive in any order and at any rate onto bins of 100 ms, each once."""

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Times = NDArray[np.int64]

BIN_US = 100_000  # a lift's motion ends below 2 Hz; the slowest box gives one sample in each bin
FAR_BINS = 3_000_000  # 3.5 days: further apart no two samples of one block are averaged together
AXES = 3


class Bins(msgspec.Struct, frozen=True):
    """Consecutive bins."""

    first: int  # number of the first bin: its start in µs / BIN_US
    mean: Array  # (n, 3) m/s², NaN where nothing came
    spread: Array  # (n,) standard deviation inside the bin over all axes, m/s²
    count: Array  # (n,) samples


class Grid:
    """Holds the samples of the bins that are not complete yet: at most ``late_us`` and one block."""

    def __init__(self, *, late_us: int) -> None:
        self.late = 0  # samples that came after their bin was handed over
        self.unusable = 0  # samples without a finite number
        self._late = -(-late_us // BIN_US)
        self._next: int | None = None  # first bin that was not handed over
        self._newest: int | None = None
        self._times: list[Times] = []
        self._axes: list[Array] = []

    @property
    def newest_us(self) -> int | None:
        """The end of the newest bin in which a sample fell."""
        return None if self._newest is None else (self._newest + 1) * BIN_US

    def take(self, t_us: Times, axes: Array) -> None:
        """Hold samples (n, 3)."""
        good = np.asarray(np.isfinite(axes).any(axis=1))
        self.unusable += int((~good).sum())
        bins = t_us // BIN_US
        if self._next is not None:
            fresh = bins >= self._next
            self.late += int((good & ~fresh).sum())
            good &= fresh
        if not good.any():
            return
        self._times.append(bins[good])
        self._axes.append(axes[good])
        newest = int(bins[good].max())
        self._newest = newest if self._newest is None else max(newest, self._newest)

    def complete(self, *, everything: bool = False) -> Bins | None:
        """Return the bins that no sample in time can change any more, None when there are none."""
        if self._newest is None or not self._times:
            return None
        end = self._newest + 1 if everything else self._newest - self._late
        bins, axes = np.concatenate(self._times), np.concatenate(self._axes)
        first = int(bins.min()) if self._next is None else self._next
        if end <= first:
            self._times, self._axes = [bins], [axes]
            return None
        done = bins < end
        self._times, self._axes = [bins[~done]], [axes[~done]]
        self._next = end
        return _average(first, end - first, bins[done] - first, axes[done])

    def restart(self) -> None:
        """Forget all samples: the clock jumped."""
        self._next = self._newest = None
        self._times, self._axes = [], []


def _average(first: int, size: int, at: Times, axes: Array) -> Bins:
    """Return means and spreads; each axis on its own, because some sensors give each at times of its own."""
    mean = np.full((size, AXES), np.nan)
    variance = np.zeros(size)
    for axis in range(AXES):
        seen = np.isfinite(axes[:, axis])
        where, values = at[seen], axes[seen, axis]
        count = np.bincount(where, minlength=size)
        with np.errstate(invalid="ignore"):
            mean[:, axis] = np.bincount(where, weights=values, minlength=size) / count
        off = values - mean[where, axis]
        variance += np.bincount(where, weights=off * off, minlength=size) / np.maximum(count, 1)
    return Bins(first, mean, np.sqrt(variance), np.bincount(at, minlength=size).astype(np.float64))

"""Whether a box's acceleration can be right at all."""

from collections.abc import Iterable

import numpy as np

from edge_agent.judge.ride.grid import BIN_US, Array, Times
from edge_agent.judge.ride.state import Fault

SAME_S = 15.0  # a coarse sensor may give the same numbers for seconds; less than `stay`, so that it is never a stuck
CLIPPED = 0.1  # of the samples of CLIPPED_S: a slam clips two or three
CLIPPED_S = 3
CLIPPED_TIMES = 5
CLIPPED_LEAST = 15.0  # m/s²: less is no sensor's range
RATES_HZ = (4.5, 1000.0)  # a dead stop falls between the samples of a slower one
GRAVITY_RANGE = (8.3, 11.3)  # m/s²: a cheap sensor's scale and offset errors together
OVER_S = 5.0  # a fault is over after so long without it
HISTORY_S = 10.0


class Checks:
    """Looks at blocks as they come; bounded memory."""

    def __init__(self) -> None:
        self._last: tuple[float, ...] | None = None
        self._same_since_us: int | None = None
        self._extreme = CLIPPED_LEAST
        self._clips: list[tuple[int, int, int]] = []  # end of a block, samples, those at the extreme
        self._seen_us: dict[Fault, int] = {}
        self._counts: dict[int, int] = {}  # second → samples in it

    def take(self, t_us: Times, axes: Array) -> None:
        """Look at a block of complete samples in time order."""
        if not len(t_us):
            return
        now_us = int(t_us[-1])
        if self._is_frozen(t_us, axes):
            self._seen_us[Fault.FROZEN] = now_us
        if self._is_saturated(t_us, axes):
            self._seen_us[Fault.SATURATED] = now_us
        if not self._rate_is_right(t_us):
            self._seen_us[Fault.RATE] = now_us

    def level(self, gravity: float, t_us: int) -> None:
        """Look at what the box feels at rest."""
        if not GRAVITY_RANGE[0] <= gravity <= GRAVITY_RANGE[1]:
            self._seen_us[Fault.GRAVITY] = t_us

    def jumped(self, t_us: int, *, back: bool) -> None:
        """Take note of a long gap, or that the clock went back."""
        self._seen_us = dict.fromkeys(self._seen_us, t_us)
        if back:
            self._seen_us[Fault.CLOCK] = t_us
        self._clips = []
        self._same_since_us = None
        self._counts = {}

    def faults(self, t_us: int) -> tuple[Fault, ...]:
        """Return what is wrong at ``t_us``."""
        self._seen_us = {fault: seen for fault, seen in self._seen_us.items() if t_us - seen < OVER_S * 1e6}
        return tuple(sorted(self._seen_us))

    def _is_frozen(self, t_us: Times, axes: Array) -> bool:
        changes = np.flatnonzero((axes[1:] != axes[:-1]).any(axis=1))
        first = tuple(axes[0].tolist())
        if changes.size:
            self._same_since_us = int(t_us[changes[-1] + 1])
        elif self._last != first or self._same_since_us is None:
            self._same_since_us = int(t_us[0])
        self._last = tuple(axes[-1].tolist())
        return int(t_us[-1]) - self._same_since_us > SAME_S * 1e6

    def _is_saturated(self, t_us: Times, axes: Array) -> bool:
        """Judge by how often the greatest number ever seen comes again: an open range never repeats its extreme."""
        greatest = np.abs(axes).max(axis=1)
        raised = float(greatest.max()) > self._extreme
        self._extreme = max(self._extreme, float(greatest.max()))
        clipped = max(0, int((greatest >= self._extreme).sum()) - raised)
        self._clips.append((int(t_us[-1]), len(t_us), clipped))
        start_us = int(t_us[-1]) - CLIPPED_S * 1_000_000
        self._clips = [clip for clip in self._clips if clip[0] > start_us]
        samples, again = sum(clip[1] for clip in self._clips), sum(clip[2] for clip in self._clips)
        return self._extreme > CLIPPED_LEAST and again >= CLIPPED_TIMES and again > CLIPPED * samples

    def _rate_is_right(self, t_us: Times) -> bool:
        """Judge full seconds only, the median of the last ones: a gap is no rate."""
        for second, count in _by_second(t_us):
            self._counts[second] = self._counts.get(second, 0) + count
        latest = max(self._counts)
        self._counts = {second: count for second, count in self._counts.items() if second > latest - HISTORY_S}
        ends = (min(self._counts), latest)
        full = [count for second, count in self._counts.items() if second not in ends]
        if len(full) < 5:
            return True
        return RATES_HZ[0] <= float(np.median(full)) <= RATES_HZ[1]


def _by_second(t_us: Times) -> Iterable[tuple[int, int]]:
    seconds, counts = np.unique(t_us // (10 * BIN_US), return_counts=True)
    return zip(seconds.tolist(), counts.tolist(), strict=True)

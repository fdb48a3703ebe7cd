"""Watch one box's signal for what a broken box does: stands still, hits the range, keeps another rate, restarts."""

from collections import deque

import numpy as np

from edge_agent.sources.box.messages import Raw

FROZEN_S = 3.0  # a sensor finer than 1 mg never gives one number so long: its noise is greater than a step
FROZEN_COARSE_S = 60.0  # of a coarser one; a parked car at night may be that quiet for a while
FINE_LSB = 1000  # per g
CLIP_SHARE = 0.05  # of the samples of CLIP_S; a shock clips a few, a broken or turned-down sensor many
CLIP_S = 5.0
CLOCK_JUMP_S = 1.0  # between two frames the box's clock and its count part by more: one of them jumped
CLOCK_JUMP_SHARE = 0.2
CLOCK_S = 5.0  # over which clock and count are compared
RATE_S = 30.0  # long enough that a delay of a second is less than RATE_SHARE
RATE_SHARE = 0.05  # far from any crystal's error, near enough for heights within their tolerance
RATE_EVERY_S = 10.0
RATE_TIMES = 2  # in succession
RESTARTS = 3  # in RESTART_S
RESTART_S = 60.0
FRESH_S = 30.0  # how long a loss or a jump is told


class Stillness:
    """How long all three axes have given the same numbers."""

    def __init__(self, rate_hz: float, lsb_per_g: int) -> None:
        self._limit = rate_hz * (FROZEN_S if lsb_per_g >= FINE_LSB else FROZEN_COARSE_S)
        self.count = 0  # samples at the end that are the same
        self._last: bytes = b""

    def take(self, raw: Raw) -> bool:
        """Return whether the sensor stands still at the end of ``raw``."""
        moving = np.flatnonzero((raw[1:] != raw[:-1]).any(axis=1))
        if moving.size or raw[0].tobytes() != self._last:
            self.count = len(raw) - (int(moving[-1]) + 1 if moving.size else 0)
        else:
            self.count += len(raw)
        self._last = raw[-1].tobytes()
        return self.count >= self._limit


class Clipping:
    """How many of the latest samples are at the end of the range."""

    def __init__(self, rate_hz: float, full_scale: int) -> None:
        self._full = full_scale
        self._size = int(CLIP_S * rate_hz)
        self._blocks: deque[tuple[int, int]] = deque()  # samples, clipped ones
        self._samples = 0
        self._clipped = 0

    def take(self, raw: Raw) -> bool:
        """Return whether too many are."""
        clipped = int((np.abs(raw.astype(np.int32)) >= self._full).any(axis=1).sum())
        self._blocks.append((len(raw), clipped))
        self._samples += len(raw)
        self._clipped += clipped
        while self._samples - self._blocks[0][0] >= self._size:
            samples, gone = self._blocks.popleft()
            self._samples -= samples
            self._clipped -= gone
        return self._clipped > CLIP_SHARE * self._size


class BoxClock:
    """The box's own clock beside its count of samples: it tells at once when the rate is not what the box says."""

    def __init__(self, period_us: float) -> None:
        self.is_wrong: bool | None = None  # whether clock and count go at different rates; None: not measured yet
        self._period_ms = period_us / 1000
        self._last: tuple[int, int] | None = None  # index, clock
        self._counted_ms = 0.0
        self._passed_ms = 0
        self._parted = 0  # jumps in succession: no clock, but a count that is far off

    def take(self, index: int, clock_ms: int) -> bool:
        """Take note of a frame; return whether the clock jumped against the count."""
        last, self._last = self._last, (index, clock_ms)
        if last is None:
            return False
        counted_ms = (index - last[0]) * self._period_ms
        passed_ms = (clock_ms - last[1] + (1 << 31)) % (1 << 32) - (1 << 31)
        if abs(passed_ms - counted_ms) > max(CLOCK_JUMP_S * 1000, CLOCK_JUMP_SHARE * counted_ms):
            self._parted += 1
            self.is_wrong = True if self._parted >= RESTARTS else self.is_wrong
            return True
        self._counted_ms += counted_ms
        self._passed_ms += passed_ms
        if self._counted_ms >= CLOCK_S * 1000:
            self.is_wrong = abs(self._passed_ms / self._counted_ms - 1) > RATE_SHARE
            self._counted_ms, self._passed_ms, self._parted = 0.0, 0, 0
        return False


class Rate:
    """Whether samples come as often as the box says, measured by the agent's clock over RATE_S."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._marks: deque[tuple[int, int]] = deque()  # index, arrival in µs
        self._wrong = 0
        self.is_wrong = False

    def take(self, index: int, now_us: int) -> None:
        """Take note of an arrival."""
        if self._marks and now_us - self._marks[-1][1] < RATE_EVERY_S * 1e6:
            return
        self._marks.append((index, now_us))
        while now_us - self._marks[0][1] > 1.5 * RATE_S * 1e6:
            self._marks.popleft()
        first, then_us = self._marks[0]
        if now_us - then_us < RATE_S * 1e6:
            return
        measured_hz = (index - first) * 1e6 / (now_us - then_us)
        off = abs(measured_hz / self._rate_hz - 1) > RATE_SHARE
        self._wrong = self._wrong + 1 if off else 0
        self.is_wrong = self._wrong >= RATE_TIMES

    def shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set."""
        self._marks = deque((index, t_us + step_us) for index, t_us in self._marks)

    def forget(self) -> None:
        """Begin anew: the count did, too. What was wrong stays so until it is measured again."""
        self._marks.clear()


class Recent:
    """Whether something happened ``times`` times within the last ``within_s``."""

    def __init__(self, *, times: int = 1, within_s: float = FRESH_S) -> None:
        self.total = 0
        self._times = times
        self._within_us = within_s * 1e6
        self._at_us: deque[int] = deque(maxlen=times)

    def happened(self, now_us: int, count: int = 1) -> None:
        """Take note that it did, ``count`` times."""
        self.total += count
        self._at_us.extend([now_us] * min(count, self._times))

    def holds(self, now_us: int) -> bool:
        """Return whether it did."""
        return len(self._at_us) == self._times and 0 <= now_us - self._at_us[0] <= self._within_us

    def shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set."""
        self._at_us = deque((t_us + step_us for t_us in self._at_us), maxlen=self._times)

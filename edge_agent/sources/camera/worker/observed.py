"""Seconds of the last minute in which a zone was seen: "not seen" must never look like "nothing there"."""

from collections import deque

MINUTE_US = 60_000_000
GAP_US = 2_000_000  # between two looks; what lies between is not counted when it is more


class Observed:
    """Of one zone. Times are city microseconds that do not go back."""

    def __init__(self, *, gap_us: int = GAP_US) -> None:
        self._gap_us = gap_us
        self._spans: deque[list[int]] = deque()  # [from, to] of unbroken seeing, within the last minute
        self._last_us: int | None = None  # of the last look that saw

    def take(self, t_us: int, *, seen: bool) -> None:
        """Take in a look."""
        if not seen:
            self._last_us = None
            return
        if self._last_us is not None and 0 <= t_us - self._last_us <= self._gap_us:
            self._spans[-1][1] = t_us
        else:
            self._spans.append([t_us, t_us])
        self._last_us = t_us
        self._forget(t_us)

    def seconds(self, t_us: int) -> float:
        """Return how many of the 60 s before ``t_us`` were seen."""
        self._forget(t_us)
        start_us = t_us - MINUTE_US
        return min(60.0, sum(max(0, to - max(since, start_us)) for since, to in self._spans) / 1e6)

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._spans = deque([since + step_us, to + step_us] for since, to in self._spans)
        self._last_us = None if self._last_us is None else self._last_us + step_us

    def _forget(self, t_us: int) -> None:
        while self._spans and self._spans[0][1] < t_us - MINUTE_US:
            self._spans.popleft()
        if not self._spans:
            self._last_us = None

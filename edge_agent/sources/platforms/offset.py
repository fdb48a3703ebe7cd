"""Estimate how far a network server's clock is behind ours: nothing arrives before it was sent, and delays vary."""

from collections import deque
from enum import StrEnum

WINDOW = 8  # messages that must agree
STEADY_US = 5_000_000  # city; a lag that varies more than this is a delay and no clock
LEAST_US = 5_000_000  # city; a lag below this is the way of an uplink
SLACK_US = 1_000_000  # city; so much less than the estimate a lag may be


class ClockReason(StrEnum):
    """What became of a network server's clock."""

    BEHIND = "behind"
    RIGHT_AGAIN = "right_again"


class Offset:
    """The clock of one network server."""

    def __init__(self) -> None:
        self.us = 0  # to be added to its times
        self._lags: deque[int] = deque(maxlen=WINDOW)

    def take(self, t_us: int, arrival_us: int) -> ClockReason | None:
        """Learn from a message that came in order; return what has changed."""
        lag = arrival_us - t_us
        if self.us and lag < self.us - SLACK_US:
            self.us = 0
            self._lags.clear()
            return ClockReason.RIGHT_AGAIN
        self._lags.append(lag)
        low, high = min(self._lags), max(self._lags)
        if len(self._lags) == WINDOW and high - low <= STEADY_US and low - self.us >= LEAST_US:
            self.us = low
            return ClockReason.BEHIND
        return None

    def right(self, t_us: int, arrival_us: int) -> int:
        """Return a time of that clock by ours; what is ahead of its arrival was observed then at the latest."""
        return min(t_us + self.us, arrival_us)

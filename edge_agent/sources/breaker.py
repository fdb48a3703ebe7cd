"""Decide when a slave that does not answer is asked again, so that the others on its line keep their time."""

from enum import StrEnum


class Standing(StrEnum):
    """What a breaker says about its slave."""

    GOOD = "good"  # answered last time, or was never asked
    DOUBTFUL = "doubtful"  # failed, not yet often enough
    OPEN = "open"  # only probed


class Breaker:
    """Opens after ``after`` failures in a row, closes at the first good answer; times are real seconds."""

    def __init__(self, *, after: int, probe_s: float) -> None:
        self.probe_s = probe_s  # between two probes
        self.next_s = 0.0  # when the next probe is due
        self.heard = False  # a byte came late or broken the last time: a slow slave rather than a dead one
        self._after = after
        self._failures = 0

    @property
    def standing(self) -> Standing:
        """How the slave stands."""
        if self._failures == 0:
            return Standing.GOOD
        return Standing.OPEN if self._failures >= self._after else Standing.DOUBTFUL

    def due(self, now_s: float) -> bool:
        """Return whether the breaker is open and its slave is to be probed."""
        return self.standing is Standing.OPEN and now_s >= self.next_s

    def good(self) -> None:
        """Take note of an answer."""
        self._failures = 0
        self.heard = False

    def bad(self, now_s: float, *, heard: bool) -> None:
        """Take note of a failure."""
        self._failures += 1
        self.heard = heard
        self.next_s = now_s + self.probe_s

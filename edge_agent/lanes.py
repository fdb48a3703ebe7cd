"""Which lane goes first, how much of each may be on its way, and when readings become backlog."""

from collections.abc import Mapping

from device_profiles.wire import Lane

SENDING_ORDER: tuple[Lane, ...] = ("event", "result", "status", "reading", "backlog")
WINDOWS: Mapping[Lane, int] = {"event": 200, "result": 50, "status": 50, "reading": 500, "backlog": 50}  # packs
PROTECTED: frozenset[Lane] = frozenset({"event", "result", "status"})  # never evicted, committed at once
EVICTION_ORDER: tuple[Lane, ...] = ("backlog", "reading")


class LaneChoice:
    """Where new readings go: to the reading lane, until it holds more than its window; back when under half."""

    def __init__(self, window: int = WINDOWS["reading"]) -> None:
        self._window = window
        self._lane: Lane = "reading"

    def choose(self, depth: int) -> Lane:
        """Return the lane, given how many packs of the reading lane are not receipted."""
        if depth > self._window:
            self._lane = "backlog"
        elif depth < self._window / 2:
            self._lane = "reading"
        return self._lane

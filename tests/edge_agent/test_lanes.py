"""Lanes: what goes first, and when readings become backlog."""

from device_profiles.wire import LANES
from edge_agent.lanes import EVICTION_ORDER, PROTECTED, SENDING_ORDER, WINDOWS, LaneChoice


def test_every_lane_has_a_place() -> None:
    """In sending, in its window, and in being kept or evicted."""
    assert set(SENDING_ORDER) == set(WINDOWS) == set(LANES) == PROTECTED | set(EVICTION_ORDER)
    assert SENDING_ORDER[0] == "event"


def test_readings_become_backlog_with_hysteresis() -> None:
    """Over the window aside, back under half of it."""
    choice = LaneChoice(10)
    lanes = [choice.choose(depth) for depth in (0, 10, 11, 8, 5, 4, 10, 11)]
    assert lanes == ["reading", "reading", "backlog", "backlog", "backlog", "reading", "reading", "backlog"]

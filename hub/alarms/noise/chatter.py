"""Chattering: three transitions within a minute make one alarm, until it has been calm for as long."""

from hub.alarms.rows import Occurrence
from hub.alarms.transitions import Alarm, Reason

CHATTER_US = 60_000_000  # DOMAIN.md, 5: 3 transitions in 60 s
_TURNS = 3
# Ends that come at once; a clear condition waits by its own timer instead (conditions.py).
_SUDDEN = frozenset({Reason.CLEAR_EVENT, Reason.BACK, Reason.BIRTH})


def note_turn(occurrence: Occurrence, now_us: int) -> None:
    """Remember that the alarm was raised or cleared."""
    recent = [t_us for t_us in occurrence.turns if 0 <= now_us - t_us < CHATTER_US]
    occurrence.turns = [*recent, now_us][-_TURNS:]


def chatters(occurrence: Occurrence, now_us: int) -> bool:
    """Return whether raising it now would be its third turn within a minute.

    Life-safety never chatters: who was freed and is trapped again is another call.
    """
    if occurrence.alarm is None or occurrence.alarm.severity == "life":
        return False
    recent = [t_us for t_us in occurrence.turns if 0 <= now_us - t_us < CHATTER_US]
    return len(recent) >= _TURNS - 1


def holds_back(alarm: Alarm, reason: Reason) -> bool:
    """Return whether the end of an alarm waits until it has been calm."""
    return alarm.chattering and reason in _SUDDEN


def clear_us(alarm: Alarm, length_us: int) -> int:
    """Return how long the clear condition must hold."""
    return max(length_us, CHATTER_US) if alarm.chattering else length_us

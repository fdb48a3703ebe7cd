"""What the hub says of itself becomes an alarm, by a record like any other."""

import msgspec

from hub.alarms.transitions import Reason, Refusal, Transition
from hub.alarms.words import RECEIVER_DEAD, receiver_subject, receiver_word
from tests.hub.alarms.scene import Scene, us


def test_a_dead_receiver_is_an_alarm_until_it_is_told_again() -> None:
    """Said twice it is raised once; it is about no agent; a new occurrence names the last."""
    scene = Scene()
    (raised,) = _say(scene, dead=True)
    alarm = raised.alarm
    assert (raised.reason, alarm.rule, alarm.severity) == (Reason.UNDELIVERED, RECEIVER_DEAD, "critical")
    assert (alarm.subject, alarm.area, alarm.agent, alarm.device) == ("receiver:ops", "hub/x/receivers", "", "")
    assert _say(scene, dead=True) == []
    (cleared,) = _say(scene, dead=False)
    assert (cleared.reason, cleared.alarm.open, cleared.alarm.id) == (Reason.DELIVERED, False, alarm.id)
    assert _say(scene, dead=False) == []
    (again,) = _say(scene, dead=True)
    assert again.alarm.previous == alarm.id


def test_a_word_that_nobody_knows_changes_nothing() -> None:
    """Neither a rule of later versions, nor a subject that a device could have, nor garbage."""
    scene = Scene()
    before = scene.state.hub.refused.get(Refusal.BODY_UNREADABLE, 0)
    body = {"rule": "hub.tired", "subject": "hub:x", "area": "hub/x/y", "holds": True}
    for wrong in (body, body | {"rule": RECEIVER_DEAD, "subject": "hz/x/y/lift-1"}, {}):
        assert scene.record("word", 1, msgspec.json.encode(wrong)) == []
    assert scene.state.hub.refused[Refusal.BODY_UNREADABLE] - before == 3
    assert receiver_subject("ops") == "receiver:ops"


def _say(scene: Scene, *, dead: bool) -> list[Transition]:
    at_s = 100 * scene.offset  # far enough apart not to chatter
    row = receiver_word("ops", hub="x", dead=dead, detail="not told for 1h", now_us=us(at_s))
    return scene.record(row.kind, at_s, row.body)

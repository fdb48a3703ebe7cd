"""What people do about alarms."""

import pytest

from hub.alarms.transitions import Refusal
from tests.hub.alarms.scene import LIFT, Scene


def test_an_ack_sets_the_flag_once() -> None:
    """The second acknowledgement is refused; an alarm that has ended may still be acknowledged."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 1)
    (acked,) = scene.act("ack", at_s=2, rule="lift.entrapment", subject=LIFT)
    assert (acked.kind, acked.alarm.acknowledged, acked.alarm.open) == ("acked", True, True)
    assert scene.act("ack", at_s=3, rule="lift.entrapment", subject=LIFT) == []
    scene.event("lift.stuck_empty", 4)
    scene.event("lift.released", 5)
    (acked,) = scene.act("ack", at_s=6, rule="lift.out_of_order", subject=LIFT)
    assert (acked.alarm.acknowledged, acked.alarm.open) == (True, False)
    assert scene.state.hub.refused == {Refusal.ACT_REPEATED: 1}


def test_a_close_ends_any_open_alarm() -> None:
    """Also one that facts could clear; the next event of the edge opens a new occurrence."""
    scene = Scene()
    (raised,) = scene.event("lift.stuck_occupied", 1)
    (closed,) = scene.act("close", at_s=2, alarm=raised.alarm.id, subject="")
    assert (closed.kind, closed.alarm.id, closed.alarm.open) == ("closed", raised.alarm.id, False)
    (again,) = scene.event("lift.stuck_occupied", 3)
    assert again.alarm.previous == raised.alarm.id


def test_an_act_that_names_an_id_never_ends_a_newer_occurrence() -> None:
    """A slow operator closes what was on the screen, not what has come since."""
    scene = Scene()
    (first,) = scene.event("lift.stuck_occupied", 1)
    scene.event("lift.released", 2)
    scene.event("lift.stuck_occupied", 3)
    assert scene.act("close", at_s=4, rule="lift.entrapment", subject=LIFT, alarm=first.alarm.id) == []
    assert scene.state.hub.refused == {Refusal.ACT_WITHOUT_ALARM: 1}
    assert scene.alarm("lift.entrapment", LIFT) is not None


def test_what_is_no_act_is_counted() -> None:
    """Unknown acts, and acts that name nothing, change nothing."""
    scene = Scene()
    assert scene.act("explode", at_s=1, rule="lift.entrapment", subject=LIFT) == []
    assert scene.act("close", at_s=1) == []
    assert scene.act("close", at_s=1, rule="lift.entrapment", subject=LIFT) == []
    assert scene.state.hub.refused == {Refusal.ACT_UNKNOWN: 2, Refusal.ACT_WITHOUT_ALARM: 1}


def test_a_closed_silence_is_told_again_only_after_the_device_was_back() -> None:
    """While it stays silent the person knows it already."""
    scene = Scene()
    scene.cover(1, tilt_deg=0)
    scene.ticks(0, 20)
    scene.act("close", at_s=21, rule="device.silent")
    assert scene.ticks(22, 60) == []
    scene.beat(61)
    assert [t.alarm.rule for t in scene.ticks(62, 90)] == ["device.silent"]


@pytest.mark.parametrize("more", [{"for_us": 0}, {"for_us": -1}, {"for_us": 2**64}, {"eta_us": 2**64}])
def test_nobody_has_an_alarm_for_no_time_or_for_ever(more: dict[str, int]) -> None:
    """An alarm that reminds until somebody has it would remind nobody any more, and no list could write until when."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 1)
    assert scene.act("ack", at_s=2, rule="lift.entrapment", subject=LIFT, **more) == []
    assert set(scene.state.hub.refused) == {Refusal.ACT_TOO_LONG}


def test_nothing_was_done_before_time_began() -> None:
    """A time that no calendar has would come out of every list and channel."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 1)
    (made,) = scene.act("close", at_s=2, rule="lift.entrapment", subject=LIFT, t_us=-(2**63))
    assert made.t_fact_us == 0

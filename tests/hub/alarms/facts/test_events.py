"""Late, doubled and overtaken events (ALARMS.md, 12)."""

from hub.alarms.transitions import Reason, Refusal
from tests.hub.alarms.scene import LIFT, Scene, said, us


def test_rule_11_an_event_of_the_future_alarms_at_the_hubs_time() -> None:
    """The time is not believed, the event is: no alarm is lost to a wrong clock."""
    scene = Scene()
    (raised,) = scene.event("lift.stuck_occupied", 4000, got_s=10)
    assert raised.t_fact_us == us(10)
    assert raised.alarm.sounded
    assert scene.state.hub.refused[Refusal.TIME_IN_FUTURE] == 1


def test_rule_12_a_late_event_opens_and_an_old_one_does_not_sound() -> None:
    """From whatever lane, an event opens its alarm; older than five minutes it is recorded only."""
    scene = Scene()
    (raised,) = scene.event("lift.stuck_occupied", 10, got_s=300, lane="backlog")
    assert (raised.alarm.sounded, raised.reason) == (True, Reason.EVENT)
    other = Scene()
    (raised,) = other.event("lift.stuck_occupied", 10, got_s=311)
    assert (raised.alarm.sounded, raised.reason) == (False, Reason.EVENT_LATE)
    (sounded,) = other.event("lift.stuck_occupied", 320)
    assert (sounded.kind, sounded.alarm.sounded, sounded.alarm.id) == ("sounded", True, raised.alarm.id)


def test_rule_12_an_event_before_the_last_clear_joins_that_occurrence() -> None:
    """It is recorded in the history of the alarm that ended; one at the clear's own time opens a new one."""
    scene = Scene()
    (raised,) = scene.event("lift.stuck_occupied", 10)
    scene.event("lift.released", 50)
    (joined,) = scene.event("lift.stuck_occupied", 49, got_s=60)
    assert (joined.kind, joined.reason) == ("joined", Reason.EVENT_BEFORE_CLEAR)
    assert joined.alarm.id == raised.alarm.id
    assert not joined.alarm.open
    (again,) = scene.event("lift.stuck_occupied", 50, got_s=61)
    assert (again.kind, again.alarm.previous) == ("raised", raised.alarm.id)


def test_rule_12_an_event_of_an_open_alarm_joins_it() -> None:
    """One open alarm for a rule and a subject: the next event is history."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 10)
    (joined,) = scene.event("lift.stuck_occupied", 20)
    assert (joined.kind, joined.reason) == ("joined", Reason.EVENT_AGAIN)
    (joined,) = scene.event("lift.released", 15, got_s=21)
    assert (joined.kind, joined.reason) == ("joined", Reason.CLEAR_BEFORE_EVENT)
    assert said(scene.event("lift.released", 22)) == [("cleared", "lift.entrapment", 22)]


def test_rule_12_an_event_overtaken_by_its_clear_opens_and_ends() -> None:
    """The release came first: the occurrence is recorded whole, and nothing stays open."""
    scene = Scene()
    scene.event("lift.released", 30)
    made = scene.event("lift.stuck_occupied", 20, got_s=31)
    assert said(made) == [("raised", "lift.entrapment", 20), ("cleared", "lift.entrapment", 30)]
    assert made[0].reason is Reason.EVENT_OVERTAKEN
    assert scene.alarm("lift.entrapment", LIFT) is None

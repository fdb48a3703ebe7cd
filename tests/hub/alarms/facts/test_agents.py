"""Cloned cards, restored backups, wills and births."""

from device_profiles.wire import Binding, Event, Reading, Status
from hub.alarms.transitions import Reason, Refusal
from tests.hub.alarms.scene import AGENT, BOUND, COVER, LIFT, Scene, said, us


def test_a_will_raises_offline_at_its_arrival_and_a_birth_clears_it() -> None:
    """The will was written when the session began: its alarm has the time at which the broker sent it."""
    scene = Scene()
    (raised,) = scene.will(at_s=50)
    assert said([raised]) == [("raised", "agent.offline", 50)]
    assert (raised.alarm.subject, raised.alarm.device, raised.alarm.severity) == (AGENT, "", "major")
    assert scene.will(at_s=51) == []
    assert said(scene.birth(at_s=60)) == [("cleared", "agent.offline", 60)]


def test_a_will_of_an_older_session_is_ignored() -> None:
    """It comes after the birth of the session that replaced it."""
    scene = Scene()
    scene.birth(at_s=10, epoch=8)
    assert scene.will(at_s=11, epoch=7) == []
    assert said(scene.will(at_s=12, epoch=8)) == [("raised", "agent.offline", 12)]


def test_a_farewell_has_its_own_time() -> None:
    """An agent that stops says so in a pack of its own."""
    scene = Scene()
    (raised,) = scene.pack(Status(us(20), 7, False), at_s=22, lane="status")
    assert (raised.t_fact_us, raised.reason) == (us(20), Reason.FAREWELL)


def test_invariant_09_a_lower_epoch_on_the_same_lane_is_a_restored_backup() -> None:
    """Each lane for itself, resent packs by the session that sends them; raised once until a person closes it."""
    scene = Scene()
    scene.cover(1, tilt_deg=0)
    scene.birth(at_s=2, epoch=9)
    assert scene.cover(3, tilt_deg=0) == []  # the reading lane may still bring the old session's packs
    event = Event("cover-1", us(4), "cover.shut", "info")
    assert scene.pack(event, at_s=4, lane="status", epoch=7, resent_in=9) == []
    (raised,) = scene.birth(at_s=5, epoch=7)
    assert (raised.alarm.rule, raised.alarm.subject, raised.alarm.latched) == ("agent.epoch_back", AGENT, True)
    assert scene.birth(at_s=6, epoch=7) == []
    scene.act("close", at_s=7, rule="agent.epoch_back", subject=AGENT)
    assert scene.birth(at_s=8, epoch=7) == []
    assert scene.cover(9, tilt_deg=61)[0].alarm.rule == "cover.gone"


def test_a_life_alarm_of_a_suspected_agent_is_raised_all_the_same() -> None:
    """Whoever is cloned: somebody may be trapped."""
    scene = Scene()
    scene.event("lift.released", 1, epoch=9)
    made = scene.event("lift.stuck_occupied", 2, epoch=7)
    assert [t.alarm.rule for t in made] == ["agent.epoch_back", "lift.entrapment"]


def test_invariant_09_another_boot_id_in_the_same_epoch_is_a_clone() -> None:
    """An empty boot id says nothing; a resent pack carries the id of its own start."""
    scene = Scene()
    assert scene.birth(at_s=1, boot="") == []
    old = Event("x", us(2), "cover.shut", "info")
    assert scene.pack(old, at_s=2, boot="old", epoch=6, resent_in=7, lane="event") == []
    (raised,) = scene.birth(at_s=3, boot="other")
    assert (raised.alarm.rule, raised.reason) == ("agent.two_sessions", Reason.TWO_SESSIONS)
    assert scene.birth(at_s=4, boot="other") == []
    scene.act("close", at_s=5, rule="agent.two_sessions", subject=AGENT)
    assert scene.birth(at_s=6, boot="other") == []
    assert scene.birth(at_s=7)[0].alarm.previous == raised.alarm.id


def test_an_event_before_any_birth_alarms_by_its_kind() -> None:
    """A life alarm waits for no birth: every profile is asked, and the alarm clears by the profile that answered."""
    scene = Scene(born=False)
    (raised,) = scene.event("lift.stuck_occupied", 1)
    assert (raised.alarm.rule, raised.alarm.subject, raised.alarm.severity) == ("lift.entrapment", LIFT, "life")
    assert said(scene.event("lift.released", 2)) == [("cleared", "lift.entrapment", 2)]


def test_a_bound_device_answers_by_its_own_profile_only() -> None:
    """A manhole cover cannot trap anybody; a device of a kind unknown to the hub is treated as unbound."""
    scene = Scene()
    assert scene.event("lift.stuck_occupied", 1, device="cover-1") == []
    scene.birth(at_s=2, devices=(Binding("cover-1", "unheard_of"),))
    assert [t.alarm.subject for t in scene.event("lift.stuck_occupied", 3, device="cover-1")] == [COVER]


def test_readings_before_the_birth_count_from_it() -> None:
    """Values wait for their profile; at the birth the condition is weighed at the device's own time."""
    scene = Scene(born=False)
    assert scene.cover(5, tilt_deg=61, water_level_m=2) == []
    assert said(scene.birth(at_s=8)) == [("raised", "cover.gone", 5)]
    assert said(scene.beat(30)) == [("raised", "cover.tilted", 7), ("raised", "cover.flooded", 25)]


def test_another_agent_cannot_speak_for_a_bound_device() -> None:
    """Its readings are refused and counted; once its birth binds the device, it speaks on its own clock."""
    scene = Scene()
    scene.cover(100, tilt_deg=0)
    scene.pack(Reading("cover-1", us(101), {"tilt_deg": 70}), at_s=101, agent="a-2")
    assert scene.state.hub.refused[Refusal.FOREIGN_DEVICE] == 1
    scene.birth(at_s=102, agent="a-2", devices=BOUND[:1])
    made = scene.pack(Reading("cover-1", us(90), {"tilt_deg": 70}), at_s=103, agent="a-2", sent_s=91)
    assert said(made) == [("raised", "cover.gone", 90)]
    assert scene.state.devices[COVER].agent.endswith("a-2")


def test_a_device_that_no_birth_names_any_more_is_not_called_silent() -> None:
    """Its alarm of silence clears; its other alarms stay."""
    scene = Scene()
    scene.cover(1, tilt_deg=61)
    scene.ticks(0, 20)
    made = scene.birth(at_s=21, devices=BOUND[1:])
    assert [(t.alarm.rule, t.kind, t.reason) for t in made] == [("device.silent", "cleared", Reason.UNBOUND)]
    assert scene.alarm("cover.gone") is not None
    assert scene.ticks(22, 60) == []

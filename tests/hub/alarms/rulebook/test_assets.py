"""Alarms of assets, by keys of several devices (ALARMS.md, 14)."""

import pytest

from device_profiles.wire import Binding, ClockState, ClockStep, Event, Heartbeat, Reading, Status
from hub.alarms.transitions import Reason, Transition
from tests.hub.alarms.scene import AREA, IN_ROAD, KEYED, ON_ROAD, ROAD, WELL, Scene, said, us


def road(*, texts: dict[str, str] = KEYED) -> Scene:
    """Return a road with a cover of one agent and two wells of another."""
    scene = Scene(born=False, texts=texts)
    scene.birth(at_s=0, devices=ON_ROAD)
    scene.birth(at_s=0, devices=IN_ROAD, agent="a-2")
    return scene


def beat(scene: Scene, at_s: float, *, got_s: float | None = None) -> list[Transition]:
    """Fold a heartbeat of each agent."""
    wells = Heartbeat(us(at_s), {"well-1": us(at_s), "well-2": us(at_s)})
    got_s = at_s if got_s is None else got_s
    return scene.beat(at_s, got_s=got_s) + scene.pack(wells, at_s=got_s, agent="a-2")


def of(made: list[Transition], rule: str) -> list[tuple[str, str, float]]:
    """Return what was said of one rule of the road."""
    return [each for each in said([t for t in made if t.alarm.subject == ROAD]) if each[1] == rule]


def test_rule_14_two_keys_within_the_window_raise_one_alarm() -> None:
    """The alarm is the asset's; it became true when the last needed key did, and a third key adds nothing."""
    scene = road()
    assert of(scene.cover(5, tilt_deg=20), "road.collapse") == []
    made = scene.well(9, 3)
    assert of(made, "road.collapse") == [("raised", "road.collapse", 9)]
    raised = next(t for t in made if t.alarm.rule == "road.collapse")
    assert (raised.reason, raised.detail) == (Reason.KEYS_AGREE, "cover, water")
    assert (raised.alarm.subject, raised.alarm.asset, raised.alarm.device) == (ROAD, "road-1", "")
    assert (raised.alarm.area, raised.alarm.severity, raised.alarm.latched) == (AREA, "life", True)
    later = scene.event("person.reported_hole", 10, device="well-1", agent="a-2")
    assert [(t.kind, t.reason) for t in later] == [("joined", Reason.EVENT_AGAIN)]


@pytest.mark.parametrize(("ended_s", "begun_s", "raised"), [(10, 20, True), (10, 20.000001, False), (10, 5, True)])
def test_rule_14_truths_that_have_ended_count_within_the_window(ended_s: float, begun_s: float, raised: bool) -> None:
    """The spans must come within the window of each other, both ends included, whichever is reported first."""
    scene = road()
    scene.cover(2, tilt_deg=20)
    scene.cover(ended_s, tilt_deg=0)
    made = scene.well(begun_s, 3, got_s=begun_s + 1)
    assert of(made, "road.collapse") == ([("raised", "road.collapse", begun_s)] if raised else [])


def test_rule_14_what_goes_on_is_known_up_to_now() -> None:
    """A cover that has not been heard lately is not held to be tilted still; its next word says so."""
    scene = road()
    scene.cover(2, tilt_deg=20)
    assert of(scene.well(13, 3), "road.collapse") == []
    assert of(scene.beat(14), "road.collapse") == [("raised", "road.collapse", 13)]


def test_rule_14_one_key_raises_nothing() -> None:
    """Two wells of one key are one key, and a key that is true twice is one key."""
    scene = road()
    scene.well(1, 5)
    scene.well(1, 5, device="well-2")
    scene.well(3, 0)
    scene.well(5, 5)
    assert beat(scene, 9) == []
    assert scene.alarm("road.collapse", ROAD) is None


def test_rule_14_unknown_is_no_key() -> None:
    """Null, never seen and silent do not count; what was known before still does."""
    scene = road()
    scene.cover(1, tilt_deg=None)
    assert scene.well(2, 3) == []
    other = road()
    other.cover(1, tilt_deg=20)
    other.ticks(0, 30)
    assert of(other.well(31, 3), "road.collapse") == []
    assert of(other.beat(32), "road.collapse") == [("raised", "road.collapse", 32)]


def test_rule_14_an_event_is_true_at_its_instant() -> None:
    """From whatever lane and however late, it joins the keys that were true round it; an old one is not sounded."""
    scene = road()
    scene.cover(100, tilt_deg=20)
    scene.cover(105, tilt_deg=0)
    assert scene.event("person.reported_hole", 89, device="well-1", agent="a-2", got_s=106) == []
    made = scene.event("person.reported_hole", 90, device="well-1", agent="a-2", got_s=107)
    assert of(made, "road.collapse") == [("raised", "road.collapse", 100)]
    late = road()
    late.cover(100, tilt_deg=20)
    late.cover(105, tilt_deg=0)
    (raised,) = late.event("person.reported_hole", 104, device="well-1", agent="a-2", got_s=500, lane="backlog")
    assert (raised.alarm.sounded, raised.reason, raised.t_fact_us) == (False, Reason.EVENT_LATE, us(104))
    late.cover(510, tilt_deg=20)
    sounded = [t for t in late.well(511, 3) if t.alarm.rule == "road.collapse"]
    assert [(t.kind, t.reason, t.alarm.sounded) for t in sounded] == [("sounded", Reason.KEYS_AGREE, True)]


def test_rule_14_an_event_before_the_birth_is_not_lost() -> None:
    """The hub learns afterwards to which asset the device belongs."""
    scene = Scene(born=False, texts=KEYED)
    scene.birth(at_s=0, devices=ON_ROAD)
    scene.cover(5, tilt_deg=20)
    assert scene.event("person.reported_hole", 6, device="well-1", agent="a-2") == []
    made = scene.birth(at_s=8, devices=IN_ROAD, agent="a-2")
    assert of(made, "road.collapse") == [("raised", "road.collapse", 6)]


def test_rule_14_devices_of_other_assets_are_no_keys() -> None:
    """A well of the next street agrees with nothing here, nor does what a device has seen elsewhere."""
    scene = Scene(born=False, texts=KEYED)
    scene.birth(at_s=0, devices=ON_ROAD)
    scene.birth(at_s=0, devices=(Binding("well-1", "well_level", "road-2"),), agent="a-2")
    scene.cover(1, tilt_deg=20)
    assert scene.well(2, 3) == []
    scene.event("person.reported_hole", 2, device="well-1", agent="a-2")
    scene.well(3, 0)
    assert scene.birth(at_s=4, devices=IN_ROAD, agent="a-2") == []
    assert of(beat(scene, 5), "road.collapse") == []


def test_rule_14_a_binding_does_not_carry_an_older_epoch_to_a_new_clock() -> None:
    """What a device said before its agent came back with another clock is not held to be true by that clock."""
    scene = road()
    scene.cover(1000, tilt_deg=20)
    scene.pack(Status(us(0), 8, True, devices=()), at_s=1001, sent_s=0, lane="status", epoch=8)
    scene.pack(Status(us(1), 8, True, devices=ON_ROAD), at_s=1002, sent_s=1, lane="status", epoch=8)
    assert of(scene.well(2001, 3), "road.collapse") == []
    assert of(
        scene.pack(Reading("cover-1", us(1000), {"tilt_deg": 20}), at_s=2001, sent_s=1000, epoch=8), "road.collapse"
    ) == [("raised", "road.collapse", 2001)]


def test_rule_14_a_latched_alarm_ends_by_an_act_and_what_was_before_is_used_up() -> None:
    """After the close only what is true behind it counts: a key that goes on does, an event does not."""
    scene = road()
    scene.cover(1, tilt_deg=20)
    scene.event("person.reported_hole", 2, device="well-1", agent="a-2")
    first = scene.alarm("road.collapse", ROAD)
    assert first is not None
    scene.cover(30, tilt_deg=0)
    assert of(beat(scene, 60), "road.collapse") == []
    scene.cover(61, tilt_deg=20)
    (closed,) = scene.act("close", at_s=62, rule="road.collapse", subject=ROAD)
    assert (closed.kind, closed.t_fact_us) == ("closed", us(62))
    assert of(beat(scene, 63), "road.collapse") == []
    (joined,) = scene.event("person.reported_hole", 61, device="well-1", agent="a-2", got_s=64)
    assert (joined.kind, joined.reason, joined.alarm.id) == ("joined", Reason.EVENT_BEFORE_CLEAR, first.id)
    made = scene.event("person.reported_hole", 65, device="well-1", agent="a-2")
    assert of(made, "road.collapse") == [("raised", "road.collapse", 65)]
    assert made[0].alarm.previous == first.id


def wet() -> Scene:
    """Return a road with `road.wet` open since 2 s, and every member heard at 2 s."""
    scene = road()
    scene.cover(2, tilt_deg=2)
    scene.well(2, 0, device="well-2")
    assert of(scene.well(2, 1.5), "road.wet") == [("raised", "road.wet", 2)]
    return scene


def test_rule_14_it_clears_once_fewer_keys_agree_for_its_time() -> None:
    """The window runs out 4 s after the key ended, and the clear time 3 s later."""
    scene = wet()
    scene.well(10, 0)
    assert beat(scene, 16.9) == []
    assert of(beat(scene, 18), "road.wet") == [("cleared", "road.wet", 17)]
    again = wet()
    again.well(10, 0)
    beat(again, 15)
    again.well(16, 1.5)  # true again before it has cleared
    again.well(18, 0)
    assert beat(again, 24.9) == []
    assert of(beat(again, 25), "road.wet") == [("cleared", "road.wet", 25)]


def test_rule_14_now_of_the_subject_is_the_least_of_its_members() -> None:
    """A member that lags may still say that it holds: nothing clears before it has spoken, unless it is stale."""
    scene = wet()
    scene.well(10, 0)
    scene.pack(Heartbeat(us(30), {"well-1": us(30), "well-2": us(30)}), at_s=30, agent="a-2")
    assert scene.alarm("road.wet", ROAD) is not None
    assert of(scene.beat(30, "cover-1"), "road.wet") == [("cleared", "road.wet", 17)]


def test_rule_14_a_stale_member_is_unknown_and_the_alarm_carries_the_flag() -> None:
    """Its key may be true or false: nothing clears and nothing changes until it is back."""
    scene = wet()
    scene.pack(Heartbeat(us(2), {"well-2": us(2)}), at_s=2, agent="a-2")
    for at_s in range(3, 40):  # the cover and well-2 speak on, well-1 is silent
        scene.tick(at_s)
        scene.beat(at_s)
        scene.pack(Heartbeat(us(at_s), {"well-2": us(at_s)}), at_s=at_s, agent="a-2")
    assert of(scene.made, "road.wet")[1:] == [("stale", "road.wet", 2)]
    alarm = scene.alarm("road.wet", ROAD)
    assert alarm is not None
    assert alarm.stale
    made = scene.well(40, 0)
    assert of(made, "road.wet") == [("fresh", "road.wet", 40)]
    made = [t for at_s in (41, 42, 43, 44) for t in beat(scene, at_s)]
    assert of(made, "road.wet") == [("cleared", "road.wet", 42)]  # 3 s since all are known: 39 was the cover's word


def test_rule_14_agents_are_compared_on_the_hubs_clock() -> None:
    """Their times are corrected by offset(agent): two agents an hour apart agree, and seem to when they do not."""
    slow_s = -3600.0
    scene = road()
    slow = ClockState("ntp", round(slow_s * 1e6))

    def well(at_s: float, water_m: float) -> list[Transition]:
        reading = Reading("well-1", us(at_s + slow_s), {"water_m": water_m})
        return scene.pack(reading, at_s=at_s, sent_s=at_s + slow_s, agent="a-2", epoch=8, clock=slow)

    well(1, 0)
    scene.cover(5, tilt_deg=20)
    assert of(well(6, 3), "road.collapse") == [("raised", "road.collapse", 6)]
    other = road()
    other.cover(3600, tilt_deg=20)
    other.cover(3601, tilt_deg=0)
    reading = Reading("well-1", us(3600), {"water_m": 3})
    assert other.pack(reading, at_s=7200, sent_s=3600, agent="a-2", epoch=8, clock=slow) == []


def test_rule_14_what_has_ended_stays_when_a_clock_is_set() -> None:
    """A step of the clock moves neither what a device has witnessed nor what goes on before it."""
    scene = road()
    scene.cover(100, tilt_deg=20)
    scene.cover(104, tilt_deg=20)
    scene.pack(ClockStep(us(44), -60_000_000), at_s=104.5, sent_s=44.5)
    assert of(scene.well(114, 3), "road.collapse") == [("raised", "road.collapse", 114)]
    other = road()
    other.cover(100, tilt_deg=20)
    other.pack(ClockStep(us(40), -60_000_000), at_s=100.5, sent_s=40.5)
    assert of(other.well(114, 3), "road.collapse") == []
    made = other.pack(Reading("cover-1", us(55), {"tilt_deg": 20}), at_s=115, sent_s=55)
    assert of(made, "road.collapse") == [("raised", "road.collapse", 115)]


def test_rule_14_a_gap_is_unknown_for_keys_too() -> None:
    """What was true before and after a long gap was not known to be true in it, and no clear time runs in it."""
    scene = road()
    scene.cover(1, tilt_deg=20)
    scene.cover(100, tilt_deg=20)
    assert of(scene.event("person.reported_hole", 50, device="well-1", agent="a-2", got_s=101), "road.collapse") == []
    other = wet()
    other.well(70, 0)
    other.well(70, 0, device="well-2")
    assert of(other.cover(70, tilt_deg=0), "road.wet") == []
    assert of(beat(other, 73), "road.wet") == [("cleared", "road.wet", 73)]


def test_rule_14_a_changed_rule_begins_anew_and_an_open_alarm_keeps_its_own() -> None:
    """A wider window does not reach back; the alarm that is open clears by the text that opened it (16)."""
    wider = KEYED | {"well_level": WELL.replace('within = "10s"', 'within = "60s"')}
    scene = road()
    scene.cover(1, tilt_deg=20)
    scene.cover(2, tilt_deg=0)
    scene.well(20, 3)
    assert scene.text(wider, at_s=21) == []
    assert beat(scene, 22) == []
    scene.cover(23, tilt_deg=20)
    assert scene.alarm("road.collapse", ROAD) is not None
    quicker = KEYED | {"well_level": WELL.replace('clear = "3s"', 'clear = "1s"')}
    other = wet()
    other.well(10, 0)
    other.text(quicker, at_s=11)
    assert beat(other, 16.9) == []
    assert of(beat(other, 17), "road.wet") == [("cleared", "road.wet", 17)]
    other.well(18, 1.5)
    other.well(20, 0)
    assert of(beat(other, 25), "road.wet") == [("raised", "road.wet", 18), ("cleared", "road.wet", 25)]


def test_rule_14_a_future_event_counts_at_the_hubs_time() -> None:
    """Its time is not believed, the event is."""
    scene = road()
    scene.cover(5, tilt_deg=20)
    future = Event("well-1", us(4000), "person.reported_hole", "critical")
    made = scene.pack(future, at_s=6, lane="event", agent="a-2")
    assert of(made, "road.collapse") == [("raised", "road.collapse", 6)]


def test_rule_14_only_so_many_truths_are_kept() -> None:
    """A flapping sensor fills no memory: the earliest truths go."""
    scene = road()
    for at_s in range(1, 101):
        scene.cover(at_s, tilt_deg=20 * (at_s % 2))
    device = scene.state.devices[f"{AREA}/cover-1"]
    assert all(len(truths.past) == 16 for truths in device.keys.values())

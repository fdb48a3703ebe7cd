"""The edge's clock went back (ALARMS.md, 13)."""

from device_profiles.wire import ClockStep, Event, Heartbeat, Reading, Status
from tests.hub.alarms.scene import BOUND, T0_US, Scene, said, us


def test_rule_13_a_clock_step_takes_the_new_time_once() -> None:
    """After a step back now(d) takes the new time, pending timers restart, open alarms stay; late is late again."""
    scene = Scene()
    scene.cover(100, tilt_deg=61)
    scene.cover(101, water_level_m=2)
    before = scene.alarm("cover.gone")
    scene.step(40, -62, got_s=102)
    scene.pack(Reading("cover-1", us(41), {"tilt_deg": 61}), at_s=103, sent_s=41)
    assert scene.now_s() == 41
    assert scene.alarm("cover.gone") == before
    scene.pack(Reading("cover-1", us(40), {"tilt_deg": 0}), at_s=104, sent_s=42)
    assert scene.now_s() == 41
    beats = [scene.pack(Heartbeat(us(t), {"cover-1": us(t)}), at_s=62 + t, sent_s=t) for t in (45, 55, 60.9, 61)]
    assert [said(made) for made in beats[2:]] == [[], [("raised", "cover.flooded", 61)]]


def test_rule_13_a_new_epoch_takes_an_earlier_time_once() -> None:
    """An agent that comes back with an older clock is heard; what its old epoch still sends is late."""
    scene = Scene()
    scene.cover(100, water_level_m=2)
    scene.birth(at_s=101, epoch=8)
    scene.pack(Reading("cover-1", us(50), {"water_level_m": 2}), at_s=102, sent_s=50, epoch=8)
    assert scene.now_s() == 50
    scene.pack(Reading("cover-1", us(101), {"water_level_m": 0}), at_s=103, epoch=7, resent_in=8)
    assert scene.now_s() == 50
    made = scene.pack(Heartbeat(us(70), {"cover-1": us(70)}), at_s=122, sent_s=70, epoch=8)
    assert said(made) == [("raised", "cover.flooded", 70)]


def test_rule_13_events_after_a_step_back_are_not_taken_for_old_ones() -> None:
    """An entrapment after the clock went back behind the last clear opens an alarm, and its release clears it."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 1000)
    scene.event("lift.released", 1100)
    scene.step(800, -310, got_s=1110)
    made = scene.pack(Event("lift-7", us(820), "lift.stuck_occupied", "life"), at_s=1130, sent_s=820, lane="event")
    assert [t.kind for t in made] == ["raised"]
    other = Scene()
    other.event("lift.stuck_occupied", 1000)
    other.event("lift.released", 1100)
    other.birth(at_s=1110, epoch=8)
    assert [t.kind for t in other.event("lift.stuck_occupied", 900, got_s=1120, epoch=8)] == ["raised"]


def silences(scene: Scene) -> list[tuple[str, float]]:
    """Return device and second of what was said to be silent."""
    return [(t.alarm.device, (t.t_fact_us - T0_US) / 1e6) for t in scene.made if t.alarm.rule == "device.silent"]


def test_a_step_of_a_new_session_moves_no_time_of_the_one_before() -> None:
    """A box without a clock of its own starts in 1970 and is set at once: what died with its power is silent since.

    Else the time before would be carried fifty years ahead, and a device that never speaks again be never missed.
    """
    scene = Scene()
    scene.ticks(0, 5)
    scene.cover(4, tilt_deg=1)
    boot = Status(5_000_000, 9, True, devices=BOUND)
    scene.pack(boot, at_s=20, lane="status", epoch=9, sent_s=5 - T0_US / 1e6)
    scene.pack(ClockStep(us(21), us(21) - 6_000_000), at_s=21, epoch=9)
    scene.ticks(21, 60)
    assert silences(scene) == [("cover-1", 19), ("lift-7", 35)]


def test_a_step_into_the_future_is_believed_no_more_than_a_reading() -> None:
    """Else a device whose agent is wrong about a step would be missed in a year, or never."""
    scene = Scene()
    scene.ticks(0, 5)
    scene.cover(4, tilt_deg=1)
    scene.step(6, 400 * 86_400, got_s=6)
    for at_s in range(7, 200):
        scene.beat(at_s, "lift-7")
        scene.tick(at_s)
    assert "cover-1" in [device for device, _ in silences(scene)]


def of_lift(scene: Scene, kind: str, t_s: float, *, got_s: float, seq: int = 0) -> list[str]:
    """Fold an event that is sent as soon as it is made, and return what it brings about."""
    pack = Event("lift-7", us(t_s), kind, "life")
    return [made.kind.value for made in scene.pack(pack, at_s=got_s, sent_s=t_s, lane="event", seq=seq)]


def test_events_overtake_the_word_that_the_clock_was_set_back() -> None:
    """Readings may wait for hours while the hub's disk is full; who is trapped meanwhile must not count as of before.

    Nor does the release: it was made behind the event that opens, whatever its time. (A clock that is ahead by more
    than a minute is not believed in the first place.)
    """
    scene = Scene()
    assert of_lift(scene, "lift.stuck_occupied", 1050, got_s=1000) == ["raised"]
    assert of_lift(scene, "lift.released", 1070, got_s=1020) == ["cleared"]
    assert of_lift(scene, "lift.stuck_occupied", 1030, got_s=1030) == ["raised"]
    assert of_lift(scene, "lift.released", 1090, got_s=1040) == ["cleared"]  # and forth again
    assert of_lift(scene, "lift.stuck_occupied", 1100, got_s=1050) == ["raised"]
    assert of_lift(scene, "lift.released", 1060, got_s=1060) == ["cleared"]
    scene.step(1061, -50, got_s=1500)
    assert of_lift(scene, "lift.stuck_occupied", 1501, got_s=1501) == ["raised"]


def test_what_was_made_before_the_clear_still_belongs_to_its_history() -> None:
    """An event that the broker has held back comes with an earlier number."""
    scene = Scene()
    of_lift(scene, "lift.stuck_occupied", 10, got_s=10, seq=1)
    of_lift(scene, "lift.released", 30, got_s=30, seq=3)
    assert of_lift(scene, "lift.stuck_occupied", 20, got_s=40, seq=2) == ["joined"]

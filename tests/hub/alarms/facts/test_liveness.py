"""Silence and the return from it (ALARMS.md, 8, 9 and 15)."""

import pytest

from device_profiles.wire import ClockState, Heartbeat, Reading, Status
from tests.hub.alarms.scene import BOUND, COVER, LIFT, Scene, said, us


def test_rule_08_silence_marks_stale_freezes_and_raises() -> None:
    """A silent device keeps its alarms, flagged stale; its timers freeze at its last word; device.silent is raised."""
    scene = Scene()
    scene.cover(1, tilt_deg=61)
    scene.beat(3)
    scene.cover(4, water_level_m=2)
    scene.ticks(0, 19)
    assert scene.state.devices[COVER].timers["cover.flooded"].due_us == us(24)
    made = scene.tick(20)
    assert said(made) == [
        ("stale", "cover.gone", 4),
        ("stale", "cover.tilted", 4),
        ("raised", "device.silent", 19),
    ]
    assert made[-1].alarm.severity == "minor"
    assert scene.state.devices[COVER].timers["cover.flooded"].due_us is None
    assert scene.ticks(21, 90) == []
    assert said(scene.beat(91)) == [
        ("fresh", "cover.gone", 91),
        ("fresh", "cover.tilted", 91),
        ("cleared", "device.silent", 91),
    ]


def test_rule_08_a_device_that_never_spoke_is_silent_from_its_birth() -> None:
    """A bound device is expected to speak: without a word it is silent once its liveness is over."""
    scene = Scene()
    made = scene.ticks(0, 16)
    assert [(t.alarm.rule, t.alarm.subject, t.t_fact_us) for t in made] == [
        ("device.silent", COVER, us(15)),
        ("device.silent", LIFT, us(15)),
    ]


def test_rule_08_ticks_fire_no_other_timer() -> None:
    """However many ticks pass, a pending `for` waits for the device's own word."""
    scene = Scene()
    scene.cover(0, tilt_deg=12)
    scene.beat(0, "lift-7")
    assert scene.ticks(0, 14) == []


def test_rule_08_the_hubs_own_absence_is_nobodys_silence() -> None:
    """After a gap in the ticks the hub listens for a whole liveness before it calls a device silent."""
    scene = Scene()
    scene.ticks(0, 1)
    scene.cover(1, tilt_deg=0)
    scene.beat(1, "lift-7")
    assert scene.ticks(3600, 3614) == []
    assert said(scene.ticks(3615, 3615)) == [("raised", "device.silent", 16), ("raised", "device.silent", 16)]


def test_rule_08_a_backlog_on_the_reading_lane_is_no_sign_of_life() -> None:
    """Delayed readings move now(d) and fire timers, but the device is back only when its time is near the present."""
    scene = Scene()
    scene.ticks(0, 400)
    for at_s in range(1, 380):
        made = scene.cover(at_s, got_s=400 + at_s / 1000, tilt_deg=12)
        assert all(kind == "raised" for kind, _, _ in said(made))
    assert scene.alarm("device.silent") is not None
    alarm = scene.alarm("cover.tilted")
    assert alarm is not None
    assert alarm.stale
    made = scene.cover(399, got_s=400.9, tilt_deg=12)
    assert said(made) == [("fresh", "cover.tilted", 399), ("cleared", "device.silent", 399)]


def test_rule_08_an_agent_with_a_slow_clock_is_not_silent() -> None:
    """The offset of the agent's clock is removed: an hour behind is no silence, and silence is still seen."""
    scene = Scene(born=False)
    birth = Status(us(-3600), 7, True, devices=BOUND[:1])
    scene.pack(birth, at_s=0, sent_s=-3600, lane="status")
    for second in range(40):
        assert scene.tick(second) == []
        assert (
            scene.pack(Reading("cover-1", us(second - 3600), {"tilt_deg": 1}), at_s=second, sent_s=second - 3600) == []
        )
    assert said(scene.ticks(40, 60)) == [("raised", "device.silent", 39 - 3600 + 15)]


def test_rule_08_a_birth_from_the_future_puts_off_no_silence() -> None:
    """An agent whose clock is an hour ahead binds its devices now; that none of them is believed is soon told."""
    scene = Scene(born=False)
    scene.pack(Status(us(3600), 7, True, devices=BOUND[:1]), at_s=0, sent_s=3600, lane="status")
    assert said(scene.ticks(0, 16)) == [("raised", "device.silent", 15)]


@pytest.mark.parametrize("step_s", [3600, -50])
def test_rule_08_a_hub_whose_clock_is_set_calls_nobody_silent(step_s: int) -> None:
    """Every agent's offset is learnt anew from its next pack; a real silence is still seen."""
    scene = Scene()
    for second in range(20):
        scene.tick(second)
        scene.beat(second, "cover-1", "lift-7")
    made = []
    for second in range(20, 60):
        made += scene.tick(second + step_s)
        beat = Heartbeat(us(second), {"cover-1": us(second), "lift-7": us(second)})
        made += scene.pack(beat, at_s=second + step_s + 0.1, sent_s=second)
    assert made == []
    assert [t.alarm.rule for t in scene.ticks(60 + step_s, 80 + step_s)] == ["device.silent"] * 2


def test_rule_09_a_short_gap_is_unknown_and_a_long_one_restarts() -> None:
    """After silence up to 60 s a timer goes on with what it had held; after a longer one it begins anew."""
    for gap_s, due_s in ((40, 5 + 40 + 16), (61, 5 + 61 + 20)):
        scene = Scene()
        scene.cover(1, water_level_m=2, tilt_deg=0)
        scene.beat(5)  # 4 s held
        scene.ticks(0, 5 + gap_s - 1)
        scene.beat(5 + gap_s)
        assert [s for s in said(scene.beat(due_s - 0.1)) if s[1] == "cover.flooded"] == []
        assert said(scene.beat(due_s)) == [("raised", "cover.flooded", due_s)]


def test_rule_09_a_gap_that_no_tick_saw_is_a_gap_too() -> None:
    """The hub was away with the device: more than 60 s without a word, longer than its liveness, confirm nothing."""
    scene = Scene()
    scene.cover(1, water_level_m=2)
    assert scene.beat(3600) == []
    assert said(scene.beat(3620)) == [("raised", "cover.flooded", 3620)]


def test_rule_09_a_gap_never_changes_an_open_alarm() -> None:
    """An alarm is open with its id after whatever silence, and its clear time counts anew."""
    scene = Scene()
    scene.cover(1, tilt_deg=12)
    scene.beat(3)
    before = scene.alarm("cover.tilted")
    scene.cover(4, tilt_deg=0)  # 3 s until it clears
    scene.beat(6)
    scene.ticks(0, 90)
    after = scene.alarm("cover.tilted")
    assert before is not None
    assert after is not None
    assert after.id == before.id
    assert after.stale
    assert [s for s in said(scene.beat(91)) if s[0] == "cleared"] == [("cleared", "device.silent", 91)]
    assert scene.beat(93.9) == []
    assert said(scene.beat(94)) == [("cleared", "cover.tilted", 94)]


def test_rule_15_an_old_silence_needs_no_wall_clock() -> None:
    """Deadlines of the hub run on ticks: with no tick, nothing is silent, whenever records were received."""
    scene = Scene()
    scene.cover(1, tilt_deg=0)
    assert scene.event("lift.released", 9_000) == []
    assert not scene.state.devices[COVER].dark


@pytest.mark.parametrize(("clock", "silent"), [("rtc", []), ("", []), ("ntp", [COVER, LIFT])])
def test_rule_08_a_hub_whose_clock_nobody_keeps_makes_nobody_silent(clock: str, silent: list[str]) -> None:
    """Its clock is set an hour ahead: an agent that keeps true time is only believed by a hub that does so too."""
    scene, hour_s = Scene(), 3_600

    def beat(at_s: int) -> None:
        seen = {device: us(at_s) for device in ("cover-1", "lift-7")}
        scene.pack(Heartbeat(us(at_s), seen), at_s=at_s + hour_s, sent_s=at_s, clock=ClockState("ntp"))

    made = scene.ticks(0, 3)
    for at_s in range(4, 30):
        beat(at_s)
        made += scene.tick(at_s + hour_s, clock=clock)
    assert [t.alarm.subject for t in made if t.alarm.rule == "device.silent"] == silent

"""Conditions and their timers (ALARMS.md, 4-7 and 10)."""

from device_profiles.wire import Binding, Reading
from hub.alarms.transitions import Reason
from tests.hub.alarms.scene import COVER, MANHOLE, Scene, said, us


def test_rule_04_a_value_holds_until_the_next_one_or_null() -> None:
    """Readings that do not name a value leave it, null makes it unknown."""
    scene = Scene()
    scene.cover(1, tilt_deg=12)
    scene.cover(2, water_level_m=0.1)
    scene.cover(2.5, tilt_deg=None)
    assert scene.beat(60) == []
    scene.cover(61, tilt_deg=12)
    assert said(scene.beat(70)) == [("raised", "cover.tilted", 61.5)]


def test_rule_05_unknown_neither_confirms_nor_clears() -> None:
    """Of an "or", one true side is enough and one unknown side is not; an unknown clear condition clears nothing."""
    scene = Scene()
    scene.cover(0, water_level_m=None, tilt_deg=85)
    scene.beat(10)
    scene.cover(19.5, tilt_deg=20)  # now: unknown or false
    assert scene.beat(40) == []
    scene.cover(41, tilt_deg=85)
    assert said(scene.beat(42)) == [("raised", "cover.flooded", 41.5)]  # 19.5 s held, then frozen
    scene.cover(43, tilt_deg=None)
    assert scene.beat(55) == []
    assert {a.alarm.rule for a in scene.state.open_of(COVER) if a.alarm} == {
        "cover.flooded",
        "cover.gone",
        "cover.tilted",
    }


def test_rule_06_timers_fire_before_the_values_at_b() -> None:
    """A value at exactly `due` comes too late to stop the alarm; one a microsecond before stops it."""
    scene = Scene()
    scene.cover(1, tilt_deg=12)
    assert said(scene.cover(3, tilt_deg=0)) == [("raised", "cover.tilted", 3)]
    other = Scene()
    other.cover(1, tilt_deg=12)
    assert other.cover(2.999999, tilt_deg=7) == []
    assert other.beat(10) == []


def test_rule_06_order_is_due_rule_subject() -> None:
    """All that one heartbeat makes due fires by due time, then rule, then subject, whatever order the pack has."""
    scene = Scene(born=False)
    names = ("cover-2", "cover-1", "cover-3")
    scene.birth(at_s=0, devices=tuple(Binding(name, "manhole_cover") for name in names))
    for name, at_s in zip(names, (1.0, 1.0, 0.5), strict=True):
        scene.pack(Reading(name, us(at_s), {"tilt_deg": 12, "water_level_m": 2}), at_s=at_s)
    made = scene.beat(30, *names)
    assert [(t.alarm.rule, t.alarm.device, (t.t_fact_us - us(0)) / 1e6) for t in made] == [
        ("cover.tilted", "cover-3", 2.5),
        ("cover.tilted", "cover-1", 3.0),
        ("cover.tilted", "cover-2", 3.0),
        ("cover.flooded", "cover-3", 20.5),
        ("cover.flooded", "cover-1", 21.0),
        ("cover.flooded", "cover-2", 21.0),
    ]
    assert [t.n for t in made] == list(range(6))


def test_rule_06_two_rules_due_at_once_fire_by_name() -> None:
    """Two rules of one device with the same due time fire in the order of their names."""
    text = MANHOLE.replace('for = "20s"', 'for = "2s"')
    scene = Scene(texts={"manhole_cover": text})
    scene.cover(1, tilt_deg=12, water_level_m=2)
    assert said(scene.beat(9)) == [("raised", "cover.flooded", 3), ("raised", "cover.tilted", 3)]


def test_rule_07_for_fires_late_with_the_time_of_due() -> None:
    """Without another reading it fires at the first record with now(d) at or behind due, with t_fact = due."""
    scene = Scene()
    scene.cover(1, water_level_m=2)
    scene.beat(10)
    assert scene.beat(20.9) == []
    assert said(scene.beat(30)) == [("raised", "cover.flooded", 21)]


def test_rule_07_for_resets_on_false_freezes_on_unknown_and_resumes() -> None:
    """False forgets what was held; unknown keeps it; true again goes on from there."""
    scene = Scene()
    scene.cover(0, water_level_m=2, tilt_deg=0)
    scene.cover(15, water_level_m=None)  # 15 s held, frozen
    assert scene.beat(29) == []
    scene.cover(30, water_level_m=3)
    assert scene.beat(34.9) == []
    assert said(scene.beat(36)) == [("raised", "cover.flooded", 35)]
    other = Scene()
    other.cover(0, water_level_m=2, tilt_deg=0)
    other.cover(15, water_level_m=0)
    other.cover(16, water_level_m=2)
    assert other.beat(35.9) == []
    assert said(other.beat(36)) == [("raised", "cover.flooded", 36)]


def test_rule_07_for_zero_fires_in_the_record_that_makes_it_true() -> None:
    """A rule without `for` fires at its reading, whose time is its due time."""
    scene = Scene()
    made = scene.cover(5, tilt_deg=61)
    assert said(made) == [("raised", "cover.gone", 5)]
    assert made[0].reason is Reason.CONDITION_HELD


def test_rule_10_clear_needs_its_condition_true_for_its_time() -> None:
    """Between the thresholds nothing clears; below for 3 s does, and a bounce starts the time again."""
    scene = Scene()
    scene.cover(0, tilt_deg=12)
    scene.beat(2)
    scene.cover(3, tilt_deg=7)
    assert scene.beat(15) == []
    scene.cover(16, tilt_deg=4)
    scene.cover(18, tilt_deg=6)
    scene.cover(19, tilt_deg=4)
    assert scene.beat(21.9) == []
    (cleared,) = scene.beat(25)
    assert said([cleared]) == [("cleared", "cover.tilted", 22)]
    assert cleared.reason is Reason.CLEAR_HELD
    assert not cleared.alarm.open


def test_rule_10_a_latched_alarm_ends_by_an_act_only() -> None:
    """Facts never clear it; a person does, and while it still holds the next occurrence follows and names the last."""
    scene = Scene()
    scene.cover(0, tilt_deg=70)
    scene.cover(5, tilt_deg=0)
    scene.beat(60)
    first = scene.alarm("cover.gone")
    assert first is not None
    (closed,) = scene.act("close", at_s=61, rule="cover.gone")
    assert (closed.kind, closed.reason, closed.actor) == ("closed", Reason.ACT, "li")
    assert scene.beat(62) == []
    (again,) = [t for t in scene.cover(63, tilt_deg=70) if t.alarm.rule == "cover.gone"]
    assert again.alarm.previous == first.id
    scene.act("close", at_s=64, rule="cover.gone")
    assert [t.alarm.rule for t in scene.beat(64.5)] == ["cover.gone"]

"""What the design promises of decisions (DESIGN.md, section 3), each in its shortest form."""

from typing import get_args

from device_profiles import wire
from tests.hub.alarms.scene import COVER, MANHOLE, TEXTS, Scene, said


def test_invariant_01_the_same_facts_under_other_rules_are_other_alarms() -> None:
    """An agent says what it saw; whether and how badly that alarms is the hub's rules' to say."""
    milder = MANHOLE.replace('rule = "cover.tilted"\nseverity = "major"', 'rule = "cover.tilted"\nseverity = "minor"')
    laxer = MANHOLE.replace('when = "tilt_deg >= 10"', 'when = "tilt_deg >= 50"')
    assert len({MANHOLE, milder, laxer}) == 3
    decided = []
    for text in (MANHOLE, milder, laxer):
        scene = Scene(texts=TEXTS | {"manhole_cover": text})
        scene.cover(1, tilt_deg=12)
        scene.beat(30)
        decided.append([(t.alarm.rule, t.alarm.severity) for t in scene.made])
    assert decided == [[("cover.tilted", "major")], [("cover.tilted", "minor")], []]


def test_invariant_01_no_fact_is_a_decision() -> None:
    """The contract has no word by which an agent could raise, clear or acknowledge an alarm."""
    tags = {fact.__struct_config__.tag for fact in get_args(wire.Fact)}
    assert tags == {"reading", "event", "heartbeat", "clock_step", "lost", "status", "result"}


def test_invariant_07_unknown_neither_confirms_nor_clears() -> None:
    """A tilt that is unknown raises nothing however long, and ends nothing that it has raised."""
    scene = Scene()
    scene.cover(1, tilt_deg=None)
    scene.beat(300)
    assert scene.made == []
    scene.cover(301, tilt_deg=12)
    assert [word[:2] for word in said(scene.beat(330))] == [("raised", "cover.tilted")]
    scene.cover(331, tilt_deg=None)
    assert scene.beat(900) == []
    assert scene.alarm("cover.tilted", COVER) is not None


def test_invariant_07_a_silent_device_makes_nothing_true() -> None:
    """Ticks for an hour confirm no pending alarm; what they raise is the silence itself."""
    scene = Scene()
    scene.cover(1, tilt_deg=12)
    made = scene.ticks(2, 3_600)
    assert {transition.alarm.rule for transition in made} == {"device.silent"}

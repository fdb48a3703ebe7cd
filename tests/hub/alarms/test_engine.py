"""The fold as a whole (ALARMS.md, 1 and 17)."""

from hub.alarms.transitions import Refusal, alarm_id, encode_transition
from tests.hub.alarms.scene import AGENT, LIFT, Scene, us


def test_rule_01_ids_and_raised_time_come_from_the_record() -> None:
    """The alarm's id is a hash of (rule, subject, opening offset), the raised time is the record's received time."""
    scene = Scene()
    (raised,) = scene.event("lift.stuck_occupied", 10, got_s=12)
    assert raised.alarm.id == alarm_id("lift.entrapment", LIFT, raised.offset)
    assert (raised.offset, raised.n) == (len(scene.records), 0)
    assert raised.alarm.t_raised_us == raised.t_us == us(12)
    assert raised.t_fact_us == us(10)
    assert raised.alarm.asset == "asset-7"
    assert raised.alarm.severity == "life"


def test_rule_01_doubles_quarantine_and_register_change_nothing() -> None:
    """Records of other kinds than pack, tick, act and text leave no trace."""
    scene = Scene()
    rows = list(scene.state.rows())
    for kind in ("double", "quarantine", "register"):
        assert scene.record(kind, 5, b"{}garbage", agent=AGENT, epoch=7, lane="reading", seq=1) == []
    assert list(scene.state.rows()) == rows


def test_rule_17_transitions_are_canonical_bytes() -> None:
    """The same records give the same bytes."""
    scene, other = Scene(), Scene()
    for each in (scene, other):
        each.cover(0, tilt_deg=61, water_level_m=2)
        each.beat(30)
    assert [encode_transition(t) for t in scene.made] == [encode_transition(t) for t in other.made]
    assert b'"kind":"raised"' in encode_transition(scene.made[0])


def test_unreadable_bodies_are_counted() -> None:
    """A record that is no JSON of its kind stops nothing."""
    scene = Scene()
    for kind in ("pack", "tick", "act", "text"):
        assert scene.record(kind, 1, b"\xff{", agent=AGENT) == []
    assert scene.state.hub.refused == {Refusal.BODY_UNREADABLE: 4}

"""An alarm that reminds is told until somebody takes it, then with all that happens until its end (EN 81-28)."""

from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.alarms.transitions import Reason, encode_transition
from tests.hub.alarms.scene import LIFT, Scene, said

RULE = "lift.entrapment"


def trapped(*, at_s: float = 100) -> Scene:
    """Return a scene in which somebody has just been trapped."""
    scene = Scene()
    scene.ticks(1, int(at_s))
    scene.event("lift.stuck_occupied", at_s)
    return scene


def reminders(scene: Scene) -> list[float]:
    """Return when the entrapment was told again."""
    return [t_s for kind, rule, t_s in said(scene.made) if (kind, rule) == ("reminded", RULE)]


def test_it_is_told_again_every_minute_until_acknowledged() -> None:
    """By the ticks alone; the alarm stays the same one."""
    scene = trapped()
    scene.ticks(101, 250)
    assert reminders(scene) == [160, 220]
    scene.act("ack", at_s=250, rule=RULE, subject=LIFT)
    scene.ticks(251, 500)
    assert reminders(scene) == [160, 220]
    assert len({made.alarm.id for made in scene.made if made.alarm.rule == RULE}) == 1


def test_it_is_told_again_no_more_once_it_has_ended() -> None:
    """Released, nobody is inside."""
    scene = trapped()
    scene.event("lift.released", 130, severity="info")
    scene.ticks(131, 400)
    assert reminders(scene) == []


def test_a_hub_that_was_away_reminds_once() -> None:
    """Not once for each minute that it has missed; and a clock that was set back keeps nobody waiting."""
    scene = trapped()
    scene.ticks(1000, 1010)
    assert reminders(scene) == [1000]
    scene.ticks(500, 510)
    assert reminders(scene) == [1000, 500]


def test_what_was_not_sounded_does_not_remind() -> None:
    """A late alarm goes into a digest; the edge's next word about what still lasts sounds it."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 10, got_s=400)
    scene.ticks(401, 500)
    assert reminders(scene) == []
    scene.event("lift.stuck_occupied", 500)
    scene.ticks(501, 560)
    kinds = [made.kind for made in scene.made if made.alarm.rule == RULE]
    assert [kind for kind in kinds if kind != "stale"] == ["raised", "sounded", "reminded"]


def test_nothing_is_filtered_between_acknowledgement_and_end() -> None:
    """Every event of the lift joins; from the acknowledgement on it is told."""
    scene = trapped()
    scene.event("lift.called", 110)
    scene.act("ack", at_s=120, rule=RULE, subject=LIFT)
    scene.event("lift.called", 130)
    scene.event("lift.stuck_occupied", 160)
    scene.event("lift.test_call", 170, severity="info")
    scene.event("lift.released", 180, severity="info")
    scene.event("lift.called", 190)
    of_it = [made for made in scene.made if made.alarm.rule == RULE]
    assert [(made.kind, made.reason, made.told) for made in of_it] == [
        ("raised", Reason.EVENT, True),
        ("joined", Reason.EVENT_UNFILTERED, False),
        ("acked", Reason.ACT, True),
        ("joined", Reason.EVENT_UNFILTERED, True),
        ("joined", Reason.EVENT_AGAIN, True),
        ("joined", Reason.EVENT_UNFILTERED, True),
        ("cleared", Reason.CLEAR_EVENT, True),
    ]


def test_an_alarm_that_does_not_remind_is_told_once() -> None:
    """A fault at night wakes nobody twice."""
    scene = Scene()
    scene.event("lift.stuck_empty", 10, severity="minor")
    scene.ticks(11, 300)
    assert "reminded" not in {made.kind for made in scene.made}


def test_nobody_without_a_name_ends_an_alarm() -> None:
    """The end is declared at the lift or by a person; an empty name is none."""
    scene = trapped()
    for act in ("close", "ack"):
        scene.act(act, at_s=110, rule=RULE, subject=LIFT, actor=" ")
    assert scene.alarm(RULE, LIFT) is not None
    assert scene.state.hub.refused == {"act_nameless": 2}
    scene.act("close", at_s=120, rule=RULE, subject=LIFT)
    assert scene.alarm(RULE, LIFT) is None
    assert (scene.made[-1].actor, scene.made[-1].detail) == ("li", "seen")


def test_a_restart_reminds_as_if_nothing_had_happened() -> None:
    """What reminds is found again in the stored rows."""
    scene = trapped()
    scene.ticks(101, 130)
    state = State.load(list(scene.state.rows()))
    before = len(scene.records)
    scene.ticks(131, 300)
    again = [made for record in scene.records[before:] for made in fold(state, record)]
    expected = [made for made in scene.made if made.offset > before]
    assert len(expected) > 1
    assert list(map(encode_transition, again)) == list(map(encode_transition, expected))

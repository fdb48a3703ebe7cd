"""A lift with a box and a terminal: what is certain explains what is possible, by one cause in the city's policy."""

from device_profiles.profile import BUILT_IN
from device_profiles.wire import Binding
from hub.alarms.transitions import Transition
from tests.hub.alarms.scene import AREA, LIFT, TEXTS, Scene

POLICY = """
[[causes]]
rule = "lift.entrapment"
folds = ["lift.entrapment_possible"]
scope = "asset"
settle = "60s"
"""
BOX = f"{AREA}/box-7"
POSSIBLE, CERTAIN = "lift.entrapment_possible", "lift.entrapment"
KINDS = TEXTS | {"lift_retrofit_box": (BUILT_IN / "lift_retrofit_box.toml").read_text(encoding="utf-8")}


def both(*, box_asset: str = "LIFT-07") -> Scene:
    """Return a scene with a terminal of LIFT-07 and a box of ``box_asset``."""
    scene = Scene(born=False, texts={})
    scene.text(KINDS, policy=POLICY)
    scene.birth(
        at_s=0,
        devices=(Binding("lift-7", "lift_terminal", "LIFT-07"), Binding("box-7", "lift_retrofit_box", box_asset)),
    )
    return scene


def calls(scene: Scene) -> list[tuple[str, str, float]]:
    """Return what somebody is called for: kind, rule, and when."""
    return [_word(made) for made in scene.made if made.calls and made.alarm.rule in (POSSIBLE, CERTAIN)]


def _word(made: Transition) -> tuple[str, str, float]:
    return made.kind.value, made.alarm.rule, made.alarm.t_fact_us / 1e6 % 1000


def test_the_terminal_was_first_and_the_box_calls_nobody() -> None:
    """One entrapment is called for; the box's word stands beside it in the picture, with the cause that explains it."""
    scene = both()
    scene.event("lift.stuck_occupied", 20)
    scene.event("lift.stuck", 27, device="box-7", severity="critical")
    assert calls(scene) == [("raised", CERTAIN, 20)]
    certain, possible = scene.alarm(CERTAIN, LIFT), scene.alarm(POSSIBLE, BOX)
    assert certain is not None
    assert possible is not None
    assert possible.suppressed_by == certain.id


def test_the_box_was_first_and_is_not_called_for_again() -> None:
    """Possible, then certain; from then on the box's alarm is explained, and its end calls nobody."""
    scene = both()
    scene.event("lift.stuck", 20, device="box-7", severity="critical")
    scene.event("lift.stuck_occupied", 40)
    scene.event("lift.stuck", 60, device="box-7", severity="critical")
    scene.event("lift.released", 90, device="box-7", severity="info")
    scene.event("lift.released", 95, severity="info")
    assert calls(scene) == [("raised", POSSIBLE, 20), ("raised", CERTAIN, 40), ("cleared", CERTAIN, 40)]
    assert scene.alarm(POSSIBLE, BOX) is None


def test_the_box_is_heard_when_the_terminal_says_it_is_over_and_the_box_does_not() -> None:
    """What still lasts after the settling time is no longer explained."""
    scene = both()
    scene.event("lift.stuck_occupied", 20)
    scene.event("lift.stuck", 27, device="box-7", severity="critical")
    scene.event("lift.released", 50, severity="info")
    scene.ticks(51, 105)
    assert ("unsuppressed", POSSIBLE, 27) not in calls(scene)
    scene.ticks(106, 115)
    assert ("unsuppressed", POSSIBLE, 27) in calls(scene)


def test_a_box_elsewhere_is_not_explained() -> None:
    """Another lift's entrapment says nothing of this one."""
    scene = both(box_asset="LIFT-08")
    scene.event("lift.stuck_occupied", 20)
    scene.event("lift.stuck", 27, device="box-7", severity="critical")
    assert calls(scene) == [("raised", CERTAIN, 20), ("raised", POSSIBLE, 27)]

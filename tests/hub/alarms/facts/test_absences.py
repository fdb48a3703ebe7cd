"""An event that must come every so often: its absence is an alarm, and the next one clears it."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.alarms.transitions import Transition
from tests.hub.alarms.scene import LIFT, LIFT_TEXT, MANHOLE, Scene, said

RULE = "lift.test_call_missing"
DAYS3 = 3 * 86_400
SHORT = 'every = "60s"'
ALIVE_S = 5


def live(scene: Scene, first_s: int, last_s: int) -> list[Transition]:
    """Let the lift be heard and the hub tick, both every 5 s."""
    return [made for t_s in range(first_s, last_s + 1, ALIVE_S) for made in _second(scene, t_s)]


def _second(scene: Scene, t_s: int) -> Iterator[Transition]:
    yield from scene.beat(t_s, "lift-7")
    yield from scene.tick(t_s)


def quick() -> Scene:
    """Return a scene with the rule's three days made a minute."""
    assert LIFT_TEXT.count('every = "3d"') == 1
    return Scene(texts={"manhole_cover": MANHOLE, "lift_terminal": LIFT_TEXT.replace('every = "3d"', SHORT)})


def of_rule(made: list[Transition]) -> list[tuple[str, float]]:
    """Return kind and fact time of what the rule brought about."""
    return [(kind, t_s) for kind, rule, t_s in said(made) if rule == RULE]


def test_three_days_without_a_test_call_are_an_alarm_that_the_next_one_clears() -> None:
    """The profile as it ships, ticking through more than three days."""
    scene = Scene()
    live(scene, 5, 3600)
    scene.event("lift.test_call", 3600, severity="info")
    made = live(scene, 3605, 3600 + DAYS3 + 10)
    assert of_rule(made) == [("raised", 3600 + DAYS3)]
    made = scene.event("lift.test_call", 3600 + DAYS3 + 20, severity="info")
    assert of_rule(made) == [("cleared", 3600 + DAYS3 + 20)]


def test_a_lift_that_never_made_one_is_counted_from_its_first_tick() -> None:
    """Nobody knows of the time before."""
    scene = quick()
    assert of_rule(live(scene, 5, 100)) == [("raised", 65)]


def test_test_calls_in_time_keep_it_quiet() -> None:
    """One a day and more is well."""
    scene = quick()
    for start_s in range(5, 400, 50):
        assert of_rule(live(scene, start_s, start_s + 45)) == []
        scene.event("lift.test_call", start_s + 48, severity="info")


def test_a_silent_lift_is_silent_and_no_more() -> None:
    """Its call may be on its way: device.silent says what is known; back again, the call comes first."""
    scene = quick()
    live(scene, 5, 30)
    assert of_rule(scene.ticks(31, 200)) == []
    scene.event("lift.test_call", 60, severity="info", got_s=200)
    assert of_rule(live(scene, 201, 260)) == [("raised", 120)]


def test_a_hub_that_was_away_waits_for_what_waits_at_the_edge() -> None:
    """Only after it has listened for a while."""
    scene = quick()
    live(scene, 5, 30)
    made = [*scene.tick(1000), *scene.beat(1000, "lift-7")]
    made += scene.event("lift.test_call", 990, severity="info", got_s=1004)
    made += live(scene, 1005, 1040)
    assert of_rule(made) == []


def test_a_person_who_closes_it_has_the_same_time_again() -> None:
    """It does not come back at the next tick."""
    scene = quick()
    live(scene, 5, 100)
    assert of_rule(scene.act("close", at_s=101, rule=RULE, subject=LIFT))[0][0] == "closed"
    assert of_rule(live(scene, 105, 200)) == [("raised", 161)]


def test_a_test_call_of_long_ago_does_not_count_back() -> None:
    """A late one says nothing new, but it clears: the order of arrival is not the order of time."""
    scene = quick()
    live(scene, 5, 50)
    scene.event("lift.test_call", 50, severity="info")
    scene.event("lift.test_call", 20, severity="info", got_s=52)
    assert of_rule(live(scene, 55, 115)) == [("raised", 110)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 150), min_size=1, max_size=6))
def test_it_is_raised_exactly_when_the_gap_is_too_long(pauses: list[int]) -> None:
    """Whatever the pauses: one alarm for each that is longer than a minute, at its 60th second."""
    scene, t_s, last_s = quick(), 5, 5
    for pause_s in pauses:
        made = live(scene, t_s, last_s + pause_s)
        t_s = (last_s + pause_s) // ALIVE_S * ALIVE_S + ALIVE_S
        assert of_rule(made) == ([("raised", last_s + 60)] if last_s + 60 <= t_s - ALIVE_S else [])
        last_s += pause_s
        scene.event("lift.test_call", last_s, severity="info")

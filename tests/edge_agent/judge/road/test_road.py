"""A road's surface is judged by looks that agree: enough of them, for long enough, and each change is told once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from edge_agent.judge.finding import Finding
from edge_agent.judge.road.blob import CLASSES, Blob, Box
from edge_agent.judge.road.limits import RoadLimits
from edge_agent.judge.road.road import EVENTS, RoadJudge, Surface

S = 1_000_000
BOX = (100, 100, 140, 130)
PLACE = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda at: (60 * at[0], 60 * at[1], 60 * at[0] + 40, 60 * at[1] + 40))  # fmt: skip  # noqa: E501
LOOK = st.lists(st.tuples(PLACE, st.sampled_from(CLASSES)), max_size=4, unique_by=lambda one: one[0])


def _blob(kind: str, *, p: float = 0.9, box: Box = BOX, since_us: int = 0, area_m2: float = 1.2) -> Blob:
    rest = (1 - p) / (len(CLASSES) - 1)
    return Blob(box, area_m2, since_us, {name: p if name == kind else rest for name in CLASSES})


def _run(judge: RoadJudge, looks: list[list[Blob]], *, step_us: int = S, begin_us: int = 0) -> list[Finding]:
    return [one for at, blobs in enumerate(looks) for one in judge.take(begin_us + at * step_us, "r", blobs)]


def test_a_hole_is_told_once_after_three_seconds_and_three_looks() -> None:
    """Not at the first looks, not again, and with all that the next one wants to know."""
    judge = RoadJudge()
    (found,) = _run(judge, [[]] * 2 + [[_blob("hole")]] * 20)
    assert (found.kind, found.t_us) == ("road.hole", 5 * S)
    assert found.data == {
        "reason": "seen", "zone": "r", "area_m2": 1.2, "score": 0.9, "class": "hole", "box": list(BOX),
        "since_us": 2 * S,
    }  # fmt: skip
    assert (judge.view("r").surface, judge.view("r").changed_m2) == (Surface.HOLE, 1.2)


def test_two_looks_are_never_enough() -> None:
    """However long they are apart."""
    assert _run(RoadJudge(), [[_blob("hole")]] * 2, step_us=10 * S) == []


def test_what_comes_and_goes_is_no_hole() -> None:
    """Rain shows a thing in every second look; a hole may hide in one of five."""
    assert _run(RoadJudge(), [[_blob("hole")], []] * 30) == []
    (found,) = _run(RoadJudge(), [[], *[[_blob("hole")]] * 4] * 10)
    assert found.t_us == 4 * S


def test_looks_that_are_far_apart_have_to_agree_more_often() -> None:
    """Stills that come five minutes apart: eight of them."""
    found = _run(RoadJudge(), [[_blob("hole")]] * 20, step_us=300 * S)
    assert [(one.kind, one.t_us) for one in found] == [("road.hole", 7 * 300 * S)]


def test_a_profile_may_ask_for_more() -> None:
    """A change below its area is not told; one that was told and then wavers below it stays."""
    judge = RoadJudge(RoadLimits(area_m2=1.0, looks=5))
    assert _run(judge, [[_blob("hole", area_m2=0.7)]] * 20) == []
    (found,) = _run(judge, [[_blob("hole", area_m2=0.8)]] + [[_blob("hole", area_m2=0.7)]] * 20, begin_us=20 * S)
    assert (found.kind, found.t_us) == ("road.hole", 20 * S)
    assert _run(RoadJudge(RoadLimits(looks=5)), [[_blob("hole")]] * 20)[0].t_us == 4 * S


def test_what_passes_is_no_event() -> None:
    """A lorry, a person, a shadow or sound road may stay for ever."""
    for kind in ("vehicle", "person", "shadow", "sound"):
        judge = RoadJudge()
        assert _run(judge, [[_blob(kind)]] * 100) == []
        assert judge.view("r").surface is Surface.SOUND


@pytest.mark.parametrize(
    ("hole", "water", "told"),
    [
        (0.51, 0.4, ["road.hole"]),
        (0.4, 0.36, ["road.water"]),
        (0.2, 0.4, ["road.water"]),
        (0.45, 0.1, []),
        (0.35, 0.35, ["road.surface_changed"]),
    ],
)
def test_a_puddle_that_mirrors_something_dark_is_no_hole(hole: float, water: float, told: list[str]) -> None:
    """A hole, a key to an alarm, has to be sure and water likely; what is neither for sure is a change, later."""
    blob = Blob(BOX, 1.2, 0, {"hole": hole, "water": water, "shadow": 1 - hole - water})
    assert [one.kind for one in _run(RoadJudge(), [[blob]] * 20)] == told


def test_an_object_is_told_later_and_a_hole_below_it_after_all() -> None:
    """A tarpaulin is a change; when it turns out to be a hole that is news, the other way round it is none."""
    judge = RoadJudge()
    found = _run(judge, [[_blob("object")]] * 15 + [[_blob("hole")]] * 40 + [[_blob("object")]] * 40)
    assert [(one.kind, one.data["class"]) for one in found] == [
        ("road.surface_changed", "object"),
        ("road.hole", "hole"),
    ]
    assert found[0].t_us == 10 * S
    assert judge.view("r").surface is Surface.HOLE


def test_what_was_told_is_restored_when_nothing_covers_it_and_nothing_shows_it() -> None:
    """Ten seconds and five looks; a lorry that stands on it ends nothing, and a told hole keeps its place."""
    judge = RoadJudge()
    lorry = _blob("vehicle", box=(80, 60, 260, 180), area_m2=20)
    found = _run(judge, [[_blob("hole")]] * 5 + [[lorry]] * 60)
    assert [one.kind for one in found] == ["road.hole"]
    assert judge.where("r") == (BOX,)
    found = _run(judge, [[]] * 30, begin_us=65 * S)
    assert [(one.kind, one.data["reason"]) for one in found] == [("road.surface_restored", "gone")]
    assert judge.view("r").surface is Surface.SOUND


def test_a_hole_that_traffic_hides_and_shows_again_is_told_once() -> None:
    """What passes is seen as one with it, look by look further on; then the hole stands alone where it was."""
    judge = RoadJudge()
    passing = [_blob("vehicle", box=(100 + 12 * at, 100, 150 + 12 * at, 130)) for at in range(8)]
    found = _run(judge, ([[_blob("hole")]] * 8 + [[one] for one in passing]) * 12)
    assert [one.kind for one in found] == ["road.hole"]
    assert judge.where("r") == (BOX,)


def test_a_hole_that_has_grown_is_the_same_hole_and_one_beside_it_another() -> None:
    """Though hardly a third of what is seen now is what was told."""
    judge = RoadJudge()
    large = (90, 80, 190, 150)
    found = _run(judge, [[_blob("hole")]] * 8 + [[_blob("hole", box=large, area_m2=7.0)]] * 20)
    assert [one.kind for one in found] == ["road.hole"]
    assert (judge.where("r"), judge.view("r").changed_m2) == ((large,), 7.0)
    beside = _blob("hole", box=(200, 80, 240, 110))
    found = _run(judge, [[_blob("hole", box=large, area_m2=7.0), beside]] * 8, begin_us=28 * S)
    assert [one.data["box"] for one in found] == [[200, 80, 240, 110]]


def test_what_moves_over_a_hole_does_not_mend_it() -> None:
    """A queue that creeps over it for a minute; what drives elsewhere hides nothing."""
    judge = RoadJudge()
    _run(judge, [[_blob("hole")]] * 8)
    over, elsewhere = (90, 90, 200, 160), (300, 90, 400, 160)
    assert not [found for at in range(60) for found in judge.take((8 + at) * S, "r", [], movers=[over])]
    found = [one for at in range(20) for one in judge.take((70 + at) * S, "r", [], movers=[elsewhere])]
    assert [one.kind for one in found] == ["road.surface_restored"]


def test_what_uncovers_something_else_begins_anew() -> None:
    """A vehicle stood there for a minute; what it leaves is judged by what is seen of it."""
    later = [_blob("hole", since_us=60 * S)]
    found = _run(RoadJudge(), [[_blob("vehicle")]] * 60 + [later] * 5)
    assert [(one.kind, one.data["since_us"]) for one in found] == [("road.hole", 60 * S)]


def test_unseen_is_unknown_at_once_and_forgets_nothing_that_was_told() -> None:
    """With the reason; afterwards the hole is there until it is seen to be gone."""
    judge = RoadJudge()
    _run(judge, [[_blob("hole")]] * 5)
    assert judge.unseen("r", 5 * S, reason="moved") == []
    assert (judge.view("r").surface, judge.view("r").unseen, judge.view("r").changed_m2) == ("unknown", "moved", None)
    judge.take(100 * S, "r", [])
    assert judge.view("r").surface is Surface.HOLE
    found = _run(judge, [[]] * 20, begin_us=101 * S)
    assert [one.kind for one in found] == ["road.surface_restored"]


def test_another_judge_keeps_what_was_told_though_it_never_saw_the_road_before() -> None:
    """Not to see it means nothing for a day."""
    first, second = RoadJudge(), RoadJudge()
    _run(first, [[_blob("hole")]] * 5)
    second.resume({"r": first.view("r").told})
    assert second.view("r").surface is Surface.UNKNOWN
    assert _run(second, [[]] * 100, begin_us=10 * S) == []
    assert second.view("r").surface is Surface.HOLE
    assert [one.kind for one in second.take(90_000 * S, "r", [])] == ["road.surface_restored"]


def test_a_clock_that_is_set_moves_all_times() -> None:
    """A minute back or on in the midst of it changes nothing but the times."""
    for step_us in (-60 * S, 60 * S):
        judge = RoadJudge()
        assert _run(judge, [[_blob("hole")]] * 2, begin_us=100 * S) == []
        judge.shift(step_us)
        (found,) = _run(judge, [[_blob("hole")]] * 4, begin_us=102 * S + step_us)
        assert (found.t_us, found.data["since_us"]) == (103 * S + step_us, 100 * S + step_us)


def test_events_stand_in_the_profile() -> None:
    """Each has a severity."""
    assert load_profiles()["camera_zone"].spec.events.keys() >= EVENTS


@settings(max_examples=60, deadline=None)
@given(st.lists(LOOK, max_size=40), st.sampled_from([200_000, S, 5 * S, 300 * S]))
def test_whatever_is_seen_events_and_states_agree(looks: list[list[tuple[Box, str]]], step_us: int) -> None:
    """A hole needs three looks that say hole or water there; what is told is told once until it is restored."""
    judge = RoadJudge()
    for at, look in enumerate(looks):
        for found in judge.take(at * step_us, "r", [_blob(kind, box=box) for box, kind in look]):
            if found.kind in ("road.hole", "road.water"):
                box = tuple(found.data["box"])
                assert sum((box, kind) in before for before in looks[: at + 1] for kind in ("hole", "water")) >= 3
                assert found.t_us - found.data["since_us"] >= 3 * S
        view = judge.view("r")
        assert len(view.changes) <= 64
        assert (view.surface is Surface.SOUND) is (not view.told)


@given(st.permutations(range(4)))
def test_the_order_of_blobs_says_nothing(order: list[int]) -> None:
    """Blobs of one look have none."""
    blobs = [_blob(kind, box=(100 * at, 0, 100 * at + 40, 40)) for at, kind in enumerate(("hole", "water", "object", "sound"))]  # fmt: skip  # noqa: E501
    found = _run(RoadJudge(), [[blobs[at] for at in order]] * 15)
    assert sorted(one.kind for one in found) == ["road.hole", "road.surface_changed", "road.water"]

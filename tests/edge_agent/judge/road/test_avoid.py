"""Traffic bends away: told after few passages that all miss what was always crossed, and never without that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.profile import load_profiles
from edge_agent.judge.road.avoid import EVENTS, AvoidReason, Standing
from edge_agent.judge.road.passage import Mover
from tests.edge_agent.judge.road.ways import LONG_M, PX_M, STEP_S, Road, round_the_middle, vehicle

MIDDLE = np.array([(7.0, 3.5), (9.0, 3.5), (9.0, 4.5), (7.0, 4.5)])


def _avoid(road: Road, *, most: int = 12, y: float = 4.0) -> int:
    """Let vehicles bend round the middle until it is told; return how many did."""
    for number in range(1, most + 1):
        if road.drive(y, bend=round_the_middle):
            return number
    return 0


def test_a_crossing_way_that_moves_is_told_within_a_few_passages() -> None:
    """Four to six of them, where it is, since when, how sure; crossed again three times it is over."""
    road = Road()
    assert (road.judge.avoided, road.judge.reason) == ("unknown", "unseen")
    road.learn(4.0)
    assert (road.judge.avoided, road.judge.reason) == ("none", "")
    began_us = road.t_us
    assert 4 <= _avoid(road) <= 6
    (found,) = road.found
    assert (found.kind, found.data["reason"], found.data["class"]) == ("road.avoided", "missed", "road")
    assert began_us < found.data["since_us"] < began_us + 10_000_000
    assert (found.data["passages"] >= 4, found.data["score"] > 0.999, found.data["area_m2"] > 3) == (True,) * 3
    x0, y0, x1, y1 = (one / PX_M for one in found.data["box"])
    assert (x0 < LONG_M / 2 < x1, y0 >= 2.5, y1 <= 5.5, y0 < 4.0 < y1) == (True,) * 4
    assert road.judge.avoided == "road"
    assert [road.drive(4.0) for _ in range(2)] == [[], []]
    (over,) = road.drive(4.0)
    assert (over.kind, over.data["reason"], road.judge.avoided) == ("road.avoided_over", "crossed", "none")


def test_it_is_told_while_one_direction_bends_and_the_other_drives_on() -> None:
    """What comes the other way, on its own lane, says nothing of this one."""
    road = Road()
    for _ in range(20):
        road.drive(2.5)
        road.drive(6.0, back=True)
    for _ in range(30):
        road.drive(6.0, back=True)
    assert road.found == []
    for _ in range(7):
        road.drive(2.5, bend=round_the_middle)
        road.drive(6.0, back=True)
    assert [one.kind for one in road.found] == ["road.avoided"]


def test_without_traffic_nothing_is_known_and_nothing_told() -> None:
    """An empty road, too few vehicles, too short a while, people who walk: unknown, which is no key."""
    road = Road()
    for _ in range(600):
        road.look()
    assert (road.judge.avoided, road.judge.reason) == ("unknown", AvoidReason.TRAFFIC)
    road.learn(4.0, count=11)
    assert road.judge.avoided == "unknown"
    assert _avoid(road) == 0
    walkers = Road()
    for number in range(700):
        walkers.look(vehicle(1.3 * STEP_S * (number % 24), 4.0, long_m=0.6, wide_m=0.6))
    assert (walkers.judge.avoided, walkers.found) == ("unknown", [])


def test_nobody_drives_any_more_is_no_avoiding() -> None:
    """The road is closed, or it is night; after a while it is unknown."""
    road = Road()
    road.learn(4.0)
    for _ in range(300):
        road.look()
    assert (road.judge.avoided, road.found) == ("none", [])
    for _ in range(6_000):
        road.look()
    assert (road.judge.avoided, road.found) == ("unknown", [])


def test_what_stands_there_is_an_obstacle_until_it_has_left() -> None:
    """A parked lorry; when traffic still bends away after it has left, it is the road."""
    road = Road()
    road.learn(4.0)
    road.standing = [Standing(MIDDLE, obstacle=True)]
    assert _avoid(road) >= 4
    assert (road.found[0].data["class"], road.judge.avoided) == ("obstacle", "obstacle")
    road.standing = ()
    for _ in range(3):
        road.drive(4.0, bend=round_the_middle)
    assert [(one.kind, one.data["reason"]) for one in road.found[1:]] == [("road.avoided_over", "left")]
    assert _avoid(road) >= 2
    assert road.judge.avoided == "road"


def test_nothing_is_told_before_it_is_known_what_lies_there() -> None:
    """Somebody has to look at it first; a hole is no obstacle."""
    road = Road()
    road.learn(4.0)
    road.standing = [Standing(MIDDLE, obstacle=None)]
    assert _avoid(road) == 0
    road.standing = [Standing(MIDDLE, obstacle=False)]
    assert [one.data["class"] for one in road.look()] == ["road"]


def test_whatever_touches_it_breaks_the_run() -> None:
    """What somebody with a cart crosses between vehicles is not avoided, and nobody drove there unseen."""
    road = Road()
    road.learn(4.0)
    for _ in range(14):
        road.drive(4.0, bend=round_the_middle)
        for step in range(8):
            road.look(vehicle(2.0 * step, 4.0, long_m=1.9, wide_m=2.0))
    assert road.found == []


def test_a_smear_on_the_lens_hides_vehicles_and_bends_none() -> None:
    """Over 3 m of the lane nothing is seen any more: the same fault that looks like a hole is no second key."""
    road = Road()
    road.learn(4.0)
    for _ in range(30):
        for step in range(7):
            x = -2.0 + 3.2 * step
            road.look(*([] if abs(x - 8.0) < 1.7 else [vehicle(x, 4.0)]))
        for _ in range(4):
            road.look()
    assert road.found == []


@pytest.mark.parametrize("reason", ["moved", "other", "size", "dark", "covered"])
def test_unseen_is_unknown_and_a_run_begins_anew(reason: str) -> None:
    """After a camera was moved all is learned anew: what lay elsewhere was another place."""
    road = Road()
    road.learn(4.0)
    for _ in range(3):
        road.drive(4.0, bend=round_the_middle)
    road.judge.unseen(road.t_us, reason=reason)
    assert (road.judge.avoided, road.judge.reason) == ("unknown", reason)
    told = _avoid(road, most=8)
    assert (told == 0) is (reason in ("moved", "other", "size"))
    assert told == 0 or told >= 4


def test_a_clock_that_is_set_moves_the_times() -> None:
    """A minute back in the midst of it."""
    road = Road()
    road.learn(4.0)
    road.judge.shift(-60_000_000)
    road.t_us -= 60_000_000
    began_us = road.t_us
    assert _avoid(road) >= 4
    assert road.found[0].data["since_us"] >= began_us


def test_an_hour_later_it_is_where_traffic_drives() -> None:
    """It ends by itself; nothing is told of it again."""
    road = Road()
    road.learn(4.0)
    _avoid(road)
    for _ in range(60):
        road.t_us += 60_000_000
        road.drive(4.0, bend=round_the_middle)
    assert [(one.kind, one.data["reason"]) for one in road.found[1:]] == [("road.avoided_over", "settled")]


def test_events_stand_in_the_profile() -> None:
    """Each has a severity."""
    assert load_profiles()["camera_zone"].spec.events.keys() >= EVENTS


@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    lanes=st.lists(st.floats(1.5, 6.5), min_size=1, max_size=2),
    share=st.floats(0.1, 0.9),
    spread_m=st.floats(0.0, 0.6),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_same_distribution_of_ways_is_never_told(
    lanes: list[float], share: float, spread_m: float, seed: int
) -> None:
    """Whatever lanes they take and however they waver, in whatever order."""
    rng, road = np.random.default_rng(seed), Road()
    for _ in range(90):
        lane = lanes[0] if len(lanes) == 1 or rng.random() < share else lanes[1]
        road.drive(lane + rng.normal(0, spread_m), mps=rng.uniform(6, 11), back=bool(rng.random() < 0.2))
    assert road.found == []


@settings(max_examples=4, deadline=None)
@given(lane=st.floats(2.5, 4.5), spread_m=st.floats(0.0, 0.2), seed=st.integers(0, 2**32 - 1))
def test_a_way_that_moves_by_more_than_a_vehicle_is_always_told(lane: float, spread_m: float, seed: int) -> None:
    """Wherever the lane is; the patch lies on it."""
    rng, road = np.random.default_rng(seed), Road()
    for _ in range(40):
        road.drive(lane + rng.normal(0, spread_m))
    assert road.found == []
    for _ in range(20):
        road.drive(lane + rng.normal(0, spread_m), bend=round_the_middle)
    assert [one.data["class"] for one in road.found] == ["road"]
    _, y0, _, y1 = (one / PX_M for one in road.found[0].data["box"])
    assert y0 < lane + 0.5
    assert y1 > lane - 0.5


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.floats(-20, 40), st.floats(-20, 40), st.floats(0.1, 9)), max_size=15), max_size=20)
)
def test_whatever_moves_is_survived(looks: list[list[tuple[float, float, float]]]) -> None:
    """Things anywhere, of any size, as many as there may be; too little traffic is never a key."""
    road = Road()
    for look in looks:
        road.look(*(vehicle(x, y, long_m=size, wide_m=size) for x, y, size in look))
        road.look(*(Mover(np.array([(x, y)]), size) for x, y, size in look))
    assert (road.judge.avoided, road.found) == ("unknown", [])

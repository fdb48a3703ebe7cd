"""Stays: how long a vehicle stood, over hours unseen, restarts and frames that err."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.judge.berth.berth import FREED, OCCUPIED, UNKNOWN, BerthJudge, Spot
from edge_agent.judge.berth.limits import BerthLimits
from edge_agent.judge.berth.stay import Stay
from edge_agent.judge.finding import Finding
from tests.edge_agent.judge.berth.rig import START, STEPS_S, S, enough, feed, kinds, steady, steps


@pytest.mark.parametrize("step_s", STEPS_S)
def test_a_stay_is_told_with_its_length(step_s: float) -> None:
    """Arrival and departure are said once each, and the dwell time is the time between the first looks of both."""
    judge = BerthJudge()
    before, during = enough(step_s), 3 * enough(step_s)
    looks = steady(step_s, 0.03, looks=before)
    looks += steady(step_s, 0.97, looks=during, after_s=looks[-1][0])
    looks += steady(step_s, 0.03, looks=before, after_s=looks[-1][0])
    occupied, freed = feed(judge, looks)
    assert (occupied.kind, freed.kind) == (OCCUPIED, FREED)
    assert occupied.data["arrived_us"] == START + round((before + 1) * step_s * S)
    assert freed.data["dwell_s"] == pytest.approx(during * step_s)
    assert not freed.data["at_least"]
    assert occupied.t_us - occupied.data["arrived_us"] <= max(6.0, 2 * step_s) * S
    assert (occupied.data["zone"], occupied.data["reason"]) == ("1", "seen")
    assert occupied.data["score"] >= (0.8 if step_s <= 10 else 0.6)  # one look against what was known


@given(steps, st.integers(2, 40), st.booleans())
def test_unknown_neither_confirms_nor_ends_a_stay(step_s: float, looks: int, blind: bool) -> None:
    """A stay goes on over an hour in which nobody could tell, whether the model or the camera."""
    looks = min(looks, int(3500 / step_s) - 1)
    judge = BerthJudge()
    begin = steady(step_s, 0.02, looks=enough(step_s))
    begin += steady(step_s, 0.98, looks=enough(step_s), after_s=begin[-1][0])
    (arrived,) = feed(judge, begin)
    at_s = begin[-1][0]
    if blind:
        judge.unseen("1", START + round((at_s + step_s) * S))
    lost = feed(judge, steady(step_s, None, looks=looks, after_s=at_s))
    assert set(kinds(lost)) <= {UNKNOWN}
    found = feed(judge, steady(step_s, 0.98, looks=enough(step_s), after_s=at_s + looks * step_s))
    assert all(one.kind == OCCUPIED and one.data["arrived_us"] == arrived.data["arrived_us"] for one in found)
    assert judge.view("1").state is Spot.OCCUPIED


def test_what_left_unseen_stayed_at_least_until_it_was_seen_last() -> None:
    """A berth that is free when it is seen again: the stay is no longer than what was seen of it, and says so."""
    judge = BerthJudge()
    feed(judge, steady(1, 0.02, looks=20) + steady(1, 0.98, looks=100, after_s=20))
    (lost,) = judge.unseen("1", START + 121 * S)
    (freed,) = feed(judge, steady(1, 0.02, looks=20, after_s=500))
    assert (lost.kind, lost.data["score"], lost.data["was"]) == (UNKNOWN, None, "occupied")
    assert freed.data["dwell_s"] == pytest.approx(99)
    assert freed.data["at_least"]
    assert freed.data["reason"] == "seen_again"


def test_after_more_than_an_hour_nobody_says_that_it_is_the_same_vehicle() -> None:
    """Who stood there stayed at least until it was seen last; who stands there now has a stay of its own."""
    judge = BerthJudge()
    feed(judge, steady(1, 0.02, looks=20) + steady(1, 0.98, looks=100, after_s=20))
    judge.unseen("1", START + 121 * S)
    (back,) = feed(judge, steady(1, 0.98, looks=20, after_s=4000))
    assert (back.kind, back.data["arrived_us"]) == (OCCUPIED, START + 4001 * S)
    assert (back.data["at_least"], back.data["gap"], back.data["unseen_s"]) == (True, True, 0)
    assert back.data["earlier_dwell_s"] == pytest.approx(99)


def _before(told: Spot, *, seen_s: float) -> BerthJudge:
    """Return the judge of an agent that follows one that saw a vehicle from START on, ``seen_s`` long."""
    stay = None if told is Spot.FREE else Stay(START, START + round(seen_s * S))
    judge = BerthJudge()
    judge.resume({"1": (stay, told)})
    return judge


def test_a_restart_is_no_event_and_no_departure() -> None:
    """The vehicle stands there again: nothing is told anew, and in the end its dwell says how long nobody saw it."""
    judge = _before(Spot.OCCUPIED, seen_s=600)
    assert feed(judge, steady(0.2, 0.98, looks=200, after_s=700)) == []
    (freed,) = feed(judge, steady(0.2, 0.02, looks=50, after_s=740))
    assert freed.data["dwell_s"] == pytest.approx(740, abs=1)
    assert (freed.data["unseen_s"], freed.data["gap"]) == (pytest.approx(100, abs=1), True)
    assert feed(_before(Spot.FREE, seen_s=0), steady(0.2, 0.02, looks=200)) == []


def test_what_has_changed_over_a_restart_is_told() -> None:
    """It left: at the last moment that it was seen. One came: nobody knows when. Nobody sees: that is told too."""
    (freed,) = feed(_before(Spot.OCCUPIED, seen_s=600), steady(0.2, 0.02, looks=50, after_s=700))
    assert (freed.data["dwell_s"], freed.data["at_least"], freed.data["reason"]) == (600, True, "seen_again")
    (came,) = feed(_before(Spot.FREE, seen_s=0), steady(0.2, 0.98, looks=50, after_s=700))
    assert (came.kind, came.data["at_least"]) == (OCCUPIED, True)
    blind = _before(Spot.OCCUPIED, seen_s=600)
    (lost,) = blind.unseen("1", START + 700 * S)
    assert (lost.kind, lost.data["was"]) == (UNKNOWN, "occupied")
    assert blind.unseen("1", START + 701 * S) == []


def test_a_stay_of_the_future_is_not_claimed() -> None:
    """The clock was set back while the agent was away: nobody knows how long it stood there."""
    judge = _before(Spot.OCCUPIED, seen_s=86_400)
    (freed,) = feed(judge, steady(0.2, 0.02, looks=50))
    assert "dwell_s" not in freed.data


def test_a_vehicle_that_stood_there_before_has_a_stay_of_at_least() -> None:
    """Who was there at the first look arrived nobody knows when."""
    judge = BerthJudge()
    (freed,) = feed(judge, steady(1, 0.98, looks=60) + steady(1, 0.02, looks=20, after_s=60))
    assert freed.data["at_least"]


def _after_one_free_look(*more: float, limits: BerthLimits | None = None) -> list[Finding]:
    """Return what is said of a berth with a vehicle for a quarter of an hour, one look that saw nobody, and others."""
    judge = BerthJudge(limits)
    looks = [*[0.03] * 5, *[0.97] * 15, 0.03, *more]
    return feed(judge, [(60 * at, p) for at, p in enumerate(looks)])


def test_of_stills_one_look_that_errs_splits_no_stay() -> None:
    """The departure is told at once; the next look takes it back by name, and in the end the stay has its length."""
    came, left, back, gone = _after_one_free_look(0.97, 0.96, 0.02, 0.02)
    assert (left.kind, left.data["dwell_s"]) == (FREED, 15 * 60)
    assert (back.kind, back.data["reason"], back.data["joined"]) == (OCCUPIED, "seen_again", 1)
    assert back.data["not_left_us"] == left.data["left_us"]
    assert back.data["arrived_us"] == came.data["arrived_us"] == gone.data["arrived_us"]
    assert (gone.data["dwell_s"], gone.data["joined"]) == (18 * 60, 1)
    _, _, unsure, again, _, end = _after_one_free_look(0.97, 0.03, 0.97, 0.97, 0.02, 0.02)
    assert unsure.data["joined"] == 1
    assert (again.kind, end.data["joined"]) == (FREED, 2)


def test_of_stills_two_looks_that_see_nobody_end_a_stay() -> None:
    """And so does one where vehicles change sooner, or one that comes seldom: then another one is likelier."""
    for found in (
        _after_one_free_look(0.03, 0.97, 0.97),
        _after_one_free_look(0.97, 0.97, limits=BerthLimits(stays_us=120 * S)),
    ):
        assert kinds(found) == [OCCUPIED, FREED, OCCUPIED]
        assert found[2].data["arrived_us"] > found[1].data["left_us"]
        assert "joined" not in found[2].data
    judge = BerthJudge()
    found = feed(judge, [(600 * at, p) for at, p in enumerate([0.03] * 3 + [0.97] * 3 + [0.03] + [0.97] * 2)])
    assert "joined" not in found[-1].data


def test_of_stills_the_second_one_may_say_that_somebody_left() -> None:
    """Who stood there on the first one was there for at least a minute."""
    (left,) = feed(BerthJudge(), [(60, 0.97), (120, 0.02), (180, 0.02)])
    assert (left.kind, left.data["dwell_s"], left.data["at_least"]) == (FREED, 60, True)
    assert feed(BerthJudge(), [(60, 0.6), (120, 0.02), (180, 0.02)]) == []  # the first one could hardly tell


@pytest.mark.parametrize(("step_s", "looks", "least"), [(0.2, (150, 1500), 0.9), (60.0, (10, 90), 0.85)])
def test_most_stays_keep_their_length_although_frames_err(step_s: float, looks: tuple[int, int], least: float) -> None:
    """With three frames in a hundred wrong nine stays of ten have their length, also of stills; by frames few."""
    chance, judge = random.Random(6), BerthJudge()
    truth: list[tuple[float, float]] = []
    findings: list[Finding] = []
    now, whole = 0, 0
    for number in range(101):
        wrong = [chance.random() < 0.03 for _ in range(chance.randint(*looks))]
        if full := bool(number % 2):
            truth.append((now * step_s, (now + len(wrong)) * step_s))
            whole += not any(wrong)
        for err in wrong:
            p = chance.uniform(0.6, 0.99)
            findings += judge.take(START + round(now * step_s * S), "1", p if full is not err else 1 - p)
            now += 1
    told = {one.data["arrived_us"]: one.data for one in findings if one.kind == FREED}
    right = sum(_is_told(told, *stay, slack_s=max(3.0, 1.5 * step_s)) for stay in truth)
    assert right >= least * len(truth)
    assert whole < 0.5 * len(truth)


def _is_told(told: dict[int, dict[str, float]], begin_s: float, end_s: float, *, slack_s: float) -> bool:
    """Return whether one stay that was told begins and ends where it did."""
    return any(
        abs(one["arrived_us"] - START - begin_s * S) <= slack_s * S
        and abs(one["left_us"] - START - end_s * S) <= slack_s * S
        for one in told.values()
    )

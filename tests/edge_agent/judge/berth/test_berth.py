"""The judge of berths: states by time, single wrong frames that change none, an unknown that decides nothing."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.judge.berth.berth import FREED, OCCUPIED, UNKNOWN, BerthJudge, Spot
from edge_agent.judge.berth.limits import PLAIN
from tests.edge_agent.judge.berth.rig import START, S, enough, feed, steady, steps

sure = st.floats(0.9, 1.0)


@given(steps, sure, st.booleans())
def test_a_steady_state_is_known_at_any_rate_without_an_event(step_s: float, p: float, full: bool) -> None:
    """Five frames a second or one still in five minutes: the first state is known, and it is no change."""
    judge = BerthJudge()
    assert feed(judge, steady(step_s, p if full else 1 - p, looks=enough(step_s))) == []
    assert judge.view("1").state == (Spot.OCCUPIED if full else Spot.FREE)
    assert judge.view("1").score > 0.9


@given(st.lists(st.tuples(st.floats(0.02, 90), sure), min_size=5, max_size=60), st.randoms(use_true_random=False))
def test_order_and_rate_of_frames_change_no_long_steady_state(
    looks: list[tuple[float, float]], chance: random.Random
) -> None:
    """Frames that come early, late, bunched or in disorder leave an occupied berth occupied."""
    judge = BerthJudge()
    feed(judge, steady(1, 0.97, looks=30))
    times, now = [], 30.0
    for gap_s, p in looks:
        now += gap_s
        times.append((now + chance.uniform(-1.5, 1.5), p))
    assert feed(judge, times) == []
    assert judge.view("1").state is Spot.OCCUPIED


@given(steps, st.sets(st.integers(1, 60), max_size=20), st.booleans())
def test_single_wrong_frames_are_no_change(step_s: float, wrong: set[int], full: bool) -> None:
    """A frame that errs between others is no event: of dense ones however surely, of far ones when it is not sure."""
    apart = 1 if step_s < 5 else 3  # of far ones each counts: two wrong ones of three are no single one
    single = {at for at in wrong if not wrong & ({*range(at - apart, at + apart + 1)} - {at})}
    judge = BerthJudge()
    doubt = {60.0: 0.08, 300.0: 0.25}.get(step_s, 0.02)
    right, err = (0.98, doubt) if full else (0.02, 1 - doubt)
    feed(judge, steady(step_s, right, looks=enough(step_s)))
    begin_s = enough(step_s) * step_s
    looks = [(begin_s + (at + 1) * step_s, err if at in single else right) for at in range(62)]
    assert feed(judge, looks) == []


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=80), steps)
def test_no_event_without_a_change_of_state(ps: list[float | None], step_s: float) -> None:
    """Whatever is seen: each event stands for another state than the one before, and the state is the last event's."""
    judge = BerthJudge()
    word = {OCCUPIED: Spot.OCCUPIED, FREED: Spot.FREE, UNKNOWN: Spot.UNKNOWN}
    for number, p in enumerate(ps):
        before = judge.view("1")
        found = judge.take(START + round(number * step_s * S), "1", p)
        after = judge.view("1")
        assert len(found) <= 1
        assert [word[one.kind] for one in found] in ([], [after.state])
        assert not found or after.state is not before.state
        assert found or after.state is before.state or not before.known  # silent until it is known once


def test_an_unknown_alone_never_makes_a_state() -> None:
    """Without a single look that tells, a berth is unknown for ever, and says nothing."""
    judge = BerthJudge()
    assert feed(judge, steady(1, None, looks=100)) == []
    assert judge.unseen("1", START + 200 * S) == []
    assert judge.view("1").state is Spot.UNKNOWN
    assert judge.view("1").score == 0


def test_before_anything_is_decided_the_looks_so_far_speak() -> None:
    """From the very first look on there is a state, mostly of the last look; it changes without an event."""
    judge = BerthJudge()
    assert feed(judge, [(0, 0.4)]) == []
    assert (judge.view("1").state, judge.view("1").score) == (Spot.FREE, pytest.approx(0.6))
    assert feed(judge, [(0.2, 0.9)]) == []
    assert (judge.view("1").state, judge.view("1").score) == (Spot.OCCUPIED, pytest.approx(0.7))
    assert judge.unseen("1", START + S) == []
    assert judge.view("1").state is Spot.UNKNOWN


def test_after_unknown_a_single_look_decides_nothing() -> None:
    """What was known once is known again only when looks agree, also when nobody looked for an hour before them."""
    judge = BerthJudge()
    feed(judge, steady(1, 0.95, looks=20))
    judge.unseen("1", START + 21 * S)
    assert feed(judge, [(22, 0.05), (3600, None), (3601, 0.05)]) == []
    assert judge.view("1").state is Spot.UNKNOWN


def test_of_stills_a_single_one_decides_after_unknown_when_it_is_sure() -> None:
    """The next one comes in a minute, and says no more; one that is not sure waits for it."""
    for p, known in ((0.05, Spot.FREE), (0.3, Spot.UNKNOWN)):
        judge = BerthJudge()
        feed(judge, steady(60, 0.95, looks=4))
        judge.unseen("1", START + 300 * S)
        feed(judge, [(360, p)])
        assert judge.view("1").state is known


@pytest.mark.parametrize(
    ("step_s", "p", "late"),
    [
        (1.0, 0.001, 5),
        (10.0, 0.02, 1),
        (60.0, 0.04, 0),
        (60.0, 0.2, 1),
        (300.0, 0.15, 0),
        (300.0, 0.3, 1),
        (1800, 0.4, 0),
    ],
)
def test_a_look_alone_decides_when_it_doubts_less_than_a_change_is_likely(step_s: float, p: float, late: int) -> None:
    """Looks that come minutes apart: a sure one needs no second; an unsure one does, and is right with it."""
    judge = BerthJudge()
    feed(judge, steady(step_s, 0.97, looks=60))
    after = steady(step_s, p, looks=6, after_s=60 * step_s)
    states = [feed(judge, [look]) and judge.view("1").state for look in after]
    assert [bool(one) for one in states] == [at == late for at in range(6)]
    assert judge.view("1").state is Spot.FREE


def test_of_stills_an_arrival_is_the_first_look_that_saw_it() -> None:
    """Also right after the look by which it was known to be free; never one that saw nothing there."""
    for looks in range(1, 6):
        judge = BerthJudge()
        feed(judge, steady(60, 0.02, looks=looks))
        (came,) = feed(judge, [(60 * (looks + 1), 0.98)])
        assert came.data["arrived_us"] == START + 60 * (looks + 1) * S
        (left,) = feed(judge, [(60 * (looks + 2), 0.02)])
        assert left.data["dwell_s"] == 60


def test_after_one_long_gap_dense_looks_still_have_to_agree() -> None:
    """A camera of five looks a second that was away for an hour: its first picture alone decides nothing."""
    judge = BerthJudge()
    feed(judge, steady(0.2, 0.97, looks=100))
    assert feed(judge, [(3600, 0.001), (3600.2, 0.97), (3600.4, 0.97)]) == []
    assert judge.view("1").state is Spot.OCCUPIED


def test_a_clock_that_stands_or_leaps_is_no_rate_of_looks() -> None:
    """Looks of one instant, and one far ahead, are weighed without an error and stay within the scale."""
    judge = BerthJudge()
    for at_s in (0, 0, 0, 1e9, 2e9, 2e9, 3e9):
        for p in (0.0, 1.0):
            feed(judge, [(at_s, p)])
            assert 0 <= judge.view("1").vehicle <= 1


def test_a_clock_that_was_set_stops_nothing() -> None:
    """After a step back by an hour a departure is seen as fast as before, and the stay keeps its length."""
    judge = BerthJudge()
    feed(judge, steady(1, 0.02, looks=20) + steady(1, 0.98, looks=100, after_s=20))
    (freed,) = feed(judge, steady(1, 0.02, looks=20, after_s=120 - 3600))
    assert freed.kind == FREED
    assert freed.data["dwell_s"] == pytest.approx(100, abs=2)


def test_a_shift_moves_all_times() -> None:
    """An agent that knows of the step says so, and nothing is longer or shorter."""
    judge = BerthJudge()
    feed(judge, steady(1, 0.02, looks=20) + steady(1, 0.98, looks=100, after_s=20))
    judge.shift(7200 * S)
    (freed,) = feed(judge, steady(1, 0.02, looks=20, after_s=120 + 7200))
    assert freed.data["dwell_s"] == pytest.approx(100)


def test_without_hysteresis_each_look_decides() -> None:
    """The limits of `--no-hysteresis`: the model's word, and nothing else."""
    judge = BerthJudge(PLAIN)
    states = []
    for number, p in enumerate((0.9, 0.1, None, 0.51, 0.5, 0.49)):
        judge.take(START + number * S // 5, "1", p)
        states.append(str(judge.view("1").state))
    assert states == ["occupied", "free", "unknown", "occupied", "occupied", "free"]

"""The judge of berths: states by time, stays that single wrong frames do not break, an unknown that decides nothing."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.judge.berth.berth import FREED, OCCUPIED, UNKNOWN, BerthJudge, Spot
from edge_agent.judge.berth.limits import PLAIN, BerthLimits
from edge_agent.judge.berth.stay import Stay
from edge_agent.judge.finding import Finding

S = 1_000_000
START = 1_763_600_000 * S
STEPS_S = (0.04, 0.2, 1.0, 10.0, 60.0, 300.0)

steps = st.sampled_from(STEPS_S)
sure = st.floats(0.9, 1.0)


def _feed(judge: BerthJudge, looks: Iterable[tuple[float, float | None]]) -> list[Finding]:
    """Feed looks at seconds; return what was found."""
    return [found for at_s, p in looks for found in judge.take(START + round(at_s * S), "1", p)]


def _steady(step_s: float, p: float | None, *, looks: int, after_s: float = 0.0) -> list[tuple[float, float | None]]:
    return [(after_s + (number + 1) * step_s, p) for number in range(looks)]


def _enough(step_s: float) -> int:
    """Return how many looks at this rate make sure."""
    return max(4, round(12 / step_s))


def _kinds(findings: Iterable[Finding]) -> list[str]:
    return [one.kind for one in findings]


@given(steps, sure, st.booleans())
def test_a_steady_state_is_known_at_any_rate_without_an_event(step_s: float, p: float, full: bool) -> None:
    """Five frames a second or one still in five minutes: the first state is known, and it is no change."""
    judge = BerthJudge()
    assert _feed(judge, _steady(step_s, p if full else 1 - p, looks=_enough(step_s))) == []
    assert judge.view("1").state == (Spot.OCCUPIED if full else Spot.FREE)
    assert judge.view("1").score > 0.9


@given(st.lists(st.tuples(st.floats(0.02, 90), sure), min_size=5, max_size=60), st.randoms(use_true_random=False))
def test_order_and_rate_of_frames_change_no_long_steady_state(
    looks: list[tuple[float, float]], chance: random.Random
) -> None:
    """Frames that come early, late, bunched or in disorder leave an occupied berth occupied."""
    judge = BerthJudge()
    _feed(judge, _steady(1, 0.97, looks=30))
    times, now = [], 30.0
    for gap_s, p in looks:
        now += gap_s
        times.append((now + chance.uniform(-1.5, 1.5), p))
    assert _feed(judge, times) == []
    assert judge.view("1").state is Spot.OCCUPIED


@given(steps, st.sets(st.integers(1, 60), max_size=20), st.booleans())
def test_single_wrong_frames_are_no_change(step_s: float, wrong: set[int], full: bool) -> None:
    """A frame that errs between others is no event: of dense ones however surely, of far ones when it is not sure."""
    apart = 1 if step_s < 5 else 3  # of far ones each counts: two wrong ones of three are no single one
    single = {at for at in wrong if not wrong & ({*range(at - apart, at + apart + 1)} - {at})}
    judge = BerthJudge()
    doubt = {60.0: 0.08, 300.0: 0.25}.get(step_s, 0.02)
    right, err = (0.98, doubt) if full else (0.02, 1 - doubt)
    _feed(judge, _steady(step_s, right, looks=_enough(step_s)))
    begin_s = _enough(step_s) * step_s
    looks = [(begin_s + (at + 1) * step_s, err if at in single else right) for at in range(62)]
    assert _feed(judge, looks) == []


@pytest.mark.parametrize("step_s", STEPS_S)
def test_a_stay_is_told_with_its_length(step_s: float) -> None:
    """Arrival and departure are said once each, and the dwell time is the time between the first looks of both."""
    judge = BerthJudge()
    before, during = _enough(step_s), 3 * _enough(step_s)
    looks = _steady(step_s, 0.03, looks=before)
    looks += _steady(step_s, 0.97, looks=during, after_s=looks[-1][0])
    looks += _steady(step_s, 0.03, looks=before, after_s=looks[-1][0])
    occupied, freed = _feed(judge, looks)
    assert (occupied.kind, freed.kind) == (OCCUPIED, FREED)
    assert occupied.data["arrived_us"] == START + round((before + 1) * step_s * S)
    assert freed.data["dwell_s"] == pytest.approx(during * step_s)
    assert not freed.data["at_least"]
    assert occupied.t_us - occupied.data["arrived_us"] <= max(6.0, 2 * step_s) * S
    assert (occupied.data["zone"], occupied.data["reason"]) == ("1", "seen")
    assert occupied.data["score"] >= (0.8 if step_s <= 10 else 0.6)  # one look against what was known


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


@given(steps, st.integers(2, 40), st.booleans())
def test_unknown_neither_confirms_nor_ends_a_stay(step_s: float, looks: int, blind: bool) -> None:
    """A stay goes on over an hour in which nobody could tell, whether the model or the camera."""
    looks = min(looks, int(3500 / step_s) - 1)
    judge = BerthJudge()
    begin = _steady(step_s, 0.02, looks=_enough(step_s))
    begin += _steady(step_s, 0.98, looks=_enough(step_s), after_s=begin[-1][0])
    (arrived,) = _feed(judge, begin)
    at_s = begin[-1][0]
    if blind:
        judge.unseen("1", START + round((at_s + step_s) * S))
    lost = _feed(judge, _steady(step_s, None, looks=looks, after_s=at_s))
    assert set(_kinds(lost)) <= {UNKNOWN}
    found = _feed(judge, _steady(step_s, 0.98, looks=_enough(step_s), after_s=at_s + looks * step_s))
    assert all(one.kind == OCCUPIED and one.data["arrived_us"] == arrived.data["arrived_us"] for one in found)
    assert judge.view("1").state is Spot.OCCUPIED


def test_an_unknown_alone_never_makes_a_state() -> None:
    """Without a single look that tells, a berth is unknown for ever, and says nothing."""
    judge = BerthJudge()
    assert _feed(judge, _steady(1, None, looks=100)) == []
    assert judge.unseen("1", START + 200 * S) == []
    assert judge.view("1").state is Spot.UNKNOWN
    assert judge.view("1").score == 0


def test_what_left_unseen_stayed_at_least_until_it_was_seen_last() -> None:
    """A berth that is free when it is seen again: the stay is no longer than what was seen of it, and says so."""
    judge = BerthJudge()
    _feed(judge, _steady(1, 0.02, looks=20) + _steady(1, 0.98, looks=100, after_s=20))
    (lost,) = judge.unseen("1", START + 121 * S)
    (freed,) = _feed(judge, _steady(1, 0.02, looks=20, after_s=500))
    assert (lost.kind, lost.data["score"], lost.data["was"]) == (UNKNOWN, None, "occupied")
    assert freed.data["dwell_s"] == pytest.approx(99)
    assert freed.data["at_least"]
    assert freed.data["reason"] == "seen_again"


def test_after_more_than_an_hour_nobody_says_that_it_is_the_same_vehicle() -> None:
    """Who stood there stayed at least until it was seen last; who stands there now has a stay of its own."""
    judge = BerthJudge()
    _feed(judge, _steady(1, 0.02, looks=20) + _steady(1, 0.98, looks=100, after_s=20))
    judge.unseen("1", START + 121 * S)
    (back,) = _feed(judge, _steady(1, 0.98, looks=20, after_s=4000))
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
    assert _feed(judge, _steady(0.2, 0.98, looks=200, after_s=700)) == []
    (freed,) = _feed(judge, _steady(0.2, 0.02, looks=50, after_s=740))
    assert freed.data["dwell_s"] == pytest.approx(740, abs=1)
    assert (freed.data["unseen_s"], freed.data["gap"]) == (pytest.approx(100, abs=1), True)
    assert _feed(_before(Spot.FREE, seen_s=0), _steady(0.2, 0.02, looks=200)) == []


def test_what_has_changed_over_a_restart_is_told() -> None:
    """It left: at the last moment that it was seen. One came: nobody knows when. Nobody sees: that is told too."""
    (freed,) = _feed(_before(Spot.OCCUPIED, seen_s=600), _steady(0.2, 0.02, looks=50, after_s=700))
    assert (freed.data["dwell_s"], freed.data["at_least"], freed.data["reason"]) == (600, True, "seen_again")
    (came,) = _feed(_before(Spot.FREE, seen_s=0), _steady(0.2, 0.98, looks=50, after_s=700))
    assert (came.kind, came.data["at_least"]) == (OCCUPIED, True)
    blind = _before(Spot.OCCUPIED, seen_s=600)
    (lost,) = blind.unseen("1", START + 700 * S)
    assert (lost.kind, lost.data["was"]) == (UNKNOWN, "occupied")
    assert blind.unseen("1", START + 701 * S) == []


def test_a_stay_of_the_future_is_not_claimed() -> None:
    """The clock was set back while the agent was away: nobody knows how long it stood there."""
    judge = _before(Spot.OCCUPIED, seen_s=86_400)
    (freed,) = _feed(judge, _steady(0.2, 0.02, looks=50))
    assert "dwell_s" not in freed.data


def test_a_vehicle_that_stood_there_before_has_a_stay_of_at_least() -> None:
    """Who was there at the first look arrived nobody knows when."""
    judge = BerthJudge()
    (freed,) = _feed(judge, _steady(1, 0.98, looks=60) + _steady(1, 0.02, looks=20, after_s=60))
    assert freed.data["at_least"]


def test_before_anything_is_decided_the_looks_so_far_speak() -> None:
    """From the very first look on there is a state, mostly of the last look; it changes without an event."""
    judge = BerthJudge()
    assert _feed(judge, [(0, 0.4)]) == []
    assert (judge.view("1").state, judge.view("1").score) == (Spot.FREE, pytest.approx(0.6))
    assert _feed(judge, [(0.2, 0.9)]) == []
    assert (judge.view("1").state, judge.view("1").score) == (Spot.OCCUPIED, pytest.approx(0.7))
    assert judge.unseen("1", START + S) == []
    assert judge.view("1").state is Spot.UNKNOWN


def test_after_unknown_a_single_look_decides_nothing() -> None:
    """What was known once is known again only when looks agree, also when nobody looked for an hour before them."""
    judge = BerthJudge()
    _feed(judge, _steady(1, 0.95, looks=20))
    judge.unseen("1", START + 21 * S)
    assert _feed(judge, [(22, 0.05), (3600, None), (3601, 0.05)]) == []
    assert judge.view("1").state is Spot.UNKNOWN


def test_of_stills_a_single_one_decides_after_unknown_when_it_is_sure() -> None:
    """The next one comes in a minute, and says no more; one that is not sure waits for it."""
    for p, known in ((0.05, Spot.FREE), (0.3, Spot.UNKNOWN)):
        judge = BerthJudge()
        _feed(judge, _steady(60, 0.95, looks=4))
        judge.unseen("1", START + 300 * S)
        _feed(judge, [(360, p)])
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
    _feed(judge, _steady(step_s, 0.97, looks=60))
    after = _steady(step_s, p, looks=6, after_s=60 * step_s)
    states = [_feed(judge, [look]) and judge.view("1").state for look in after]
    assert [bool(one) for one in states] == [at == late for at in range(6)]
    assert judge.view("1").state is Spot.FREE


def test_of_stills_an_arrival_is_the_first_look_that_saw_it() -> None:
    """Also right after the look by which it was known to be free; never one that saw nothing there."""
    for looks in range(1, 6):
        judge = BerthJudge()
        _feed(judge, _steady(60, 0.02, looks=looks))
        (came,) = _feed(judge, [(60 * (looks + 1), 0.98)])
        assert came.data["arrived_us"] == START + 60 * (looks + 1) * S
        (left,) = _feed(judge, [(60 * (looks + 2), 0.02)])
        assert left.data["dwell_s"] == 60


def _after_one_free_look(*more: float, limits: BerthLimits | None = None) -> list[Finding]:
    """Return what is said of a berth with a vehicle for a quarter of an hour, one look that saw nobody, and others."""
    judge = BerthJudge(limits)
    looks = [*[0.03] * 5, *[0.97] * 15, 0.03, *more]
    return _feed(judge, [(60 * at, p) for at, p in enumerate(looks)])


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
        assert _kinds(found) == [OCCUPIED, FREED, OCCUPIED]
        assert found[2].data["arrived_us"] > found[1].data["left_us"]
        assert "joined" not in found[2].data
    judge = BerthJudge()
    found = _feed(judge, [(600 * at, p) for at, p in enumerate([0.03] * 3 + [0.97] * 3 + [0.03] + [0.97] * 2)])
    assert "joined" not in found[-1].data


def test_of_stills_the_second_one_may_say_that_somebody_left() -> None:
    """Who stood there on the first one was there for at least a minute."""
    (left,) = _feed(BerthJudge(), [(60, 0.97), (120, 0.02), (180, 0.02)])
    assert (left.kind, left.data["dwell_s"], left.data["at_least"]) == (FREED, 60, True)
    assert _feed(BerthJudge(), [(60, 0.6), (120, 0.02), (180, 0.02)]) == []  # the first one could hardly tell


def test_after_one_long_gap_dense_looks_still_have_to_agree() -> None:
    """A camera of five looks a second that was away for an hour: its first picture alone decides nothing."""
    judge = BerthJudge()
    _feed(judge, _steady(0.2, 0.97, looks=100))
    assert _feed(judge, [(3600, 0.001), (3600.2, 0.97), (3600.4, 0.97)]) == []
    assert judge.view("1").state is Spot.OCCUPIED


def test_a_clock_that_stands_or_leaps_is_no_rate_of_looks() -> None:
    """Looks of one instant, and one far ahead, are weighed without an error and stay within the scale."""
    judge = BerthJudge()
    for at_s in (0, 0, 0, 1e9, 2e9, 2e9, 3e9):
        for p in (0.0, 1.0):
            _feed(judge, [(at_s, p)])
            assert 0 <= judge.view("1").vehicle <= 1


def test_a_clock_that_was_set_stops_nothing() -> None:
    """After a step back by an hour a departure is seen as fast as before, and the stay keeps its length."""
    judge = BerthJudge()
    _feed(judge, _steady(1, 0.02, looks=20) + _steady(1, 0.98, looks=100, after_s=20))
    (freed,) = _feed(judge, _steady(1, 0.02, looks=20, after_s=120 - 3600))
    assert freed.kind == FREED
    assert freed.data["dwell_s"] == pytest.approx(100, abs=2)


def test_a_shift_moves_all_times() -> None:
    """An agent that knows of the step says so, and nothing is longer or shorter."""
    judge = BerthJudge()
    _feed(judge, _steady(1, 0.02, looks=20) + _steady(1, 0.98, looks=100, after_s=20))
    judge.shift(7200 * S)
    (freed,) = _feed(judge, _steady(1, 0.02, looks=20, after_s=120 + 7200))
    assert freed.data["dwell_s"] == pytest.approx(100)


def test_without_hysteresis_each_look_decides() -> None:
    """The limits of `--no-hysteresis`: the model's word, and nothing else."""
    judge = BerthJudge(PLAIN)
    states = []
    for number, p in enumerate((0.9, 0.1, None, 0.51, 0.5, 0.49)):
        judge.take(START + number * S // 5, "1", p)
        states.append(str(judge.view("1").state))
    assert states == ["occupied", "free", "unknown", "occupied", "occupied", "free"]


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

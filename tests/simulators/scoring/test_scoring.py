"""The scorer: a good run is good, and each counter can rise."""

from pathlib import Path

import msgspec
import pytest

from simulators.observers.packs import Content, PackKey
from simulators.observers.witness import AlarmWord, HonestPath
from simulators.play.loading import load_scenario, load_scenarios
from simulators.scoring.sabotage import DoublingPath, Sabotage, SlowPath, WithholdingPath, observing_path, staged
from simulators.scoring.scoring import COUNTERS, DELIVERED_WITHIN_MS, Observed, Outcome, score

SCENARIO = load_scenarios()["lift-entrapment-between-floors"]
SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
TRUTH = {"stuck": T0, "rescue": T0 + 60 * SECOND}
KEY = PackKey("hz/xiacheng/chaoming/chaoming-01", 5, "event", 1)
PACKS = {KEY: Content(1, "a")}


def _word(**changes: object) -> AlarmWord:
    fact_us = T0 + 21 * SECOND
    word = AlarmWord(
        id="a1",
        rule="lift.entrapment",
        subject="hz/xiacheng/chaoming/lift-02",
        active=True,
        t_fact_us=fact_us,
        t_raised_us=fact_us + 200_000,
        t_delivered_us=fact_us + 400_000,
    )
    return msgspec.structs.replace(word, **changes)


RAISED = _word()
CLEARED = _word(active=False, t_delivered_us=T0 + 66 * SECOND)


def _observed(*words: AlarmWord, **changes: object) -> Observed:
    observed = Observed(truth=TRUTH, words=words, published=PACKS, kept=PACKS, speed=10.0)
    return msgspec.structs.replace(observed, **changes)


def _counters(observed: Observed) -> dict[str, int]:
    result = score(SCENARIO, observed, seed=1, broker="none")
    assert result.good is not any(getattr(result, name) for name in COUNTERS)
    return {name: getattr(result, name) for name in COUNTERS if getattr(result, name)}


def test_a_good_run_is_good() -> None:
    """The expected alarm, once, in time, cleared after the rescue, every pack kept; times as in the issue."""
    result = score(SCENARIO, _observed(RAISED, RAISED, CLEARED), seed=4, broker="mosquitto")
    assert result.good
    assert (result.packs_published, result.packs_journalled, result.packs_missing) == (1, 1, 0)
    (alarm,) = result.alarms
    assert (alarm.detect_ms, alarm.deliver_ms) == (200.0, 20.0)
    assert result.expected[0].outcome is Outcome.MET
    document = result.document()
    assert document["false"] == 0
    assert document["seed"] == 4


@pytest.mark.parametrize(
    ("observed", "counters"),
    [
        (_observed(), {"missed": 1}),
        (_observed(RAISED, CLEARED, truth={"rescue": TRUTH["rescue"]}), {"missed": 1, "false": 1}),
        (_observed(_word(t_fact_us=T0 + 19 * SECOND), CLEARED), {"missed": 1, "false": 1}),
        (_observed(_word(id="b", subject="hz/xiacheng/chaoming/lift-01"), RAISED, CLEARED), {"false": 1}),
        (_observed(RAISED, CLEARED, _word(rule="lift.out_of_order", id="b")), {"false": 1}),
        (_observed(RAISED, _word(id="a2"), CLEARED), {"doubled": 1}),
        (_observed(_word(t_fact_us=T0 + 29 * SECOND), CLEARED), {"late": 1}),
        (
            _observed(_word(t_delivered_us=RAISED.t_raised_us + int((DELIVERED_WITHIN_MS + 1) * 10_000)), CLEARED),
            {"late": 1},
        ),
        (_observed(RAISED), {"wrong_clears": 1}),
        (_observed(RAISED, _word(active=False, t_delivered_us=T0 + 50 * SECOND)), {"wrong_clears": 1}),
        (_observed(RAISED, _word(active=False, t_delivered_us=T0 + 99 * SECOND)), {"wrong_clears": 1}),
        (_observed(_word(t_raised_us=T0 + 52 * SECOND, t_delivered_us=T0 + 53 * SECOND), CLEARED), {"late": 1}),
        (_observed(RAISED, CLEARED, again=2), {"doubled": 2}),
        (_observed(RAISED, CLEARED, kept={}), {"lost": 1}),
        (_observed(RAISED, CLEARED, kept={KEY: Content(1, "b")}), {"lost": 1}),
    ],
)
def test_each_counter_can_rise(observed: Observed, counters: dict[str, int]) -> None:
    """Missed, false, doubled, late, lost and wrongly cleared are told apart."""
    assert _counters(observed) == counters


def test_sabotages_go_wrong_on_the_way() -> None:
    """Each path does its own wrong; no sabotage is the honest path."""
    assert isinstance(observing_path(None), HonestPath)
    assert list(WithholdingPath().pass_on(RAISED)) == []
    assert [word.id for _, word in DoublingPath().pass_on(RAISED)] == ["a1", "a1-again"]
    assert [delay_s > DELIVERED_WITHIN_MS / 1000 for delay_s, _ in SlowPath().pass_on(RAISED)] == [True]


def test_a_sabotaged_scenario_has_something_to_lose(tmp_path: Path) -> None:
    """`false` traps somebody unknown to the truth; the others need one expected alarm at least."""
    quiet = load_scenarios()["lift-long-stop"]
    unknown = staged(quiet, Sabotage.FALSE)
    assert unknown.expected == ()
    assert unknown.acts[-1].lift == quiet.spare
    assert len(staged(quiet, Sabotage.LATE).expected) == 1
    assert staged(SCENARIO, Sabotage.LATE) == SCENARIO
    assert staged(quiet, None) == quiet
    path = tmp_path / "again.toml"
    path.write_text((Path(__file__).parents[3] / "simulators/scenarios/lift-long-stop.toml").read_text())
    assert load_scenario(path) == quiet


def test_an_alarm_that_is_allowed_is_not_false_and_one_of_a_site_is_known_by_its_rule() -> None:
    """A case beside an alarm is neither asked for nor wrong; the hub names the site."""
    case = _word(id="c1", rule="road.inspection", subject="site:x")
    scenario = msgspec.structs.replace(SCENARIO, allowed=("road.inspection",))
    assert score(scenario, _observed(RAISED, CLEARED, case), seed=1, broker="none").good
    assert score(SCENARIO, _observed(RAISED, CLEARED, case), seed=1, broker="none").false == 1
    (asked,) = [msgspec.structs.replace(one, site=True, lift="") for one in SCENARIO.expected]
    scenario = msgspec.structs.replace(SCENARIO, expected=(asked,))
    for subject, missed in (
        ("site:hz/xiacheng/chaoming/x", 0),
        ("site:report:70", 0),  # what a person reported: named by its record in the journal
        ("site:hz/xiacheng/elsewhere/x", 1),
    ):
        moved = [msgspec.structs.replace(word, subject=subject) for word in (RAISED, CLEARED)]
        assert score(scenario, _observed(*moved), seed=1, broker="none").missed == missed

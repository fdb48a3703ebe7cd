"""The city day without the wire: its terminals, judged and alarmed by the engines alone, in the city's own time."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from device_profiles.config import duration_us
from simulators.observers.witness import AlarmWord
from simulators.play.act import Act
from simulators.play.loading import load_scenarios
from simulators.play.play import Play
from simulators.play.scenario import Scenario, cast
from simulators.scoring.scoring import Observed, Outcome, Score, score
from tests.hub.alarms.scene import T0_US
from tests.system.short_way import ShortWay

DAY = load_scenarios()["lift-city-day"]
WIRE = {"slave_silent", "slave_back"}  # what no poll by hand would notice


def _city(scenario: Scenario, *, lifts: int, hour_s: int = 60) -> Scenario:
    """Return the day of so many of its terminals, on one agent, without the wire's faults; an hour takes ``hour_s``."""
    broken = {act.lift for act in scenario.acts if act.act in WIRE}
    eventful = sorted({alarm.lift for alarm in scenario.expected} - scenario.boxes - scenario.pushed - broken)
    others = [lift.device for lift in scenario.lifts if lift.device not in scenario.boxes | scenario.pushed | broken]
    chosen = list(dict.fromkeys([scenario.spare, *eventful, *others]))[:lifts]
    stretch = hour_s / 60
    return replace(
        scenario,
        duration=f"{24 * hour_s}s",
        lifts=tuple(replace(lift, agent="", line=1) for lift in scenario.lifts if lift.device in chosen),
        acts=tuple(_stretched(act, stretch) for act in scenario.acts if act.lift in chosen),
        expected=tuple(alarm for alarm in scenario.expected if alarm.lift in chosen),
        platforms=(),
        shuffle=(),
        agents=(),
    )


def _stretched(act: Act, factor: float) -> Act:
    if act.at is None:
        return act
    at_s, jitter_s = (round(duration_us(text) / 1e6 * factor) for text in (act.at, act.jitter))
    return replace(act, at=f"{at_s}s", jitter=f"{jitter_s}s")


def _play(scenario: Scenario, folder: Path, *, seed: int) -> Score:
    play = Play(scenario, seed=seed)
    made = ShortWay(play, folder).run()
    words = [
        AlarmWord(m.alarm.id, m.alarm.rule, m.alarm.subject, m.alarm.open, m.alarm.t_fact_us, m.t_us, m.t_us, m.kind)
        for m in made
        if m.told
    ]
    truth = {name: T0_US + t_us for name, t_us in play.truth.items()}
    return score(scenario, Observed(truth, words, {}, {}, 1.0), seed=seed, broker="none")


def _check(result: Score) -> None:
    assert len(result.expected) >= 2
    assert [item for item in result.expected if item.outcome is not Outcome.MET or not item.cleared_right] == []
    assert len(result.alarms) == len(result.expected)
    assert result.good


@pytest.mark.parametrize("seed", [1, 2])
def test_the_day_of_an_hour_a_minute_has_no_false_and_no_missed_alarm(seed: int, tmp_path: Path) -> None:
    """Nine of its terminals: every alarm in its window, cleared by its rescue, and nothing else."""
    _check(_play(_city(cast(DAY, seed=seed), lifts=9), tmp_path, seed=seed))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_whole_day_has_no_false_and_no_missed_alarm(tmp_path: Path) -> None:
    """Twenty-four hours in full, with their rush hours and their night."""
    _check(_play(_city(cast(DAY, seed=4), lifts=3, hour_s=3600), tmp_path, seed=4))

"""A play is its scenario, step by step: the same for the same seed, and every act takes hold in time."""

import itertools
import random

import msgspec
import pytest

from device_profiles.config import duration_us
from simulators.lifts.traffic import Busy, always, arrivals
from simulators.play.acts import HAND_ACTS, WORKER_ACTS
from simulators.play.loading import load_scenarios
from simulators.play.play import Play
from simulators.play.scenario import Scenario, cast

SCENARIOS = load_scenarios()
SECOND = 1_000_000


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_every_act_takes_hold_in_time_with_every_seed(scenario: Scenario) -> None:
    """Whatever the seed, the truth is complete, and each alarm's window and clearing end before the story does."""
    for seed in range(1, 2 if scenario.long else 6):
        play = Play(cast(scenario, seed=seed), seed=seed)
        _advance(play, play.ends_us)
        assert play.truth.keys() == {act.name for act in play.scenario.acts}
        for alarm in play.scenario.expected:
            assert play.truth[alarm.after] + duration_us(alarm.not_after) < play.ends_us
            if alarm.clears_after:
                assert play.truth[alarm.clears_after] + duration_us(alarm.clears_within) < play.ends_us


def _advance(play: Play, to_us: int) -> None:
    """Play on, and do at once what other hands would do; a crew comes when it may have heard and driven."""
    for t_us in range(play.t_us, to_us + 1, 1_000_000):
        for act in play.scenario.acts:
            if act.by_responder and t_us >= 160 * SECOND:
                play.arrive(act.lift)
        for fault in play.advance(min(t_us, to_us)):
            if fault.act in HAND_ACTS | WORKER_ACTS:
                play.took_hold(fault.name)


def test_a_play_does_not_depend_on_how_it_is_advanced() -> None:
    """One leap and many small steps give the same truth and the same faults on the line."""
    scenario = SCENARIOS["lift-silent-slave"]
    leap, steps = Play(scenario, seed=9), Play(scenario, seed=9)
    at_once = leap.advance(leap.ends_us)
    one_by_one = [fault for t_us in range(0, steps.ends_us + 1, 70_000) for fault in steps.advance(t_us)]
    one_by_one += steps.advance(steps.ends_us)
    assert steps.truth == leap.truth
    assert one_by_one == at_once
    assert [fault.act for fault in at_once] == ["slave_silent", "slave_back"]


def test_few_people_come_at_night() -> None:
    """A story's rhythm thins out the people hour by hour; without one the same people come as ever."""
    even = SCENARIOS["lift-entrapment-between-floors"]
    day = msgspec.structs.replace(even, rhythm=(0.0, 1.0), acts=(), expected=())

    def come(busy: Busy) -> list[float]:
        people = arrivals(even.lifts[0], random.Random(1), busy=busy)
        return [arrival.t_s for arrival in itertools.takewhile(lambda arrival: arrival.t_s < 150, people)]

    assert come(Play(even).busy) == come(always)
    assert min(come(Play(day).busy)) >= 75 > min(come(always))


def test_seeds_differ() -> None:
    """Another seed is another day."""
    scenario = SCENARIOS["lift-entrapment-between-floors"]
    days = [Play(scenario, seed=seed) for seed in range(5)]
    for play in days:
        play.advance(play.ends_us)
    assert len({play.truth["stuck"] for play in days}) > 3


def test_nobody_is_trapped_in_a_long_stop() -> None:
    """The physical truth of lift-long-stop: the car is in the door zone whenever it stands, and its door obeys."""
    play = Play(SCENARIOS["lift-long-stop"])
    held = sat = 0
    for t_s in range(int(play.ends_us / SECOND)):
        play.advance(t_s * SECOND)
        for lift in play.lifts.values():
            values = lift.values()
            assert values["car_moving"] or (values["door_zone"] and not values["door_open_demand"])
        held += play.lifts["lift-01"].values()["door_closed"] is False
        parked = play.lifts["lift-03"].values()
        sat += bool(parked["passenger"] and parked["door_closed"])
    assert held > 60
    assert sat > 60


def test_an_inspector_stands_between_floors_for_longer_than_the_confirm_time() -> None:
    """The physical truth of lift-inspection looks stuck and occupied, in mode 2."""
    play = Play(SCENARIOS["lift-inspection"])
    longest = standing = 0
    for t_s in range(int(play.ends_us / SECOND)):
        play.advance(t_s * SECOND)
        values = play.lifts["lift-02"].values()
        stuck = values["service_mode"] == 2 and values["passenger"] and not values["car_moving"]
        standing = standing + 1 if stuck and not values["door_zone"] else 0
        longest = max(longest, standing)
    assert longest > 20

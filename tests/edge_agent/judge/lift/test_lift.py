"""The lift's judge, case by case: DOMAIN.md section 2, "Rule we build"."""

from collections.abc import Iterator
from typing import Any

import pytest

from edge_agent.judge.finding import Finding
from edge_agent.judge.lift.lift import judge, pending, phase
from edge_agent.judge.lift.limits import LiftLimits
from edge_agent.judge.lift.state import CarState

S = 1_000_000
LIMITS = LiftLimits()
PARKED = {
    "alarm_button": False,
    "car_moving": False,
    "door_zone": True,
    "door_closed": True,
    "door_open_demand": False,
    "passenger": False,
    "passenger_sensor_fault": False,
    "load_kg": 0.0,
    "service_mode": 1,
    "fault_code": 0,
    "test_call": False,
}
BETWEEN = {**PARKED, "door_zone": False}
TRAPPED = {**BETWEEN, "passenger": True, "load_kg": 75.0}
SHUT_AT_LEVEL = {**TRAPPED, "door_zone": True, "door_open_demand": True}
OPEN_EMPTY = {**PARKED, "door_closed": False}
RUNNING = {**TRAPPED, "car_moving": True}


def play(*steps: tuple[float, dict[str, Any]], period_s: float = 0.2) -> list[Finding]:
    """Return what is found when each step's values hold for its seconds, sampled every ``period_s``."""
    return list(_findings(steps, period_s))


def _findings(steps: tuple[tuple[float, dict[str, Any]], ...], period_s: float) -> Iterator[Finding]:
    state, t_us = CarState(), 0
    for seconds, values in steps:
        end_us = t_us + round(seconds * S)
        while t_us < end_us:
            state, found = judge(state, values, t_us, limits=LIMITS)
            yield from found
            t_us += round(period_s * S)


def kinds(findings: list[Finding]) -> list[tuple[str, float, str]]:
    """Return kind without its prefix, seconds and reason of each finding."""
    return [(f.kind.removeprefix("lift."), f.t_us / S, f.data["reason"]) for f in findings]


def test_trapped_between_floors_is_suspected_at_10_s_and_confirmed_at_20_s() -> None:
    """The plainest entrapment."""
    assert kinds(play((60, TRAPPED))) == [
        ("stuck_suspected", 10, "between_floors"),
        ("stuck_occupied", 20, "between_floors"),
    ]


def test_the_event_carries_the_instant_at_which_its_time_was_up() -> None:
    """Slow sampling moves the detection, not the fact."""
    assert kinds(play((60, TRAPPED), period_s=3.3))[-1] == ("stuck_occupied", 20, "between_floors")


@pytest.mark.parametrize(("code", "confirmed_s"), [(0, 45), (1, 10), (4, 10), (5, 45), (7, 10), (8, 45), (None, 45)])
def test_at_a_level_45_s_or_10_s_with_a_fault_that_explains_it(code: int | None, confirmed_s: float) -> None:
    """Faults 01, 02, 03, 04, 06 and 07 shorten the time."""
    found = kinds(play((60, {**SHUT_AT_LEVEL, "fault_code": code})))
    assert found[-1] == ("stuck_occupied", confirmed_s, "fault_at_level" if confirmed_s == 10 else "closed_at_level")


@pytest.mark.parametrize(
    ("change", "reason"), [({"alarm_button": True}, "alarm_button"), ({"fault_code": 90}, "alarm_code")]
)
@pytest.mark.parametrize("mode", [1, 2, 3, 4, None])
def test_the_button_confirms_after_3_s_in_every_mode(change: dict[str, Any], reason: str, mode: int | None) -> None:
    """Inspection and fire suppress the automatic path, never the button; and no sensor has to see anybody."""
    found = kinds(play((5, {**BETWEEN, "service_mode": mode, **change})))
    assert found == [("stuck_occupied", 3, reason)]


@pytest.mark.parametrize("mode", [2, 3, 4])
def test_inspection_and_fire_suppress_the_automatic_path(mode: int) -> None:
    """A technician on the car top is not trapped."""
    assert play((300, {**TRAPPED, "service_mode": mode})) == []


@pytest.mark.parametrize("mode", [0, 1, 5, 6])
def test_a_stopped_lift_or_one_without_mains_is_not_suppressed(mode: int) -> None:
    """Entrapments happen in these modes."""
    assert kinds(play((30, {**TRAPPED, "service_mode": mode})))[-1][0] == "stuck_occupied"


def test_inspection_that_ends_starts_the_time_anew() -> None:
    """What stood still for the technician is not held against the lift."""
    found = kinds(play((100, {**TRAPPED, "service_mode": 2}), (30, TRAPPED)))
    assert found[-1] == ("stuck_occupied", 120, "between_floors")


def test_a_mode_that_is_unknown_confirms_nothing_and_is_not_silent() -> None:
    """Somebody has to look; once the mode is known, its own time runs."""
    found = kinds(play((30, {**TRAPPED, "service_mode": None}), (30, TRAPPED)))
    assert found[1:] == [("stuck_unknown", 20, "mode_unknown"), ("stuck_occupied", 50, "between_floors")]


def test_occupancy_unknown_is_said_and_then_known() -> None:
    """A dead sensor is told as unknown; the load cell then sees a person."""
    blind = {**BETWEEN, "passenger_sensor_fault": True, "load_kg": None}
    found = kinds(play((30, blind), (10, {**blind, "load_kg": 60.0})))
    assert found[1:] == [("stuck_unknown", 20, "occupancy_unknown"), ("stuck_occupied", 30, "between_floors")]


def test_a_lift_without_any_sensor_of_people_is_unknown() -> None:
    """That no button is pressed does not say that nobody is there."""
    bare = {name: value for name, value in BETWEEN.items() if not name.startswith(("passenger", "load"))}
    assert kinds(play((30, bare)))[-1] == ("stuck_unknown", 20, "occupancy_unknown")


def test_stuck_and_empty_is_a_fault_and_no_entrapment() -> None:
    """Nobody is inside; then somebody is seen after all."""
    found = kinds(play((40, BETWEEN), (5, TRAPPED)))
    assert found[1:] == [("stuck_empty", 20, "between_floors"), ("stuck_occupied", 40, "between_floors")]


def test_unknown_and_empty_replace_each_other_only_after_10_s() -> None:
    """A flickering sensor makes no storm of events."""
    blind = {**BETWEEN, "passenger": None}
    flicker = [(2.0, blind), (2.0, BETWEEN)] * 5
    assert [kind for kind, _, _ in kinds(play((30, BETWEEN), *flicker))] == ["stuck_suspected", "stuck_empty"]
    assert kinds(play((30, BETWEEN), (20, blind)))[-1] == ("stuck_unknown", 40, "occupancy_unknown")


def test_the_presence_sensor_holds_for_10_s() -> None:
    """A passenger who stands still for a moment is still inside."""
    still = {**BETWEEN, "passenger": False}
    assert kinds(play((12, {**BETWEEN, "passenger": True}), (20, still)))[-1][:2] == ("stuck_occupied", 20)
    assert kinds(play((8, {**BETWEEN, "passenger": True}), (20, still)))[-1][:2] == ("stuck_empty", 20)


@pytest.mark.parametrize(
    "values",
    [
        PARKED,
        {**PARKED, "passenger": True, "load_kg": 80.0},
        OPEN_EMPTY,
        {**OPEN_EMPTY, "passenger": True, "door_open_demand": True},
        RUNNING,
        {**RUNNING, "door_zone": False},
        dict.fromkeys(PARKED),
    ],
)
def test_what_is_not_stuck_never_makes_an_event(values: dict[str, Any]) -> None:
    """Parked, long stops, travel, and knowing nothing."""
    assert play((600, values)) == []


def test_a_short_stop_between_floors_is_nothing() -> None:
    """A suspicion that ends is not confirmed later by the next stop."""
    found = kinds(play((15, TRAPPED), (5, RUNNING), (15, TRAPPED)))
    assert [kind for kind, _, _ in found] == ["stuck_suspected", "stuck_suspected"]


def test_released_when_level_and_open_for_3_s_and_nobody_inside() -> None:
    """The rescue: the car levels, the door opens, the passenger steps out, the sensor's hold ends."""
    leaving = {**OPEN_EMPTY, "passenger": True, "load_kg": 75.0}
    found = kinds(play((30, TRAPPED), (10, RUNNING), (5, leaving), (20, OPEN_EMPTY)))
    assert found[2:] == [("released", 55, "level_open_nobody")]


def test_released_although_the_door_shut_before_the_hold_was_over() -> None:
    """An automatic door stays open for 5 s, the sensor's hold for 10 s: both need never be true at once."""
    leaving = {**OPEN_EMPTY, "passenger": True, "load_kg": 75.0}
    found = kinds(play((30, TRAPPED), (10, RUNNING), (5, leaving), (3, OPEN_EMPTY), (60, PARKED)))
    assert found[2:] == [("released", 55, "level_open_nobody")]


def test_level_and_open_with_unknown_occupancy_releases_nothing() -> None:
    """Unknown is not nobody: a person ends that alarm; the judge tells the next entrapment all the same."""
    blind = {"passenger": None, "load_kg": None}
    found = kinds(play((30, TRAPPED), (600, {**OPEN_EMPTY, **blind}), (60, RUNNING), (30, TRAPPED)))
    assert [kind for kind, _, _ in found] == ["stuck_suspected", "stuck_occupied", "stuck_occupied"]
    assert found[-1][1] == 710


def test_a_door_open_for_less_than_3_s_does_not_free() -> None:
    """The door that bounces lets nobody out."""
    found = play((30, TRAPPED), (2.8, OPEN_EMPTY), (60, PARKED))
    assert [f.kind for f in found][2:] == []


def test_a_gap_freezes_and_a_long_gap_restarts() -> None:
    """Nobody knows what the car did while the line was dead (ALARMS.md, 9)."""
    for gap_s, confirmed_s in ((30, 50), (90, 125)):
        state, found = CarState(), []
        for t in [*range(15), *range(15 + gap_s, 200)]:
            state, new = judge(state, TRAPPED, t * S, limits=LIMITS)
            found += new
        confirmed = next(finding for finding in found if finding.kind == "lift.stuck_occupied")
        assert confirmed.t_us == pytest.approx((confirmed_s + (1 if gap_s == 30 else 0)) * S, abs=S)


def test_unknown_freezes_the_time() -> None:
    """Stuck for 12 s, unknown for 30 s, stuck for 8 s more."""
    found = kinds(play((12, TRAPPED), (30, {**TRAPPED, "car_moving": None}), (20, TRAPPED)))
    assert found[-1] == ("stuck_occupied", 50, "between_floors")


def test_pending_while_a_time_runs() -> None:
    """The heartbeat comes faster while it does."""
    state, _ = judge(CarState(), PARKED, 0, limits=LIMITS)
    assert not pending(state, limits=LIMITS)
    state, _ = judge(state, TRAPPED, S, limits=LIMITS)
    assert pending(state, limits=LIMITS)
    for t in range(2, 40):
        state, _ = judge(state, TRAPPED, t * S, limits=LIMITS)
    assert phase(state) == "occupied"
    assert not pending(state, limits=LIMITS)


def test_a_clock_set_back_restarts_what_is_pending_and_keeps_what_is_confirmed() -> None:
    """ALARMS.md, 13."""
    state = CarState()
    for t in range(1000, 1015):
        state, _ = judge(state, TRAPPED, t * S, limits=LIMITS)
    state, _ = judge(state, TRAPPED, 500 * S, limits=LIMITS)
    assert state.timers.stuck == 0
    for t in range(501, 530):
        state, _ = judge(state, TRAPPED, t * S, limits=LIMITS)
    assert phase(judge(state, TRAPPED, 100 * S, limits=LIMITS)[0]) == "occupied"


def test_between_an_alarm_and_its_end_every_press_is_told() -> None:
    """Nothing is filtered: not the 3 s, and not that the alarm is known already (EN 81-28)."""
    pressed = {**TRAPPED, "alarm_button": True}
    found = kinds(play((25, TRAPPED), (0.4, pressed), (5, TRAPPED), (0.2, pressed), (5, TRAPPED)))
    assert found[2:] == [("called", 25, "alarm_button"), ("called", 30.4, "alarm_button")]


def test_before_an_alarm_a_short_press_is_no_event() -> None:
    """The filter of 3 s is there for children."""
    assert play((2, {**TRAPPED, "alarm_button": True}), (5, TRAPPED)) == []


def test_what_lasts_is_told_again_every_minute_until_it_ends() -> None:
    """A hub that hears of it late must not wait for something new; what is empty is not repeated."""
    found = kinds(play((150, TRAPPED), (20, {**OPEN_EMPTY, "passenger": False}), (100, PARKED)))
    again = [("stuck_occupied", 80, "still"), ("stuck_occupied", 140, "still")]
    assert found[1:] == [("stuck_occupied", 20, "between_floors"), *again, ("released", 160, "level_open_nobody")]
    assert len(play((500, BETWEEN))) == 2


def test_a_test_call_is_told_once_and_is_no_entrapment() -> None:
    """The terminal may show its button as pressed meanwhile, wherever the car stands."""
    calling = {**BETWEEN, "test_call": True, "alarm_button": True, "fault_code": 90}
    found = kinds(play((5, PARKED), (8, calling), (5, BETWEEN)))
    assert found == [("test_call", 5, "test_call"), ("stuck_suspected", 15, "between_floors")]


def test_a_test_call_hides_neither_the_automatic_path_nor_a_press_for_ever() -> None:
    """Somebody is trapped while the terminal tests itself; a test that never ends is none."""
    calling = {**TRAPPED, "test_call": True}
    assert ("stuck_occupied", 20, "between_floors") in kinds(play((30, calling)))
    hung = {**BETWEEN, "test_call": True, "alarm_button": True}
    assert ("stuck_occupied", 63, "alarm_button") in kinds(play((70, hung)))


def test_who_steps_out_between_two_samples_was_not_trapped() -> None:
    """A line is dead for 9 s; what both ends do not agree on did not hold, so no time ran out meanwhile."""
    state, found = CarState(), []
    shut = {**SHUT_AT_LEVEL, "fault_code": 3}
    for t, values in [*((t, shut) for t in range(6)), *((t, PARKED) for t in range(14, 90))]:
        state, new = judge(state, values, t * S, limits=LIMITS)
        found += new
    assert found == []


def test_whoever_is_still_inside_after_a_short_gap_was_so_all_the_time() -> None:
    """Lost polls delay nothing."""
    state, found = CarState(), []
    for t in [*range(6), *range(14, 30)]:
        state, new = judge(state, {**SHUT_AT_LEVEL, "fault_code": 3}, t * S, limits=LIMITS)
        found += new
    assert found[0].t_us == 10 * S

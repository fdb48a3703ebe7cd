"""What holds for the lift's judge whatever the car does (ALARMS.md, 17)."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.specs.condition import Values
from edge_agent.judge.finding import Finding
from edge_agent.judge.lift.inputs import LEVEL_AND_OPEN, STUCK
from edge_agent.judge.lift.lift import judge, shift
from edge_agent.judge.lift.limits import LiftLimits
from edge_agent.judge.lift.state import CarState

LIMITS = LiftLimits()
CONFIRMED = {"lift.stuck_occupied", "lift.stuck_unknown", "lift.stuck_empty"}
STUCK_KINDS = CONFIRMED | {"lift.stuck_suspected"}
S = 1_000_000
Sample = tuple[int, dict[str, Any]]

_truth = st.sampled_from([True, True, False, False, None])
_values = st.fixed_dictionaries(
    {
        "alarm_button": st.sampled_from([False, False, False, True, None]),
        "car_moving": st.sampled_from([False, False, False, True, None]),
        "door_zone": _truth,
        "door_closed": _truth,
        "door_open_demand": _truth,
        "passenger": _truth,
        "passenger_sensor_fault": st.sampled_from([False, False, True, None]),
        "load_kg": st.sampled_from([0.0, 29.0, 75.0, None]),
        "service_mode": st.sampled_from([0, 1, 1, 1, 2, 3, None]),
        "fault_code": st.sampled_from([0, 0, 4, 5, 90, None]),
        "test_call": st.sampled_from([False, False, False, True, None]),
    }
)
_steps = st.lists(st.tuples(st.integers(1, 40), _values), min_size=1, max_size=12)


def _samples(steps: list[tuple[int, dict[str, Any]]]) -> list[Sample]:
    """Return one sample a second, each step's values for its seconds."""
    samples: list[Sample] = []
    for seconds, values in steps:
        samples += [((len(samples) + n) * S, values) for n in range(seconds)]
    return samples


def _play(samples: list[Sample], state: CarState | None = None) -> tuple[CarState, list[Finding]]:
    state, findings = state or CarState(), []
    for t_us, values in samples:
        state, found = judge(state, values, t_us, limits=LIMITS)
        findings += found
    return state, findings


def _held(samples: list[Sample], t_us: int) -> Values:
    """Return the values that held up to ``t_us``: one at exactly that instant comes too late."""
    return next((values for t, values in reversed(samples) if t < t_us), samples[0][1])


@given(_steps)
@settings(deadline=None)
def test_never_confirms_unless_known_to_be_stuck(steps: list[tuple[int, dict[str, Any]]]) -> None:
    """Neither moving nor unknown confirms or suspects anything."""
    samples = _samples(steps)
    for finding in _play(samples)[1]:
        if finding.kind in STUCK_KINDS:
            at = dict(samples).get(finding.t_us, {})
            assert STUCK.evaluate(_held(samples, finding.t_us)) is True or STUCK.evaluate(at) is True
            assert finding.data["car_moving"] is False


@given(_steps, st.sampled_from(["car_moving", "service_mode"]))
@settings(deadline=None)
def test_what_is_unknown_never_confirms_an_entrapment_by_itself(
    steps: list[tuple[int, dict[str, Any]]], name: str
) -> None:
    """Without knowing movement or mode only the button, which needs no mode, says that somebody is trapped."""
    samples = [(t, {**values, name: None}) for t, values in _samples(steps)]
    for finding in _play(samples)[1]:
        if finding.kind == "lift.stuck_occupied" and finding.data["reason"] != "still":
            assert name == "service_mode"
            assert finding.data["reason"] in ("alarm_button", "alarm_code")


@given(_steps)
@settings(deadline=None)
def test_unknown_occupancy_never_clears(steps: list[tuple[int, dict[str, Any]]]) -> None:
    """Unknown is not nobody."""
    blind = [(t, {**values, "passenger": None, "load_kg": None}) for t, values in _samples(steps)]
    assert "lift.released" not in {finding.kind for finding in _play(blind)[1]}


@given(_steps)
@settings(deadline=None)
def test_one_release_for_each_confirmation_and_only_after_an_open_door(
    steps: list[tuple[int, dict[str, Any]]],
) -> None:
    """A release closes what was confirmed, once, and the car stood level and open for 3 s before it."""
    samples = _samples(steps)
    open_alarm = False
    since_us = 0
    for finding in _play(samples)[1]:
        if finding.kind in CONFIRMED:
            open_alarm, since_us = True, finding.t_us
        elif finding.kind == "lift.released":
            assert open_alarm
            assert finding.data["occupied"] is False
            opened = [t for t, values in samples if since_us <= t < finding.t_us and LEVEL_AND_OPEN.evaluate(values)]
            assert len(opened) >= 3
            open_alarm = False


@given(_steps, st.data())
@settings(deadline=None)
def test_more_samples_of_the_same_change_nothing(steps: list[tuple[int, dict[str, Any]]], data: st.DataObject) -> None:
    """Doubled and split samples give the same findings, with the same times."""
    samples = _samples(steps)
    extra: list[Sample] = []
    for t_us, values in samples:
        offsets = data.draw(st.lists(st.integers(0, S - 1), max_size=2))
        extra += [(t_us, values), *((t_us + offset, values) for offset in sorted(offsets))]
    last_us = samples[-1][0]
    assert _play([sample for sample in extra if sample[0] <= last_us])[1] == _play(samples)[1]


@given(_steps, st.integers(0, 10**15))
@settings(deadline=None)
def test_a_shift_of_time_shifts_the_findings(steps: list[tuple[int, dict[str, Any]]], by_us: int) -> None:
    """Only differences of time matter; and a clock set in between, of which the judge is told, changes nothing."""
    samples = _samples(steps)
    plain = _play(samples)[1]
    moved = [msgspec.structs.replace(finding, t_us=finding.t_us + by_us) for finding in plain]
    assert _play([(t + by_us, values) for t, values in samples])[1] == moved
    half = len(samples) // 2
    state, first = _play(samples[:half])
    second = _play([(t + by_us, values) for t, values in samples[half:]], shift(state, by_us))[1]
    back = [msgspec.structs.replace(finding, t_us=finding.t_us - by_us) for finding in second]
    assert first + back == plain


@given(_steps)
@settings(deadline=None)
def test_a_stored_state_goes_on_as_if_nothing_had_happened(steps: list[tuple[int, dict[str, Any]]]) -> None:
    """A restart in the middle neither repeats nor forgets."""
    samples = _samples(steps)
    half = len(samples) // 2
    state, first = _play(samples[:half])
    stored = msgspec.json.decode(msgspec.json.encode(state), type=CarState)
    assert stored == state
    assert first + _play(samples[half:], stored)[1] == _play(samples)[1]

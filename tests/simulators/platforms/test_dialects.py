"""What the simulated platforms send, written by hand, is what the profile's dialects understand."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.dialect import Message, Refused, Translator
from device_profiles.profile import load_profiles
from simulators.platforms.dialects import MAKES, Push
from simulators.platforms.noise import KINDS, noise
from simulators.platforms.terminal import Meters, Report, registration_code

SPEC = load_profiles()["lift_platform"].spec
T_US = 1_763_600_000_125_000
FAULTS = [0, 1, 2, 3, 4, 5, 6, 41, 42, 43, 44, 45, 46, 47]
REPORTS = st.builds(
    Report,
    moving=st.booleans(),
    door_zone=st.booleans(),
    door_closed=st.booleans(),
    passenger=st.none() | st.booleans(),
    button=st.just(False),
    mode=st.integers(0, 6),
    direction=st.integers(0, 2),
    floor=st.integers(0, 99),
    fault=st.sampled_from(FAULTS),
    entrapped=st.just(""),
)


def _push(report: Report, before: Report | None = None) -> Push:
    return Push(registration_code(7), T_US, report, Meters(4_012, 88_123), before)


def _heard(dialect: str, push: Push) -> Message:
    topic = ("lifts", "push", push.registration_code)
    (outcome,) = Translator(SPEC, SPEC.dialects[dialect]).translate(MAKES[dialect].body([push]), topic)
    assert isinstance(outcome, Message)
    return outcome


@given(st.sampled_from(sorted(MAKES)), REPORTS)
def test_every_report_comes_out_as_it_went_in(dialect: str, report: Report) -> None:
    """In all four dialects."""
    message = _heard(dialect, _push(report))
    assert (message.registration_code, message.t_us, message.unknown_codes) == (registration_code(7), T_US, ())
    said = [message.values[name] for name in ("car_moving", "door_zone", "door_closed", "passenger", "service_mode")]
    assert said == [report.moving, report.door_zone, report.door_closed, report.passenger, report.mode]
    assert (message.values["car_position"], message.values["fault_code"]) == (report.floor, report.fault)


@pytest.mark.parametrize(
    ("dialect", "between", "level"),
    [("code11", 100, 100), ("code0101", 100, 100), ("code7and8", 102, 101), ("nocode", 1, 1)],
)
def test_an_entrapment_of_the_platform_itself(dialect: str, between: int, level: int) -> None:
    """Three makes have a code for it."""
    stuck = Report(False, False, True, True, False, 1, 0, 3, 1)
    for place, code in (("between", between), ("level", level)):
        report = Report(**{name: getattr(stuck, name) for name in stuck.__struct_fields__} | {"entrapped": place})
        assert _heard(dialect, _push(report)).values["fault_code"] == code


def test_changes_only() -> None:
    """The fourth make says what is new."""
    before = Report(False, True, True, False, False, 1, 0, 3, 0)
    after = Report(True, True, True, False, False, 1, 1, 3, 0)
    assert MAKES["nocode"].body([_push(after, before)])["b"] == {"moving": True}


@pytest.mark.parametrize("dialect", MAKES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in ("no_code", "short_code", "strange_code")])
def test_noise_is_refused_or_strange(dialect: str, kind: str) -> None:
    """So that a scenario with noise tests something."""
    code, body = noise(kind, MAKES[dialect], _push(Report(False, True, True, False, False, 1, 0, 3, 0)))
    (outcome,) = Translator(SPEC, SPEC.dialects[dialect]).translate(msgspec.json.decode(body), ("lifts", "push", code))
    assert isinstance(outcome, Refused) or [one.value for one in outcome.unknown_codes] == ["fault_code"]

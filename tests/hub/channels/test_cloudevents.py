"""An alarm leaves as a CloudEvents 1.0 message that others can read and tell apart."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alarms.transitions import Kind
from hub.channels.cloudevents import alarm_event, event_source, rfc3339, source_of
from tests.hub.channels.listening import alarm, cleared, raised
from tests.hub.made import AREA, T0_US


def test_the_envelope_is_cloudevents() -> None:
    """All required attributes, and the identity of the transition as the id."""
    event = json.loads(alarm_event(raised(41), hub="xiacheng"))
    data = event.pop("data")
    assert event == {
        "specversion": "1.0",
        "id": "41-0",
        "source": "citynerve/hub/xiacheng",
        "type": "city.alarm.raised",
        "subject": f"{AREA}/lift-1",
        "time": "2025-11-20T00:53:20.000041Z",
        "datacontenttype": "application/json",
    }
    assert data["active"] is True
    assert (data["id"], data["rule"], data["severity"], data["sounded"]) == ("alarm-1", "lift.entrapment", "life", True)
    assert (data["area"], data["device"], data["agent"]) == (AREA, "lift-1", "")
    assert (data["t_fact_us"], data["t_raised_us"]) == (T0_US, T0_US + 250_000)
    assert data["transition"]["detail"] == "lift.stuck_occupied"


def test_every_kind_has_its_type() -> None:
    """The type says what happened, the data whether the alarm is still open."""
    for kind in Kind:
        assert json.loads(alarm_event(raised(1, kind=kind), hub="x"))["type"] == f"city.alarm.{kind.value}"
    assert json.loads(alarm_event(cleared(2), hub="x"))["data"]["active"] is False


def test_an_alarm_about_an_agent_names_it() -> None:
    """A subject without a device is an agent of its area, or an asset."""
    about = alarm(subject=f"{AREA}/a-1", device="")
    transition = msgspec.structs.replace(raised(1), alarm=about)
    data = json.loads(alarm_event(transition, hub="x"))["data"]
    assert (data["device"], data["agent"]) == ("", "a-1")
    about = alarm(subject="asset:road-1", device="", asset="road-1")
    data = json.loads(alarm_event(msgspec.structs.replace(transition, alarm=about), hub="x"))["data"]
    assert (data["asset"], data["device"], data["agent"]) == ("road-1", "", "")


def test_told_again_it_is_the_same_bytes() -> None:
    """A receiver may compare, and drops doubles by source and id."""
    assert alarm_event(raised(1), hub="x") == alarm_event(raised(1), hub="x")
    assert source_of(alarm_event(raised(1), hub="x")) == event_source("x")
    assert source_of(b"{") == source_of(b"[]") == source_of(b"{}") == ""


@given(t_us=st.integers(0, 4_000_000_000_000_000))
def test_times_are_exact(t_us: int) -> None:
    """Every microsecond is kept, in UTC."""
    parsed = datetime.fromisoformat(rfc3339(t_us))
    assert parsed.tzinfo is not None
    difference = parsed - datetime(1970, 1, 1, tzinfo=UTC)
    assert (difference.days * 86_400 + difference.seconds) * 1_000_000 + difference.microseconds == t_us


@pytest.mark.parametrize(
    ("t_us", "text"), [(-1, "1970-01-01T00:00:00.000000Z"), (2**63, "9999-12-31T23:59:59.999999Z")]
)
def test_what_no_calendar_has_is_told_as_the_nearest_that_one_has(t_us: int, text: str) -> None:
    """An alarm with a mad time is told all the same."""
    assert rfc3339(t_us) == text

"""Topics are built and parsed by the contract alone, and refuse what no broker should carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from device_profiles.errors import TopicError
from device_profiles.topics import (
    ALARM_FILTER,
    HUB_STATUS_FILTER,
    AgentAddress,
    alarm_topic,
    check_area,
    check_id,
    command_topic,
    hub_status_topic,
    lane_filter,
    lane_topic,
    parse_lane_topic,
    receipt_topic,
)
from device_profiles.wire import LANES, Lane
from tests.device_profiles.strategies import ids, lanes

addresses = st.builds(lambda levels, agent: AgentAddress("/".join(levels), agent), st.tuples(ids, ids, ids), ids)
AGENT = AgentAddress("hz/xiacheng/chaoming", "chaoming-01")


@given(address=addresses, lane=lanes)
def test_a_lane_topic_parses_to_what_it_was_built_from(address: AgentAddress, lane: Lane) -> None:
    """Building and parsing are inverse, and the hub's filter of that lane, and of no other, matches."""
    topic = lane_topic(address, lane)
    assert parse_lane_topic(topic) == (address, lane)
    assert [other for other in LANES if topic_matches_sub(lane_filter(other), topic)] == [lane]


@given(address=addresses)
def test_an_address_is_its_path(address: AgentAddress) -> None:
    """The text of an address parses to the address."""
    assert AgentAddress.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "chaoming-01", "hz/xiacheng/chaoming", "hz/x/c/d/e"])
def test_what_is_no_address_says_what_one_is(text: str) -> None:
    """Whoever leaves out the area, or a level of it, is told the form of the whole."""
    with pytest.raises(TopicError, match="is not city/district/street/agent"):
        AgentAddress.parse(text)


@pytest.mark.parametrize("text", ["", "A", "-a", "a b", "a.b", "a/b", "a+", "#", "a\n", "街", "a" * 64])
def test_what_is_no_level_is_refused(text: str) -> None:
    """A level has no capital, dot, space, wildcard, line end, Chinese or 64 characters."""
    with pytest.raises(TopicError):
        check_id(text)


@pytest.mark.parametrize("text", ["", "hz", "hz/xiacheng", "hz/xiacheng/", "/hz/xiacheng", "hz/x/c/d", "hz/+/c"])
def test_what_is_no_area_is_refused(text: str) -> None:
    """An area is city/district/street, exactly."""
    with pytest.raises(TopicError):
        check_area(text)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "citynerve/1/agent/hz/x/c/a",
        "citynerve/1/agent/hz/x/c/a/video",
        "citynerve/1/agent/hz/x/c/a/receipt",
        "citynerve/1/agent/hz/x/c/a/reading/more",
        "citynerve/2/agent/hz/x/c/a/reading",
        "citynerve/1/alarm/hz/x/c/a/reading",
        "citynerve/1/agent/HZ/x/c/a/reading",
        "citynerve/1/agent/hz//c/a/reading",
    ],
)
def test_foreign_topics_are_refused(topic: str) -> None:
    """Only a lane of an agent of this version is parsed."""
    with pytest.raises(TopicError):
        parse_lane_topic(topic)


def test_the_topics_of_the_design() -> None:
    """The topics read as DESIGN.md section 5 prints them."""
    assert lane_topic(AGENT, "event") == "citynerve/1/agent/hz/xiacheng/chaoming/chaoming-01/event"
    assert receipt_topic(AGENT) == "citynerve/1/agent/hz/xiacheng/chaoming/chaoming-01/receipt"
    assert command_topic(AGENT) == "citynerve/1/agent/hz/xiacheng/chaoming/chaoming-01/command"
    assert topic_matches_sub(HUB_STATUS_FILTER, hub_status_topic("xiacheng"))
    assert hub_status_topic("xiacheng") == "citynerve/1/hub/xiacheng/status"
    assert alarm_topic(AGENT.area, "a1") == "citynerve/1/alarm/hz/xiacheng/chaoming/a1"
    assert topic_matches_sub(ALARM_FILTER, alarm_topic(AGENT.area, "a1"))


def test_a_hub_has_an_identifier() -> None:
    """A hub's name is one level of a topic."""
    with pytest.raises(TopicError):
        hub_status_topic("the hub")

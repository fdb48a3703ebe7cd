"""MQTT topics of the contract: built and parsed here, written as text nowhere else."""

import re
from functools import lru_cache

import msgspec

from device_profiles.errors import TopicError
from device_profiles.wire import ID_PATTERN, LANES, Lane

ROOT = "citynerve/1"
_LEVEL = re.compile(ID_PATTERN)


class AgentAddress(msgspec.Struct, frozen=True, order=True):
    """Where an agent stands: its area (city/district/street) and its name; unique in a city."""

    area: str
    agent: str

    @classmethod
    def parse(cls, path: str) -> "AgentAddress":
        """Return the address of ``city/district/street/agent``. Raises TopicError."""
        area, _, agent = path.rpartition("/")
        if area.count("/") != 2:
            raise TopicError(f"{path!r} is not city/district/street/agent, as hz/xiacheng/chaoming/chaoming-01 is")
        return cls(check_area(area), check_id(agent))

    def __str__(self) -> str:
        return f"{self.area}/{self.agent}"


@lru_cache(maxsize=100_000)  # asked for each message of the same agents, again and again
def area_of(path: str) -> str:
    """Return the area of an agent or a device that is named ``city/district/street/name`` and was checked before."""
    return path.rpartition("/")[0]


def check_id(text: str) -> str:
    """Return ``text`` if it may be one level of a topic. Raises TopicError."""
    if not _LEVEL.match(text):
        raise TopicError(f"{text!r} is not an identifier: use a-z, 0-9 and '-', at most 63, not '-' first")
    return text


def check_area(text: str) -> str:
    """Return ``text`` if it is city/district/street. Raises TopicError."""
    levels = text.split("/")
    if len(levels) != 3:
        raise TopicError(f"{text!r} is not an area: write city/district/street, e.g. hz/xiacheng/chaoming")
    for level in levels:
        check_id(level)
    return text


def lane_topic(address: AgentAddress, lane: Lane) -> str:
    """Return the topic on which an agent sends a lane."""
    return f"{ROOT}/agent/{address}/{lane}"


def receipt_topic(address: AgentAddress) -> str:
    """Return the topic on which the hub sends receipts to an agent."""
    return f"{ROOT}/agent/{address}/receipt"


def command_topic(address: AgentAddress) -> str:
    """Return the topic on which the hub sends commands to an agent."""
    return f"{ROOT}/agent/{address}/command"


def lane_filter(lane: Lane) -> str:
    """Return the filter that matches a lane of every agent."""
    return f"{ROOT}/agent/+/+/+/+/{lane}"


def hub_status_topic(hub: str) -> str:
    """Return the topic of a hub's retained life sign."""
    return f"{ROOT}/hub/{check_id(hub)}/status"


def alarm_topic(area: str, alarm: str) -> str:
    """Return the topic of one alarm of an area."""
    return f"{ROOT}/alarm/{area}/{alarm}"


ALARM_FILTER = f"{ROOT}/alarm/#"
HUB_STATUS_FILTER = f"{ROOT}/hub/+/status"


def parse_lane_topic(topic: str) -> tuple[AgentAddress, Lane]:
    """Return who sent on ``topic``, and on which lane. Raises TopicError."""
    levels = topic.split("/")
    if len(levels) != 8 or levels[:3] != ["citynerve", "1", "agent"]:
        raise TopicError(f"{topic!r} is not {ROOT}/agent/<city>/<district>/<street>/<agent>/<lane>")
    for lane in LANES:
        if levels[7] == lane:
            return AgentAddress("/".join(map(check_id, levels[3:6])), check_id(levels[6])), lane
    raise TopicError(f"{levels[7]!r} in {topic!r} is no lane: {', '.join(LANES)}")

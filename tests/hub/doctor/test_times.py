"""A clock that is wrong is named, the hub's and an agent's."""

import sqlite3

import msgspec

from hub.alarms.facts.offsets import Offset
from hub.alarms.rows import AgentState
from hub.config import Settings
from hub.doctor import Level
from tests.hub.doctor.rig import KeptClock, S, look
from tests.hub.rig import ADDRESS


def test_a_clock_that_was_set_back_fails(settings: Settings) -> None:
    """The journal's newest record is in its future; one that nobody keeps is a warning."""
    assert look(settings, "clock", clock=KeptClock(late_s=3_600)).level is Level.FAIL
    assert look(settings, "clock", clock=KeptClock(source="rtc")).level is Level.WARN


def test_an_agent_with_another_time_is_named(settings: Settings) -> None:
    """As the alarms have estimated it."""
    state = AgentState(ADDRESS.area, ADDRESS.agent, Offset(best_us=3_600 * S))
    with sqlite3.connect(settings.database) as database:
        database.execute("INSERT INTO device_state VALUES (?, ?)", (f"agent {state.key}", msgspec.json.encode(state)))
    database.close()
    found = look(settings, "clock")
    assert (found.level, f"{state.key} -3600 s" in found.says) == (Level.WARN, True)

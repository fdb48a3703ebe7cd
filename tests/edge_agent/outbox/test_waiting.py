"""Facts that wait in memory have a bound: readings are thinned from the oldest on, and all stay counted."""

from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.wire import ClockStep
from edge_agent.outbox import Outbox
from edge_agent.outbox.waiting import MAX_READINGS, Waiting
from tests.edge_agent.outbox.opened import (
    AGENT,
    SMALL,
    facts_of,
    held,
    lonely,
    lost,
    reading,
)


def test_invariant_06_what_waits_too_long_in_memory_is_thinned_from_the_oldest_and_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue before the disk has a bound too: extremes stay, as history, and a clock step among the live ones."""
    monkeypatch.setattr("edge_agent.outbox.waiting.MAX_READINGS", 100)
    outbox = Outbox(tmp_path, agent=AGENT, clock=Clock(), bounds=SMALL)
    step = ClockStep(1, 5)
    outbox.put({"reading": [step, reading(0)]})
    for n in range(1, 130):
        outbox.put({"reading": [reading(n)]})
    assert outbox.gaps == 4
    outbox.stop()
    outbox.run()
    stand_in, live = held(outbox, "reading")
    extremes = [reading(n) for first in range(0, 36, 9) for n in (first, first + 8)]
    assert facts_of([stand_in]) == extremes
    assert facts_of([live]) == [step, *(reading(n) for n in range(36, 130))]
    assert (stand_in.seq, stand_in.stands_for, live.stands_for) == (2, ((outbox.epoch, 1, 1),), ())
    (marker,) = lost(outbox)
    assert (marker.lane, marker.first, marker.last, marker.reason, marker.facts) == ("reading", 1, 1, "thinned", 36)
    assert marker.by == (outbox.epoch, 2, 2)
    outbox.close()


def test_what_is_thinned_in_memory_has_a_bound_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be thinned of one reading a minute: the oldest go, and all stay counted."""
    monkeypatch.setattr("edge_agent.outbox.waiting.MAX_READINGS", 100)
    outbox = Outbox(tmp_path, agent=AGENT, clock=Clock(), bounds=SMALL)
    for n in range(1_000):
        outbox.put({"reading": [lonely(n)]})
    outbox.stop()
    outbox.run()
    kept = facts_of(held(outbox, "reading"))
    assert kept == [lonely(n) for n in range(1_000 - len(kept), 1_000)]
    assert 100 < len(kept) <= 150
    (marker,) = lost(outbox)
    whole = sum(pack.count for pack in held(outbox, "reading") if not pack.stands_for)
    assert (marker.reason, marker.facts + whole) == ("thinned", 1_000)
    outbox.close()


def test_readings_that_the_program_ends_with_on_a_full_disk_are_declared_lost(tmp_path: Path) -> None:
    """Those that were thinned in memory too."""
    waiting = Waiting()
    waiting.add({"backlog": [reading(n) for n in range(MAX_READINGS + 1)]}, {}, None, now_s=0)
    waiting.give_up_readings()
    batch = waiting.take(readings=True)
    assert (batch.dropped, batch.thinned, batch.readings) == ({"backlog": MAX_READINGS + 1}, {}, ())


def test_what_could_not_be_written_is_thinned_with_what_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count is of all."""
    monkeypatch.setattr("edge_agent.outbox.waiting.MAX_READINGS", 100)
    waiting = Waiting()
    for start in (0, 120):
        waiting.add({"reading": [reading(n) for n in range(start, start + 120)]}, {}, None, now_s=0)
        batch = waiting.take(readings=True)
        waiting.put_back(batch)
    batch = waiting.take(readings=True)
    assert batch.thinned["reading"].count + len(batch.readings) == 240
    assert batch.thinned["reading"].left[0] == reading(0)

"""The outbox stays within its bounds of bytes and age; events never go, and what goes is declared."""

import threading
from pathlib import Path

import pytest

from edge_agent.lanes import WINDOWS
from edge_agent.outbox import Bounds, bounds
from tests.edge_agent.outbox.opened import (
    WAIT_S,
    HandClock,
    event,
    facts_of,
    held,
    lonely,
    lost,
    opened,
    put,
    reading,
    receipt,
)


def test_the_bound_evicts_backlog_first_then_readings_never_events_and_declares_it(tmp_path: Path) -> None:
    """Every pack that is gone is covered by a Lost marker."""
    with opened(tmp_path, bounds=Bounds(max_bytes=100_000, reserve_bytes=64_000)) as outbox:
        for n in range(20):
            put(outbox, "event", event(n))
        for n in range(20):
            put(outbox, "backlog", lonely(n, size=500))
        for n in range(300):
            put(outbox, "reading", lonely(n, size=500))
        assert outbox.size() <= 100_000
        assert outbox.size() == sum(len(p.facts) for lane in WINDOWS for p in held(outbox, lane))
        assert held(outbox, "backlog") == []
        assert len([fact for fact in facts_of(held(outbox, "event")) if fact in [event(n) for n in range(20)]]) == 20
        gone = {(m.lane, seq) for m in lost(outbox) for seq in range(m.first, m.last + 1)}
        kept = {pack.seq for pack in held(outbox, "reading")}
        assert gone == {("backlog", n) for n in range(1, 21)} | {("reading", n) for n in range(1, 301) if n not in kept}
        assert sum(marker.facts for marker in lost(outbox)) == len(gone)
        assert {marker.reason for marker in lost(outbox)} == {"evicted"}
        assert max(kept) == 300


def test_events_beyond_the_bound_stay_and_readings_wait(tmp_path: Path) -> None:
    """The bound yields to alarms; the agent goes on once the hub has taken them."""
    with opened(tmp_path, bounds=Bounds(max_bytes=64_000, reserve_bytes=64_000)) as outbox:
        for n in range(700):
            outbox.put({"event": [event(n)]})
        put(outbox, "event", event(700))
        assert outbox.size() > 64_000
        outbox.put({"reading": [reading()]})
        put(outbox, "event", event(701))
        assert held(outbox, "reading") == []
        arrived = threading.Event()
        outbox.on_commit = arrived.set
        last = held(outbox, "event")[-1].seq
        assert outbox.forget(receipt(outbox.epoch, event=last))
        assert arrived.wait(WAIT_S)
        assert facts_of(held(outbox, "reading")) == [reading()]


def test_what_was_kept_before_the_clock_was_set_is_not_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that starts in 1970 keeps what it saw before somebody told it the time."""
    monkeypatch.setattr(bounds, "CHECK_S", 0.0)  # it looks at the ages with each commit
    clock = HandClock(wall_us=1_000_000_000)
    with opened(tmp_path, clock=clock) as outbox:
        put(outbox, "reading", reading(1))
        clock.now_us = 1_763_600_000_000_000
        put(outbox, "reading", reading(2))
        assert facts_of(held(outbox, "reading")) == [reading(1), reading(2)]
        assert lost(outbox) == []
    clock.now_us += 15 * 86_400_000_000
    with opened(tmp_path, clock=clock) as outbox:
        put(outbox, "reading", reading(3))
        assert facts_of(held(outbox, "reading")) == [reading(3)]


def test_old_readings_are_thinned_then_go_and_old_events_stay(tmp_path: Path) -> None:
    """By age: at the bound, and at twice the bound."""
    clock = HandClock()
    with opened(tmp_path, clock=clock) as outbox:
        put(outbox, "event", event())
        for n in range(1, 10):
            put(outbox, "reading", reading(n))
    clock.now_us += 8 * 86_400_000_000
    with opened(tmp_path, clock=clock) as outbox:
        put(outbox, "reading", reading(10))
        assert facts_of(held(outbox, "reading")) == [reading(10), reading(1), reading(9)]
        marker = lost(outbox)[0]
        assert (marker.lane, marker.first, marker.last, marker.reason, marker.facts) == ("reading", 1, 9, "thinned", 9)
    clock.now_us += 7 * 86_400_000_000
    with opened(tmp_path, clock=clock) as outbox:
        put(outbox, "reading", reading(11))
        assert facts_of(held(outbox, "reading")) == [reading(10), reading(11)]
        assert [(m.first, m.last, m.reason, m.facts) for m in lost(outbox)] == [(1, 9, "thinned", 9), (2, 2, "aged", 0)]
        assert event() in facts_of(held(outbox, "event"))

"""The outbox keeps every pack until it is receipted, over restarts, and stays within its bounds."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from device_profiles import durable
from device_profiles.clock import Clock
from device_profiles.wire import ClockStep, Reading
from edge_agent.errors import OutboxError
from edge_agent.lanes import WINDOWS
from edge_agent.outbox import Bounds, Outbox
from edge_agent.outbox.waiting import MAX_READINGS, Waiting
from tests.edge_agent.outbox.opened import (
    AGENT,
    SMALL,
    WAIT_S,
    HandClock,
    event,
    facts_of,
    flush,
    held,
    lonely,
    lost,
    opened,
    put,
    reading,
    receipt,
)


def test_seqs_begin_at_1_in_each_lane_without_holes(tmp_path: Path) -> None:
    """Together with the epoch they make loss provable."""
    with opened(tmp_path) as outbox:
        for n in range(3):
            put(outbox, "event", event(n))
            put(outbox, "reading", reading(n))
        assert [pack.seq for pack in held(outbox, "event")] == [1, 2, 3]
        assert [pack.seq for pack in held(outbox, "reading")] == [1, 2, 3]
        assert facts_of(held(outbox, "event")) == [event(n) for n in range(3)]
        assert outbox.depths() == {"event": 3, "reading": 3, "backlog": 0, "status": 0, "result": 0}


def test_readings_are_grouped_and_an_event_takes_them_along(tmp_path: Path) -> None:
    """One transaction for all that waits; the event does not wait for company."""
    with opened(tmp_path, group_s=30) as outbox:
        committed = threading.Event()
        for n in range(50):
            outbox.put({"reading": [reading(n)]})
        outbox.put({"event": [event()]}, then=committed.set)
        assert committed.wait(WAIT_S)
        assert len(held(outbox, "event")) == 1
        packs = held(outbox, "reading")
        assert len(packs) < 50
        assert facts_of(packs) == [reading(n) for n in range(50)]


def test_more_than_a_pack_holds_is_cut_in_order(tmp_path: Path) -> None:
    """At most 200 facts a pack."""
    with opened(tmp_path) as outbox:
        put(outbox, "reading", *(reading(n) for n in range(450)))
        packs = held(outbox, "reading")
        assert [pack.count for pack in packs] == [200, 200, 50]
        assert facts_of(packs) == [reading(n) for n in range(450)]


def test_only_a_receipt_lets_a_pack_go(tmp_path: Path) -> None:
    """Up to ``to``, of that epoch and lane."""
    with opened(tmp_path) as outbox:
        for n in range(4):
            put(outbox, "event", event(n))
            put(outbox, "reading", reading(n))
        assert outbox.forget(receipt(outbox.epoch, event=2))
        flush(outbox)
        assert [pack.seq for pack in held(outbox, "event")] == [3, 4]
        assert len(held(outbox, "reading")) == 4
        assert outbox.depths()["event"] == 2


def test_a_receipt_for_packs_that_were_never_made_is_refused(tmp_path: Path) -> None:
    """A forged or confused receipt frees nothing and stops nothing."""
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert not outbox.forget(receipt(outbox.epoch, event=2))
        assert not outbox.forget(receipt(outbox.epoch, reading=1))
        assert outbox.forget(receipt(outbox.epoch + 7, event=99))
        assert outbox.forget(receipt(outbox.epoch, event=0))
        flush(outbox)
        assert len(held(outbox, "event")) == 1
        assert outbox.bad_receipts == 2


def test_a_restart_keeps_old_packs_under_their_epoch_and_begins_a_higher_one(tmp_path: Path) -> None:
    """Also when the clock went back."""
    clock = HandClock()
    with opened(tmp_path, clock=clock) as outbox:
        put(outbox, "event", event(1))
        first, boot = outbox.epoch, outbox.boot
        assert first == 1_763_600_000
    clock.now_us = 5_000_000
    with opened(tmp_path, clock=clock) as outbox:
        assert outbox.epoch == first + 1
        assert outbox.boot != boot
        put(outbox, "event", event(2))
        assert [(pack.epoch, pack.seq) for pack in held(outbox, "event")] == [(first, 1), (first + 1, 1)]
        assert not outbox.forget(receipt(first, event=2))
        assert outbox.forget(receipt(first, event=1))
        flush(outbox)
        assert [pack.epoch for pack in held(outbox, "event")] == [first + 1]


def test_a_state_is_committed_with_its_event(tmp_path: Path) -> None:
    """A restart neither repeats nor forgets."""
    with opened(tmp_path) as outbox:
        assert outbox.states() == {}
        put(outbox, "event", event(), states={"lift-07": b'{"phase":"occupied"}'})
    with opened(tmp_path) as outbox:
        assert outbox.states() == {"lift-07": b'{"phase":"occupied"}'}


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


def test_readings_become_backlog_over_the_window_and_come_back_under_half(tmp_path: Path) -> None:
    """And what is said next must be complete."""
    with opened(tmp_path) as outbox:
        for n in range(WINDOWS["reading"] + 1):
            assert outbox.reading_lane() == "reading"
            put(outbox, "reading", reading(n))
        gaps = outbox.gaps
        assert outbox.reading_lane() == "backlog"
        assert outbox.gaps == gaps + 1
        assert outbox.forget(receipt(outbox.epoch, reading=300))
        flush(outbox)
        assert outbox.reading_lane() == "reading"


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    """An agent that cannot start is worse than one that lost its backlog; what is damaged is kept for people."""
    (tmp_path / "outbox.db").write_bytes(b"this is no database" * 100)
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert len(held(outbox, "event")) == 1
    assert len(list(tmp_path.glob("outbox.db.broken-*"))) == 1


@pytest.mark.parametrize("end", [3, 40])
def test_a_file_that_is_torn_in_the_middle_is_set_aside(tmp_path: Path, end: int) -> None:
    """Found when it is opened, or only later: then the next start begins anew, and none fails for ever."""
    with opened(tmp_path) as outbox:
        put(outbox, "event", *(event(n) for n in range(400)))
        for n in range(30):
            put(outbox, "event", *(event(n) for n in range(50)))
    pages = tmp_path / "outbox.db"
    with pages.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * 4096 * end)
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert len(held(outbox, "event")) == 1
    assert len(list(tmp_path.glob("outbox.db.broken-*"))) == 1


def test_damage_that_shows_late_is_remembered(tmp_path: Path) -> None:
    """A read that meets it leaves word, so that the next start does not stumble over it again."""
    with opened(tmp_path) as outbox:
        put(outbox, "event", *(event(n) for n in range(400)))
        with (
            (tmp_path / "outbox.db").open("r+b") as file,
            contextlib.closing(durable.connect(tmp_path / "outbox.db")) as other,
        ):
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            file.truncate(8192)
        with pytest.raises(sqlite3.DatabaseError):
            outbox.unreceipted("event", after=(0, 0), limit=100)
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert len(held(outbox, "event")) == 1


def test_two_agents_never_share_an_outbox(tmp_path: Path) -> None:
    """Neither at once nor one after the other."""
    with opened(tmp_path), pytest.raises(OutboxError, match="another agent runs on"):
        Outbox(tmp_path, agent=AGENT, clock=Clock(), bounds=SMALL)
    with pytest.raises(OutboxError, match="belongs to hz/xiacheng/chaoming/chaoming-01"):
        Outbox(tmp_path, agent="hz/xiacheng/chaoming/other", clock=Clock(), bounds=SMALL)


_WRITER = """
import sys, threading
from pathlib import Path
from tests.edge_agent.outbox.opened import *
with opened(Path(sys.argv[1])) as outbox:
    for n in range(10_000):
        put(outbox, "event", event(n), states={"lift-07": str(n).encode()})
        outbox.put({"reading": [reading(n)]})
        print(n, flush=True)
"""


@pytest.mark.parametrize("point", ["agent.before_outbox_commit", "agent.after_outbox_commit", ""])
def test_a_kill_keeps_every_committed_pack(tmp_path: Path, point: str) -> None:
    """SIGKILL at the fault points and at any time: what was said to be committed is there, once."""
    environment = {**os.environ, "CITYNERVE_FAULT": f"{point}:40" if point else ""}
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=Path(__file__).parents[3],
        text=True,
    )
    assert process.stdout is not None
    said = -1
    for line in process.stdout:
        said = int(line)
        if not point and said == 60:
            process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    with opened(tmp_path) as outbox:
        packs = held(outbox, "event")
        assert [pack.seq for pack in packs] == list(range(1, len(packs) + 1))
        events = [fact.data["n"] for fact in facts_of(packs)]  # type: ignore[union-attr]
        assert events == list(range(len(events)))
        assert len(events) - 1 in (said, said + 1)
        assert outbox.states()["lift-07"] == str(events[-1]).encode()


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


def test_a_fact_that_fits_no_pack_is_left_out(tmp_path: Path) -> None:
    """The hub would quarantine it; the others go their way."""
    with opened(tmp_path) as outbox:
        huge = Reading("lift-07", 1, {f"v{n}": "x" * 512 for n in range(600)})
        put(outbox, "reading", reading(1), huge, reading(2))
        assert facts_of(held(outbox, "reading")) == [reading(1), reading(2)]

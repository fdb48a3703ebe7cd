"""The outbox keeps every pack until it is receipted, over restarts and kills."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.wire import Reading
from edge_agent.lanes import WINDOWS
from edge_agent.outbox.waiting import Batch
from tests.edge_agent.outbox.opened import (
    WAIT_S,
    HandClock,
    event,
    facts_of,
    flush,
    held,
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


def test_a_fact_that_fits_no_pack_is_left_out(tmp_path: Path) -> None:
    """The hub would quarantine it; the others go their way."""
    with opened(tmp_path) as outbox:
        huge = Reading("lift-07", 1, {f"v{n}": "x" * 512 for n in range(600)})
        put(outbox, "reading", reading(1), huge, reading(2))
        assert facts_of(held(outbox, "reading")) == [reading(1), reading(2)]


def test_what_could_not_be_committed_was_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is told how much was made: of a pack that no disk has it would wait for ever."""
    failed = threading.Event()
    with opened(tmp_path) as outbox:
        put(outbox, "reading", reading(1))
        committed = outbox._store.transaction

        @contextlib.contextmanager
        def full() -> Iterator[None]:
            with committed():
                yield
                error = sqlite3.OperationalError("database or disk is full")  # as the COMMIT would say
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error

        def later(batch: Batch) -> None:
            keep(batch)
            failed.set()

        keep = outbox._keep_for_later
        monkeypatch.setattr(outbox._store, "transaction", full)
        monkeypatch.setattr(outbox, "_keep_for_later", later)
        outbox.put({"reading": [reading(2)], "backlog": [reading(3)]})
        assert failed.wait(WAIT_S)
        made, held_seqs = outbox.made(), [pack.seq for pack in held(outbox, "reading")]
        assert (made[outbox.epoch], held_seqs) == ({"reading": 1}, [1])
        monkeypatch.undo()
        flush(outbox)
        assert made != outbox.made() == {outbox.epoch: {"reading": 2, "backlog": 1}}

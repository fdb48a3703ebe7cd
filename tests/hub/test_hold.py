"""The reading client is held while alarms are behind; the event client never is."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.link import Inbound
from device_profiles.topics import lane_topic
from device_profiles.wire import Lane, encode
from hub.database import open_database
from hub.intake.intake import BLOCK_S, HOLD_BYTES, Deliver, Intake
from hub.intake.writer import Writer
from hub.journal.journal import Journal
from hub.ledger.ledger import Ledger
from hub.ledger.store import LedgerSaver
from tests.hub.rig import ADDRESS, event, pack


class Wire:
    """A connection in this process: it hands messages over and keeps acks and what is published."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self.changed = threading.Condition()
        self.acked: list[int] = []
        self.published: list[str] = []
        self.drops = 0

    def start(self) -> None:
        """Nothing to connect."""

    def stop(self) -> None:
        """Nothing to end."""

    def ack(self, *messages: Inbound) -> None:
        """Keep them."""
        with self.changed:
            self.acked += [message.mid for message in messages]
            self.changed.notify_all()

    def publish(self, topic: str, payload: bytes) -> int | None:
        """Keep the topic."""
        assert payload
        self.published.append(topic)
        return 1

    def drop(self) -> None:
        """Count it."""
        with self.changed:
            self.drops += 1
            self.changed.notify_all()

    def deliver(self, mid: int, lane: Lane) -> threading.Thread:
        """Hand a pack over on a thread of its own, as a network thread does."""
        payload = encode(pack(mid, lane, event()) if lane == "event" else pack(mid, lane))
        message = Inbound(lane_topic(ADDRESS, lane), payload, False, mid, 1)
        thread = threading.Thread(target=self._deliver, args=([message],))
        thread.start()
        return thread

    def wait_dropped(self) -> bool:
        """Wait until the connection was cut."""
        with self.changed:
            return self.changed.wait_for(lambda: self.drops > 0, 30)

    def wait_acked(self, mid: int) -> bool:
        """Wait for the ack of a message."""
        with self.changed:
            return self.changed.wait_for(lambda: mid in self.acked, 30)


class Rig:
    """An intake on two wires, and how far alarms are behind."""

    def __init__(self, folder: Path, *, hold_bytes: int = HOLD_BYTES, block_s: float = BLOCK_S) -> None:
        self.lag_ms = 0.0
        self.wires: dict[str, Wire] = {}
        self.journal = Journal.open(folder / "journal.db", reserve_bytes=1_000_000)
        self.engine = open_database(folder / "hub.db")
        ledger = Ledger()
        saver = LedgerSaver(self.engine, ledger)
        self.saver = saver
        clock = Clock()
        self.intake = Intake(
            Writer(self.journal, ledger, saver, hub="hub-1", clock=clock),
            clock=clock,
            connect=self._connect,
            lag_ms=lambda: self.lag_ms,
            on_crash=pytest.fail,
            hold_bytes=hold_bytes,
            block_s=block_s,
        )

    def __enter__(self) -> "Rig":
        self.saver.start()
        self.intake.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.intake.stop()
        self.saver.stop()
        self.journal.close()
        self.engine.dispose()

    def _connect(self, name: str, _filters: tuple[str, ...], deliver: Deliver) -> Wire:
        self.wires[name] = Wire(deliver)
        return self.wires[name]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Run an intake for one test."""
    with Rig(tmp_path) as found:
        yield found


def test_readings_wait_while_alarms_are_behind(rig: Rig) -> None:
    """Over 200 ms of lag a reading is held and an event is not; both are acked once the lag is gone."""
    rig.lag_ms = 500.0
    held = rig.wires["reading"].deliver(1, "reading")
    rig.wires["event"].deliver(2, "event").join(30)
    assert rig.wires["event"].wait_acked(2)
    assert rig.wires["reading"].acked == []
    rig.lag_ms = 100.0
    assert rig.wires["reading"].wait_acked(1)
    held.join(30)


def test_a_stop_drains_and_refuses(rig: Rig) -> None:
    """What was taken before a stop is acked and receipted; what comes later is left to the broker."""
    rig.wires["event"].deliver(1, "event").join(30)
    rig.intake.stop()
    assert rig.wires["event"].acked == [1]
    rig.wires["event"].deliver(2, "event").join(30)
    assert rig.wires["event"].acked == [1]
    assert rig.wires["event"].drops == 0
    assert rig.wires["event"].published == ["citynerve/1/agent/hz/xiacheng/chaoming/chaoming-01/receipt"]


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Rig]:
    """Run an intake with room for a few messages whose journal another process has locked."""
    with Rig(tmp_path, hold_bytes=8_000, block_s=0.3) as found:
        lock = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        yield found
        lock.close()


def test_invariant_06_a_full_inbox_blocks_and_then_cuts_the_link(stuck: Rig) -> None:
    """What does not fit is held for a while, then its link is cut, unacked: the broker sends it again."""
    assert BLOCK_S == 5.0
    wire = stuck.wires["reading"]
    threads = [wire.deliver(mid, "reading") for mid in range(1, 31)]
    assert wire.wait_dropped()
    for thread in threads:
        thread.join(30)
    assert wire.acked == []
    assert stuck.wires["event"].drops == 0  # which has room of its own

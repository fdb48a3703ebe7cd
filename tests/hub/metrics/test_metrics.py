"""Each metric moves by what it is named after; each reason for which something is set aside has its own number."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from device_profiles.clock import Clock
from device_profiles.link import Inbound
from device_profiles.profile import load_profiles
from device_profiles.topics import lane_topic, receipt_topic
from device_profiles.wire import MAX_PACK_BYTES, Lane, Lost, encode
from hub.alarms.kept.reader import AlarmReader
from hub.database import open_database
from hub.intake.inbox import Inbox, Waiting
from hub.intake.writer import Writer
from hub.journal.faulty import Reason
from hub.journal.journal import Journal
from hub.journal.texts import write_texts
from hub.ledger.ledger import Ledger
from hub.ledger.store import LedgerSaver
from hub.metrics import REGISTRY
from hub.standing import ledger_metrics
from tests.hub.metrics.scraped import counted
from tests.hub.rig import ADDRESS, EPOCH, event, pack, reading


class Mouth:
    """A port that takes whatever it is given."""

    def __init__(self) -> None:
        self.published: list[str] = []

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def drop(self) -> None:
        """Do nothing."""

    def ack(self, *messages: Inbound) -> None:
        """Do nothing."""

    def publish(self, topic: str, _payload: bytes) -> int | None:
        """Take it."""
        self.published.append(topic)
        return 1


class Desk:
    """An intake without a broker: what is sent is written before ``send`` returns."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_database(folder / "hub.db")
        self.journal = Journal.open(folder / "journal.db", reserve_bytes=1_000_000)
        self.ledger = Ledger()
        self.port = Mouth()
        saver = LedgerSaver(self.engine, self.ledger)
        self.writer = Writer(self.journal, self.ledger, saver, hub="hub-1", clock=Clock())
        lock = threading.Lock()
        self.events, self.readings = (Inbox(10**9, lock=lock, ready=threading.Condition(lock)) for _ in range(2))

    def close(self) -> None:
        """Close the files."""
        self.journal.close()
        self.engine.dispose()

    def send(self, payload: bytes, *, lane: Lane = "reading", topic: str = "") -> None:
        """Take a message in."""
        message = Inbound(topic or lane_topic(ADDRESS, lane), payload, False, 1, 1)
        inbox = self.events if lane in ("event", "status") else self.readings
        assert inbox.put(Waiting(message, self.port), timeout_s=1)
        self.writer.round(self.events, self.readings, self.port)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return an intake without a broker."""
    found = Desk(tmp_path)
    yield found
    found.close()


def changed(**fields: object) -> bytes:
    """Return a sound pack with some fields of its envelope replaced."""
    return json.dumps(json.loads(encode(pack(1))) | fields).encode()


def cloned(desk: Desk) -> None:
    """Send one number by two starts."""
    desk.send(encode(pack(1, boot="one")))
    desk.send(encode(pack(1, boot="two")))


def from_the_future(desk: Desk) -> None:
    """Send an event of tomorrow."""
    found = event()
    made = pack(1, "event", type(found)(found.device, found.t_us + 86_400_000_000, found.kind, found.severity))
    desk.send(encode(made), lane="event")


def broken(desk: Desk) -> None:
    """Send a sound pack to an intake that has a fault of its own."""
    desk.ledger.seen = None  # type: ignore[assignment]
    desk.send(encode(pack(1)))


SENT: dict[Reason, Callable[[Desk], None]] = {
    Reason.MALFORMED: lambda desk: desk.send(b"\xff garbage"),
    Reason.WRONG_TYPE: lambda desk: desk.send(b'{"v":1}'),
    Reason.TOO_LARGE: lambda desk: desk.send(b" " * (MAX_PACK_BYTES + 1)),
    Reason.WRONG_TOPIC: lambda desk: desk.send(b"{}", topic="citynerve/1/agent/hz/xiacheng/Chao Ming/x/reading"),
    Reason.WRONG_AGENT: lambda desk: desk.send(changed(agent="somebody-else")),
    Reason.WRONG_LANE: lambda desk: desk.send(changed(lane="backlog")),
    Reason.WRONG_EPOCH: lambda desk: desk.send(changed(resent_in=EPOCH - 1)),
    Reason.NO_SEQ: lambda desk: desk.send(encode(pack(None))),
    Reason.CLONED: cloned,
    Reason.FUTURE_TIME: from_the_future,
    Reason.UNEXPECTED: broken,
}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_of_the_quarantine_has_its_number(desk: Desk, reason: Reason) -> None:
    """A reason that nobody can bring about here has no test, and fails."""
    before = {other: counted("quarantined", reason=other) for other in Reason}
    SENT[reason](desk)
    moved = {other for other in Reason if counted("quarantined", reason=other) > before[other]}
    assert moved == {reason}


@pytest.mark.parametrize("reason", get_args(Lost.__annotations__["reason"]))
def test_each_reason_of_a_loss_has_its_number(desk: Desk, reason: str) -> None:
    """What agents declare lost is told by the reason that they give."""
    lost = Lost(reading().t_us, "reading", EPOCH, 3, 7, reason)  # type: ignore[arg-type]
    desk.send(encode(pack(1, "event", lost)), lane="event")
    (family, _) = ledger_metrics(desk.ledger)
    assert {sample.labels["reason"]: sample.value for sample in family.samples} == {reason: 5.0}


def test_packs_facts_doubles_and_receipts_are_counted(desk: Desk) -> None:
    """Each by its lane; a receipt once it was handed over."""
    names = ("packs", "facts", "doubles")
    before = {name: counted(name, lane="backlog") for name in names}
    receipts, commits = counted("receipts"), commit_count()
    desk.send(encode(pack(1, "backlog", reading(), reading())), lane="backlog")
    desk.send(encode(pack(1, "backlog", reading(), reading())), lane="backlog")
    assert [counted(name, lane="backlog") - before[name] for name in names] == [1, 2, 1]
    assert counted("receipts") - receipts == desk.port.published.count(receipt_topic(ADDRESS)) > 0
    assert commit_count() >= commits + 2


def commit_count() -> float:
    """Return how many transactions of a journal this process has timed."""
    return REGISTRY.get_sample_value("citynerve_hub_journal_commit_seconds_count") or 0.0


def test_transitions_are_counted_by_kind(desk: Desk) -> None:
    """Once they are committed."""
    before = counted("transitions", kind="raised")
    write_texts(desk.journal, load_profiles(), now_us=1)
    desk.send(encode(pack(1, "event", event())), lane="event")
    AlarmReader(desk.engine, clock=Clock()).apply(desk.journal.read(0, 10))
    assert counted("transitions", kind="raised") == before + 1

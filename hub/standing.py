"""What stands now, asked of the parts at each scrape, so that it costs nothing between two."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec
import sqlalchemy as sa
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from hub.alarms.kept.reader import AlarmReader
from hub.alarms.kept.store import alarms
from hub.archive.reader import ArchiveReader
from hub.database import reading
from hub.evidence.table import WantedState
from hub.evidence.worker import EvidenceWorker
from hub.heartbeat import Heartbeat
from hub.intake.intake import Intake
from hub.journal.journal import Journal
from hub.journal.readers import ReaderLoop
from hub.journal.thinned import GivenUp
from hub.ledger.ledger import Ledger
from hub.metrics import asked
from hub.twins.reader import TwinReader
from hub.twins.state import AgentState

R = TypeVar("R", bound=str)  # a reason
AGENT_COUNTS = ("thinned", "evicted", "resent", "connects", "bad_receipts", "bad_messages")  # what a status may say


class Linked(Protocol):
    """A client at the broker."""

    client_id: str
    connection: int  # connections made so far
    connected: threading.Event


class Watched(msgspec.Struct, frozen=True):
    """The parts of a hub that are asked."""

    engine: sa.Engine
    journal: Journal
    ledger: Ledger
    alarms: AlarmReader
    twins: TwinReader
    intake: Intake
    archive: ArchiveReader | None  # None: it runs apart
    loops: Sequence[ReaderLoop]
    links: Sequence[Linked]
    evidence: EvidenceWorker
    beat: Heartbeat


class Standing(Collector):
    """Asks the whole hub."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def describe(self) -> Iterable[Metric]:
        """Return nothing: whoever registers this must not scrape it."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield what stands; what a full disk keeps from being read is left out."""
        watched = self._watched
        yield from journal_metrics(watched.journal)
        yield from reader_metrics(watched.loops, watched.journal)
        yield from ledger_metrics(watched.ledger)
        yield from intake_metrics(watched.intake, watched.links)
        yield from agent_metrics(watched.twins.sessions())
        yield asked("namesakes", [("", float(watched.beat.namesakes()))])
        if watched.archive is not None:
            yield asked("archive_refused", numbers(watched.archive.refused))
        with contextlib.suppress(sa.exc.OperationalError):
            yield from alarm_metrics(watched.engine, watched.alarms)
            yield from evidence_metrics(watched.evidence)


class Archiving(Collector):
    """Asks the archive's reader, wherever it runs."""

    def __init__(self, reader: ArchiveReader, loop: ReaderLoop, journal: Journal) -> None:
        self._reader = reader
        self._loop = loop
        self._journal = journal

    def describe(self) -> Iterable[Metric]:
        """Return nothing: whoever registers this must not scrape it."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield what it left out and how far it is."""
        yield asked("archive_refused", numbers(self._reader.refused))
        yield from reader_metrics([self._loop], self._journal)


def journal_metrics(journal: Journal) -> Iterable[Metric]:
    """Yield where the journal ends, what it takes and what it gave up."""
    yield asked("journal_offset", [("", float(journal.last_offset()))])
    yield asked("journal_bytes", [("", float(journal.used_bytes()))])
    given_up: Counter[str] = Counter(dict.fromkeys(GivenUp, 0))
    for loss in journal.losses():
        given_up[loss.reason] += loss.facts
    yield asked("journal_given_up", numbers(given_up))


def reader_metrics(loops: Sequence[ReaderLoop], journal: Journal) -> Iterable[Metric]:
    """Yield how far each reader is behind."""
    last = journal.last_offset()
    yield asked("reader_lag_seconds", [(loop.reader.name, loop.lag_ms / 1_000) for loop in loops])
    behind = [(loop.reader.name, float(max(0, last - loop.position))) for loop in loops]
    yield asked("reader_behind_records", behind)


def ledger_metrics(ledger: Ledger) -> Iterable[Metric]:
    """Yield what is lost and what is missing: the same that `hub ledger` shows."""
    lost: Counter[str] = Counter()
    missing = 0
    for state in list(ledger.lanes.values()):  # another thread adds to it
        lost.update(dict(state.lost))
        missing += state.known.missing + state.unfound
    yield asked("lost", numbers(lost))
    yield asked("missing_packs", [("", float(missing))])


def intake_metrics(intake: Intake, links: Sequence[Linked]) -> Iterable[Metric]:
    """Yield what waits in memory, and how the links to the broker are."""
    held = intake.held()
    yield asked("held_messages", [(name, float(messages)) for name, (messages, _) in held.items()])
    yield asked("held_bytes", [(name, float(size)) for name, (_, size) in held.items()])
    yield asked("mqtt_connects", [(link.client_id, float(link.connection)) for link in links])
    yield asked("mqtt_connected", [(link.client_id, float(link.connected.is_set())) for link in links])


def alarm_metrics(engine: sa.Engine, reader: AlarmReader) -> Iterable[Metric]:
    """Yield what is open, what was refused, and what the engine knows of agents' clocks."""
    query = sa.select(alarms.c.severity, sa.func.count()).where(alarms.c.open).group_by(alarms.c.severity)
    with reading(engine).connect() as connection:
        found = [(severity, float(number)) for severity, number in connection.execute(query)]
    yield asked("alarms_open", found)
    yield asked("alarms_refused", numbers(reader.refused))
    offsets = [(agent, offset_us / 1e6) for agent, offset_us in reader.offsets().items()]
    yield asked("agent_clock_offset_seconds", offsets)


def evidence_metrics(worker: EvidenceWorker) -> Iterable[Metric]:
    """Yield how far the evidence of life alarms has come, and what is kept."""
    found: Counter[str] = Counter(dict.fromkeys(WantedState, 0))
    for (state, _), count in worker.counts().items():
        found[state] += count
    yield asked("evidence_pieces", numbers(found))
    yield asked("evidence_bytes", [("", float(worker.held_bytes()))])


def agent_metrics(sessions: Sequence[AgentState]) -> Iterable[Metric]:
    """Yield what agents said of themselves, in their last status."""
    yield asked("agent_online", [(one.agent, float(one.online)) for one in sessions])
    depths = [(f"{one.agent} {lane}", float(packs)) for one in sessions for lane, packs in one.outbox.items()]
    yield asked("agent_outbox_packs", depths)
    for name in AGENT_COUNTS:
        found = [(one.agent, float(one.counts[name])) for one in sessions if name in one.counts]
        yield asked(f"agent_{name}", found)


def numbers(counts: Mapping[R, int]) -> list[tuple[str, float]]:
    """Return counts as samples, from a copy: their owner goes on counting."""
    return [(str(name), float(count)) for name, count in dict(counts).items()]

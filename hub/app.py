"""The hub, wired in one straight line: whoever comes later needs whoever came earlier, and stops before it."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.config import duration_us, size_bytes
from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles
from hub.alarms.kept.log import AlarmLog
from hub.alarms.kept.reader import AlarmReader
from hub.alarms.transitions import Transition
from hub.archive.reader import ArchiveReader
from hub.archive.stores import Store, describe, open_archive
from hub.archive.tiers.expiry import Expiry
from hub.archive.tiers.marked import MarkedArchive, Progress
from hub.archive.tiers.marks import Marks
from hub.archive.tiers.opened import open_tiers, retention_lookup
from hub.archive.tiers.worker import TierWorker
from hub.backup import check_whole
from hub.channels.delivery import Delivery, DeliverySpec
from hub.channels.mqtt import MqttChannel
from hub.config import Settings
from hub.database import furthest_cursor, open_database
from hub.evidence.worker import EvidenceWorker
from hub.garbage import spare_the_end, spare_the_stream
from hub.heartbeat import Heartbeat
from hub.intake.intake import Connect, Deliver, Intake
from hub.intake.subscriber import Subscriber
from hub.intake.writer import Writer
from hub.journal.journal import Journal
from hub.journal.readers import LARGE_BATCH, ReaderLoop
from hub.journal.records import NewRecord, tick_row
from hub.journal.retention import Retention
from hub.journal.texts import write_texts
from hub.ledger.store import LedgerSaver, catch_up, load
from hub.life import Life, locked
from hub.metrics.server import MetricsServer
from hub.quarantine.bound import QuarantineBound
from hub.standing import Archiving, Standing, Watched
from hub.twins.reader import TwinReader

logger = logging.getLogger(__name__)


class Part(Protocol):
    """Whatever runs on a thread of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End within five seconds."""


P = TypeVar("P", bound=Part)
Hear = Callable[[list[Transition]], None]


async def run(settings: Settings, *, clock: Clock) -> int:
    """Run the hub until a signal; return the exit code. Raises ConfigError and HubError when it cannot start."""
    config, life = settings.config, Life()
    profiles = load_profiles(settings.profiles)
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(settings))
        check_whole(settings.data)
        journal = _journal(stack, settings)  # first: on a full disk it gives its reserve to all that follows
        engine = open_database(settings.database)
        stack.callback(engine.dispose)
        store = _archive(stack, settings)
        if journal.go_on_after(max(furthest_cursor(engine), store.remembered())):
            logger.error("%s is not the one that was read before: it goes on behind that one's end", journal.path)
        write_texts(journal, profiles, now_us=clock.wall_us(), policy=settings.read_policy())
        # before anything comes in: what arrives first must not pass for the end of a silence that was the hub's own
        journal.append([tick_row(clock.wall_us(), clock=clock.state().source)], urgent=True)

        ledger = load(engine)
        catch_up(ledger, journal)
        saver = _start(stack, LedgerSaver(engine, ledger))

        channel = MqttChannel(
            engine,
            AlarmLog(engine),
            broker=config.broker,
            hub=config.hub,
            folder=settings.folder,
            on_crash=life.crash,
        )
        delivery = _delivery(settings, engine, journal, clock=clock, life=life)
        evidence = EvidenceWorker(settings, engine, journal, clock=clock, on_crash=life.crash)
        hearers = [
            delivery.on_transitions,
            evidence.on_transitions,
            *([channel.on_transitions] if config.channels.mqtt.enabled else []),
        ]
        alarms = AlarmReader(engine, clock=clock, on_transitions=_each(hearers), first_offset=journal.whole_from)
        stack.callback(_flush, alarms.flush)
        alarm_loop = _start(stack, ReaderLoop(journal, alarms, clock=clock, on_crash=life.crash, urgent=True))

        twins = TwinReader(engine)
        stack.callback(_flush, twins.flush)
        twin_loop = ReaderLoop(journal, twins, clock=clock, on_crash=life.crash, batch=LARGE_BATCH)
        loops = [alarm_loop, _start(stack, twin_loop)]

        archive = None
        if not config.archive.apart:
            archive, loop = _follow(stack, settings, store, journal, clock=clock, life=life)
            loops.append(loop)

        if config.channels.mqtt.enabled:
            _start(stack, channel)
        _start(stack, delivery)
        _start(stack, evidence)
        vital = (lambda: saver.stored, alarms.cuttable, twins.cursor)
        keep_us = duration_us(config.journal.keep)
        _start(stack, Retention(journal, keep_us=keep_us, clock=clock, vital=vital, others=(store.remembered,)))
        kept = config.quarantine
        bound = QuarantineBound(journal, max_messages=kept.max_messages, max_bytes=size_bytes(kept.max_bytes))
        _start(stack, bound)
        beat = Heartbeat(
            config.broker,
            hub=config.hub,
            folder=settings.folder,
            clock=clock,
            journal=journal,
            all_told=channel.all_told,
        )
        _start(stack, beat)

        links: list[Subscriber] = []
        intake = Intake(
            Writer(journal, ledger, saver, hub=config.hub, clock=clock),
            clock=clock,
            connect=_connect(settings, links),
            lag_ms=lambda: alarm_loop.lag_ms,
            on_crash=life.crash,
            hold_bytes=size_bytes(config.intake.hold_bytes),
        )
        _start(stack, intake)
        watched = Watched(engine, journal, ledger, alarms, twins, intake, archive, loops, links, evidence, beat)
        _start(stack, MetricsServer(config.metrics.listen, Standing(watched)))
        for loop in loops[1:]:  # what keeps no alarm waiting leaves the processor to what does, while that ends
            stack.callback(loop.leave)
        spare_the_stream()
        await life.last(up=lambda: all(link.subscribed.is_set() for link in links))
        spare_the_end()
    return life.exit_code


async def run_archive(settings: Settings, *, clock: Clock) -> int:
    """Run the archive's reader alone, beside a hub with ``archive.apart``; return the exit code."""
    if not settings.config.archive.apart:
        raise ConfigError("is false: the hub itself archives", file=str(settings.file), key="archive.apart")
    life = Life()
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(settings, "archive"))
        journal = _journal(stack, settings)
        store = _archive(stack, settings)
        archive, loop = _follow(stack, settings, store, journal, clock=clock, life=life)
        _start(stack, MetricsServer(settings.config.metrics.archive_listen, Archiving(archive, loop, journal)))
        spare_the_stream()
        await life.last(up=lambda: True)
        spare_the_end()
    return life.exit_code


def _start(stack: AsyncExitStack, part: P) -> P:
    stack.callback(part.stop)
    part.start()
    return part


def _flush(flush: Callable[[], None]) -> None:
    with contextlib.suppress(sa.exc.OperationalError):  # a full disk: the next start folds it again
        flush()


def _each(hearers: Sequence[Hear]) -> Hear:
    def hear(made: list[Transition]) -> None:
        for each in hearers:
            each(made)

    return hear


def _delivery(settings: Settings, engine: sa.Engine, journal: Journal, *, clock: Clock, life: Life) -> Delivery:
    config = settings.config
    spec = DeliverySpec(config.receivers, config.hub, settings.folder, duration_us(config.journal.keep))

    def say(word: NewRecord) -> None:
        journal.append([word], urgent=True)

    return Delivery(engine, spec, clock=clock, say=say, make_room=journal.make_room, on_crash=life.crash)


def _archive(stack: AsyncExitStack, settings: Settings) -> Store:
    archive = open_archive(settings, mend=True)
    stack.callback(archive.close)
    logger.info("archive: %s", describe(settings))
    return archive


def _follow(
    stack: AsyncExitStack, settings: Settings, store: Store, journal: Journal, *, clock: Clock, life: Life
) -> tuple[ArchiveReader, ReaderLoop]:
    """Start the archive's reader, whose writes are marked, and the worker that makes tiers of what is marked."""
    marks, tiers = Marks(settings.tiers), open_tiers(settings)
    stack.callback(marks.close)
    stack.callback(tiers.close)
    archive = MarkedArchive(store, marks)
    reader = ArchiveReader(archive, batch_points=store.most_points)
    known = store.remembered()  # it may be away
    loop = ReaderLoop(
        journal, reader, clock=clock, on_crash=life.crash, batch=LARGE_BATCH, known=known, begin=reader.begin
    )
    _start(stack, loop)
    progress = Progress(journal, archive, marks, clock=clock)
    expiry = Expiry(tiers, marks, retention_of=retention_lookup(settings), lived=progress.lived)
    worker = TierWorker(archive, tiers, marks, expiry=expiry, progress_us=progress.now_us, on_crash=life.crash)
    _start(stack, worker)
    return reader, loop


def _journal(stack: AsyncExitStack, settings: Settings) -> Journal:
    bounds = settings.config.journal
    journal = Journal.open(
        settings.journal, max_bytes=size_bytes(bounds.max_bytes), reserve_bytes=size_bytes(bounds.reserve_bytes)
    )
    stack.callback(journal.close)
    return journal


def _connect(settings: Settings, links: list[Subscriber]) -> Connect:
    def connect(name: str, filters: tuple[str, ...], deliver: Deliver) -> Subscriber:
        link = Subscriber(
            settings.config.broker,
            client_id=f"hub-{settings.config.hub}-{name}",
            folder=settings.folder,
            subscriptions=filters,
            on_messages=deliver,
        )
        links.append(link)
        return link

    return connect

"""The hub, wired in one straight line: whoever comes later needs whoever came earlier, and stops before it."""

import asyncio
import contextlib
import fcntl
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

from device_profiles.clock import Clock
from device_profiles.config import duration_us, size_bytes
from device_profiles.errors import ConfigError
from device_profiles.link import Inbound, Link
from device_profiles.profile import load_profiles
from hub.archive.embedded import EmbeddedArchive
from hub.archive.reader import ArchiveReader
from hub.config import Settings
from hub.database import open_database
from hub.errors import DataInUse
from hub.heartbeat import Heartbeat
from hub.intake import Connect, Intake
from hub.journal import Journal
from hub.ledger_store import LedgerSaver, catch_up, load
from hub.readers import Reader, ReaderLoop
from hub.retention import Retention
from hub.texts import write_texts
from hub.twins import TwinReader
from hub.writer import Writer

logger = logging.getLogger(__name__)

_POLL_S = 0.02  # for what only threads know


class Part(Protocol):
    """Whatever runs on a thread of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End within five seconds."""


P = TypeVar("P", bound=Part)


class Life:
    """How long the program runs: until a signal, or until a thread crashes."""

    def __init__(self) -> None:
        self.crashed: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._ended.set)

    def crash(self, name: str) -> None:
        """End because the thread ``name`` did; from any thread."""
        self.crashed.append(name)
        self._loop.call_soon_threadsafe(self._ended.set)

    async def until_ready(self, intake_up: Callable[[], bool]) -> None:
        """Say ``ready`` once the intake is up, then wait for the end."""
        while not (intake_up() or self._ended.is_set()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _POLL_S)
        if not self._ended.is_set():
            logging.getLogger("hub").info("ready")
        await self._ended.wait()


async def run(settings: Settings, *, clock: Clock) -> int:
    """Run the hub until a signal; return the exit code. Raises ConfigError and HubError when it cannot start."""
    threading.excepthook = _log_crash
    config, life = settings.config, Life()
    profiles = load_profiles(settings.profiles)
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(settings))
        engine = open_database(settings.database)
        stack.callback(engine.dispose)
        journal = _journal(stack, settings)
        write_texts(journal, profiles, now_us=clock.wall_us())
        ledger = load(engine)
        catch_up(ledger, journal)
        saver = _start(stack, LedgerSaver(engine, ledger))
        twins = TwinReader(engine)
        stack.callback(twins.flush)
        archive = EmbeddedArchive(settings.archive)
        stack.callback(archive.close)
        readers: list[Reader] = [twins, ArchiveReader(archive)]
        loops = [ReaderLoop(journal, reader, clock=clock, on_crash=life.crash) for reader in readers]
        for loop in loops if not config.archive.apart else loops[:-1]:
            _start(stack, loop)
        keep_us = duration_us(config.journal.keep)
        cursors = [lambda: saver.stored, *(reader.cursor for reader in readers)]
        _start(stack, Retention(journal, keep_us=keep_us, clock=clock, slowest=lambda: min(c() for c in cursors)))
        heartbeat = Heartbeat(
            config.broker, hub=config.hub, folder=settings.folder, clock=clock, last_offset=journal.last_offset
        )
        _start(stack, heartbeat)
        writer = Writer(journal, ledger, saver, hub=config.hub, clock=clock)
        links: list[Link] = []
        intake = Intake(
            writer,
            clock=clock,
            connect=_connect(settings, links),
            lag_ms=lambda: 0.0,
            on_crash=life.crash,
            hold_bytes=size_bytes(config.intake.hold_bytes),
        )
        _start(stack, intake)
        await life.until_ready(lambda: all(link.subscribed.is_set() for link in links))
    return 1 if life.crashed else 0


async def run_archive(settings: Settings, *, clock: Clock) -> int:
    """Run the archive's reader alone, beside a hub with ``archive.apart``; return the exit code."""
    threading.excepthook = _log_crash
    life = Life()
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(settings, "archive"))
        journal = _journal(stack, settings)
        archive = EmbeddedArchive(settings.archive)
        stack.callback(archive.close)
        _start(stack, ReaderLoop(journal, ArchiveReader(archive), clock=clock, on_crash=life.crash))
        await life.until_ready(lambda: True)
    return 1 if life.crashed else 0


def _start(stack: AsyncExitStack, part: P) -> P:
    stack.callback(part.stop)
    part.start()
    return part


def _journal(stack: AsyncExitStack, settings: Settings) -> Journal:
    bounds = settings.config.journal
    journal = Journal.open(
        settings.journal, max_bytes=size_bytes(bounds.max_bytes), reserve_bytes=size_bytes(bounds.reserve_bytes)
    )
    stack.callback(journal.close)
    return journal


def _connect(settings: Settings, links: list[Link]) -> Connect:
    def connect(name: str, filters: tuple[str, ...], on_message: Callable[[Inbound], None]) -> Link:
        link = Link(
            settings.config.broker,
            client_id=f"hub-{settings.config.hub}-{name}",
            folder=settings.folder,
            persistent=True,
            subscriptions=filters,
            manual_ack=True,
            on_message=on_message,
        )
        links.append(link)
        return link

    return connect


@contextlib.contextmanager
def locked(settings: Settings, role: str = "hub") -> Iterator[None]:
    """Keep every other process of this role away from the data folder, however this one ends. Raises DataInUse."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        file = (settings.data / f"{role}.lock").open("wb")
    except OSError as error:
        raise ConfigError(f"{settings.data}: {error.strerror}", file=str(settings.file), key="data") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataInUse(f"{settings.data} is in use by another {role} process") from error
        yield


def _log_crash(crash: threading.ExceptHookArgs) -> None:
    name = crash.thread.name if crash.thread else "?"
    error = (crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback)
    logger.critical("thread %s crashed", name, exc_info=error)

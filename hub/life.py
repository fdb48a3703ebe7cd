"""How long the program lives: until a signal, or until one of its threads crashes; and alone on its data folder."""

import asyncio
import contextlib
import fcntl
import logging
import os
import platform
import signal
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from device_profiles.errors import ConfigError
from hub.config import Settings
from hub.errors import DataInUse

logger = logging.getLogger(__name__)

_POLL_S = 0.02  # for what only threads know


class Life:
    """The life of one program; made inside its event loop."""

    def __init__(self) -> None:
        self._crashed = False
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._ended.set)
        threading.excepthook = self._take_crash  # of every thread, paho's too

    @property
    def exit_code(self) -> int:
        """0 after a signal, 1 after a crash."""
        return 1 if self._crashed else 0

    def crash(self, _name: str) -> None:
        """End because a thread did; from any thread."""
        self._crashed = True
        self._loop.call_soon_threadsafe(self._ended.set)

    async def last(self, up: Callable[[], bool]) -> None:
        """Say ``ready`` once ``up`` is true, then wait for the end."""
        while not (up() or self._ended.is_set()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _POLL_S)
        if not self._ended.is_set():
            logging.getLogger("hub").info("ready")
        await self._ended.wait()

    def _take_crash(self, crash: threading.ExceptHookArgs) -> None:
        name = crash.thread.name if crash.thread else "?"
        error = (crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback)
        logger.critical("thread %s crashed", name, exc_info=error)
        self.crash(name)


@contextlib.contextmanager
def locked(settings: Settings, role: str = "hub") -> Iterator[None]:
    """Keep every other process of this role away from the data folder, however this one ends. Raises DataInUse."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        file = (settings.data / f"{role}.lock").open("ab", buffering=0)  # who holds it stands there
    except OSError as error:
        raise ConfigError(f"{settings.data}: {error.strerror}", file=str(settings.file), key="data") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataInUse(f"{settings.data} is in use by another {role} process") from error
        _sign(file)
        yield


def process_name() -> str:
    """Return where this program runs, as host:pid."""
    return f"{platform.node()}:{os.getpid()}"


def process_of(settings: Settings, role: str = "hub") -> str:
    """Return where the process of this role runs, or ran; "" when that is not known."""
    try:
        return (settings.data / f"{role}.lock").read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return ""


def is_locked(settings: Settings, role: str = "hub") -> bool:
    """Return whether a process of this role runs on the data folder; looks for an instant and makes nothing."""
    try:
        with (settings.data / f"{role}.lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _sign(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # a full disk: it runs, and nobody is told where
        file.truncate(0)
        file.write(process_name().encode())

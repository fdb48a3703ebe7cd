"""An open serial port inside asyncio: tty, pty, ``socket://`` and ``rfc2217://``, by pyserial.

pymodbus's own transport is not used: it connects and closes inside the event loop (pyserial's network ports block it
for up to 5 s and 0.3 s), cannot open ``rfc2217://`` at all, and leaks the socket of a peer that went away first.
"""

import asyncio
import io
import re
import termios
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
import serial

from device_profiles.config import check_host

T = TypeVar("T")

_READ_BYTES = 1024  # four frames at once
_WRITE_TIMEOUT_S = 0.05  # a request is 8 bytes: a port that cannot take them is stuck
_THREAD_READ_S = 0.2  # how soon a reading thread notices that its port closes


_SCHEMES = ("socket", "rfc2217")  # pyserial's others are for its own tests
_SCHEME = re.compile(r"([a-z][a-z0-9+]{2,}):/")


class LineLost(Exception):
    """The port is missing, was unplugged, or its socket closed."""


class PortSettings(msgspec.Struct, frozen=True):
    """How a port is opened."""

    url: str  # device path, or a pyserial URL
    baud: int
    parity: str  # N, E or O
    stopbits: float


def check_port(url: str) -> None:
    """Check how a port is named; whether it is there shows when it is opened. Raises ValueError."""
    scheme = _SCHEME.match(url)
    if scheme is None:
        return
    says = f"{url!r} is no port: write a device such as /dev/ttyUSB0, socket://host:port or rfc2217://host:port"
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port
        check_host(parts.hostname or "")
    except ValueError as error:
        raise ValueError(f"{says} ({error})") from error
    if scheme[1] not in _SCHEMES or not named:
        raise ValueError(says)


class Port:
    """An open port. Bytes go to ``receive``, its end to ``lost``, both in the event loop, after ``start``."""

    def __init__(self, opened: serial.SerialBase, loop: asyncio.AbstractEventLoop) -> None:
        self._serial = opened
        self._loop = loop
        self._fd = _file_number(opened)
        self._thread: threading.Thread | None = None
        self._receive: Callable[[bytes], None] = _nobody
        self._lost: Callable[[str], None] = _nobody
        self._open = True

    def start(self, *, receive: Callable[[bytes], None], lost: Callable[[str], None]) -> None:
        """Begin to read."""
        self._receive, self._lost = receive, lost
        if self._fd is not None:
            self._loop.add_reader(self._fd, self._readable)
            return
        self._thread = threading.Thread(target=self._read_loop, name="serial-read", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Send ``data``. Raises LineLost."""
        try:
            self._serial.write(data)
        except OSError as error:
            raise LineLost(_reason(error)) from error

    def purge(self) -> None:
        """Hand on what the system holds already, so that the caller can throw it away."""
        if self._fd is not None and self._open:
            self._readable()

    async def close(self) -> None:
        """Close it; in a thread, because pyserial sleeps and joins."""
        self._open = False
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
        await asyncio.wrap_future(_in_thread(self._close))

    def _readable(self) -> None:
        try:
            data = self._serial.read(_READ_BYTES)
        except OSError as error:
            self._ended(_reason(error))
            return
        if data:
            self._receive(data)

    def _ended(self, reason: str) -> None:
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
        if self._open:
            self._open = False
            self._lost(reason)

    def _read_loop(self) -> None:
        while self._open:
            try:
                data = self._serial.read(max(1, self._serial.in_waiting))
            except (OSError, TypeError) as error:  # rfc2217's queue is gone after close: TypeError
                self._to_loop(self._ended, _reason(error))
                return
            if data:
                self._to_loop(self._arrived, data)

    def _arrived(self, data: bytes) -> None:
        if self._open:
            self._receive(data)

    def _to_loop(self, call: Callable[..., None], argument: object) -> None:
        with suppress(RuntimeError):  # the loop closed meanwhile
            self._loop.call_soon_threadsafe(call, argument)

    def _close(self) -> None:
        _close(self._serial)
        if self._thread is not None:
            self._thread.join()


async def open_port(settings: PortSettings) -> Port:
    """Open a port. Raises LineLost. A port that opens after a cancel is closed again."""
    opening = _in_thread(lambda: _open(settings))
    try:
        return Port(await asyncio.wrap_future(opening), asyncio.get_running_loop())
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise
    except (OSError, ValueError, termios.error) as error:
        raise LineLost(_reason(error)) from error


def _in_thread(call: Callable[[], T]) -> "Future[T]":
    """Run ``call`` in a thread that does not hold up the end of the program: a connect may hang for 5 s."""
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(call())
        except (OSError, ValueError, termios.error) as error:
            future.set_exception(error)
        finally:
            if not future.done():  # a bug: the thread's own traceback says which
                future.set_exception(RuntimeError("pyserial broke"))

    threading.Thread(target=work, name="serial-port", daemon=True).start()
    return future


def _open(settings: PortSettings) -> serial.SerialBase:
    network = "://" in settings.url
    threaded = settings.url.startswith("rfc2217://")
    return serial.serial_for_url(
        settings.url,
        baudrate=settings.baud,
        bytesize=8,
        parity=settings.parity,
        stopbits=settings.stopbits,
        timeout=_THREAD_READ_S if threaded else 0,
        write_timeout=None if threaded else _WRITE_TIMEOUT_S,  # pyserial's rfc2217 knows none
        exclusive=None if network else True,  # two masters on one line spoil both
    )


def _close(opened: serial.SerialBase) -> None:
    connection = getattr(opened, "_socket", None)
    with suppress(OSError):
        opened.close()
    if connection is not None:  # pyserial forgets it unclosed when the peer was first to go
        connection.close()


def _close_late(opening: "Future[serial.SerialBase]") -> None:
    if opening.exception() is None:
        _close(opening.result())


def _file_number(opened: serial.SerialBase) -> int | None:
    try:
        number: int = opened.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return None
    return number


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _nobody(_: object) -> None:
    return None

"""Inboxes: messages that came and are not yet in the journal, bounded in bytes."""

import threading
from collections import deque
from typing import Protocol

import msgspec

from device_profiles.link import Inbound

TAKEN_BYTES = 4 * 1024 * 1024  # in one transaction
_OVERHEAD_BYTES = 500  # of a message's objects and topic


class Port(Protocol):
    """A connection to the broker; hub.intake.subscriber is one."""

    def start(self) -> None:
        """Begin to connect and to deliver; returns at once."""

    def stop(self) -> None:
        """End it."""

    def ack(self, *messages: Inbound) -> None:
        """Send the PUBACKs of messages."""

    def publish(self, topic: str, payload: bytes) -> int | None:
        """Hand over a message with QoS 1; None while there is no connection."""

    def drop(self) -> None:
        """Cut the connection and make it anew: what was not acked comes again."""


class Waiting(msgspec.Struct, gc=False, frozen=True):
    """A message and the connection that it came on."""

    message: Inbound
    port: Port


class Inbox:
    """A queue that makes whoever puts in wait while it is full. All inboxes that one thread empties share a lock."""

    def __init__(self, max_bytes: int, *, lock: threading.Lock, ready: threading.Condition) -> None:
        """``ready`` (over ``lock``) is notified when there is something to take."""
        self._max_bytes = max_bytes
        self._lock = lock
        self._ready = ready
        self._room = threading.Condition(lock)
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def held_bytes(self) -> int:
        """What the messages take in memory."""
        return self._bytes

    def put(self, *waiting: Waiting, timeout_s: float) -> bool:
        """Queue messages, all or none; False when there was no room for ``timeout_s`` or the inbox is closed.

        What one read of a socket brought may go beyond the bound: it is in memory anyway.
        """
        with self._lock:
            if self._bytes >= self._max_bytes:
                self._room.wait_for(lambda: self._closed or self._bytes < self._max_bytes, timeout_s)
            if self._closed or self._bytes >= self._max_bytes:
                return False
            self._queue.extend(waiting)
            self._bytes += sum(map(_size, waiting))
            self._ready.notify()
        return True

    def take(self, limit: int) -> list[Waiting]:
        """Return the oldest messages, at most ``limit`` and a few MB; at once, also when there is none."""
        taken: list[Waiting] = []
        size = 0
        with self._lock:
            while self._queue and len(taken) < limit and size < TAKEN_BYTES:
                taken.append(self._queue.popleft())
                size += _size(taken[-1])
            self._bytes -= size
            self._room.notify_all()
        return taken

    def put_back(self, taken: list[Waiting]) -> None:
        """Put what could not be written to the front again."""
        with self._lock:
            self._queue.extendleft(reversed(taken))
            self._bytes += sum(map(_size, taken))

    def close(self) -> None:
        """Take nothing more in."""
        with self._lock:
            self._closed = True
            self._room.notify_all()


def _size(waiting: Waiting) -> int:
    return len(waiting.message.payload) + _OVERHEAD_BYTES

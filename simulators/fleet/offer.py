"""Publish at QoS 1 over one bare socket, PUBACKs counted: whoever listens is the bottleneck."""

import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from simulators.fleet.packs import Message

_SLICE = 2_000  # messages in one send
_DRAIN_S = 0.02  # between two looks at the PUBACKs: to wake up for each few would cost more than to publish
_CONNACK_BYTES, _PUBACK_BYTES = 4, 4
_WAIT_S = 60.0  # for the last PUBACKs


class Piece(NamedTuple):
    """Messages as they go over the wire."""

    messages: int
    data: bytes


class Offer:
    """A connection that only publishes. The broker's back-pressure is the socket's: ``send`` waits, drops nothing."""

    def __init__(self, port: int, client_id: str) -> None:
        """Connect. Raises OSError, and ConnectionError when the broker refuses."""
        self.sent = 0
        self.acked = 0
        self._mid = 0
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_connect(client_id))
        if self._socket.recv(_CONNACK_BYTES, socket.MSG_WAITALL)[3:] != b"\0":
            raise ConnectionError("the broker refuses the fleet")
        self._thread = threading.Thread(target=self._count, name="pubacks", daemon=True)
        self._thread.start()

    def send(self, messages: Iterable[Message]) -> None:
        """Publish ``messages``; returns when the kernel has taken them."""
        self.push(self.pieces(messages))

    def pieces(self, messages: Iterable[Message]) -> Iterator[Piece]:
        """Yield ``messages`` as this connection sends them: made beforehand, a load costs next to nothing."""
        waiting = iter(messages)
        while some := list(islice(waiting, _SLICE)):
            yield Piece(len(some), b"".join([self._publish(message) for message in some]))

    def push(self, pieces: Iterable[Piece]) -> None:
        """Publish ``pieces``, in the order in which they were made; returns when the kernel has taken them."""
        for piece in pieces:
            self._socket.sendall(piece.data)
            self.sent += piece.messages

    def settle(self, timeout_s: float = _WAIT_S) -> None:
        """Wait until every message is acked. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while self.acked < self.sent:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise TimeoutError(f"{self.acked} of {self.sent} messages acked")
            time.sleep(0.002)

    def close(self) -> None:
        """Say goodbye."""
        self._socket.sendall(b"\xe0\0")
        self._socket.shutdown(socket.SHUT_WR)
        self._thread.join(5.0)
        self._socket.close()

    def _publish(self, message: Message) -> bytes:
        self._mid = self._mid % 65_535 + 1
        topic, payload = message
        size = _length(len(topic) + len(payload) + 4)
        return b"\x32%b%b%b%b%b" % (size, len(topic).to_bytes(2), topic, self._mid.to_bytes(2), payload)

    def _count(self) -> None:
        received = 0
        while data := self._socket.recv(65_536):
            received += len(data)
            self.acked = received // _PUBACK_BYTES
            time.sleep(_DRAIN_S)


def at_rate(offer: Offer, messages: Iterator[Message], *, rate: float, seconds: float, slice_s: float = 0.01) -> int:
    """Send ``rate`` messages a second for ``seconds``, as far as the broker takes them; return how many went out."""
    began, sent = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * rate) - sent
        offer.send(islice(messages, due))
        sent += due
        time.sleep(slice_s)
    return sent


def _connect(client_id: str) -> bytes:
    body = struct.pack("!H4sBBH", 4, b"MQTT", 4, 2, 0) + len(client_id).to_bytes(2) + client_id.encode()
    return b"\x10" + _length(len(body)) + body


def _length(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | 0x80 if number else low)
        if not number:
            return bytes(out)

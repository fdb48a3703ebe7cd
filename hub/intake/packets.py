"""The packets of MQTT 3.1.1 (OASIS, chapters 2 and 3) that a subscriber at QoS 1 needs, to bytes and from bytes."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from device_profiles.link import Inbound

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13  # types, the high half of the first byte
PINGREQ = b"\xc0\0"
DISCONNECT = b"\xe0\0"
REFUSED = 0x80  # in a SUBACK
MAX_ID = 65_535
_USER, _PASSWORD = 0x80, 0x40  # flags of CONNECT
_ack = struct.Struct("!BBH").pack


class ProtocolError(Exception):
    """What came is no MQTT; the connection is of no use any more."""


class Other(NamedTuple):
    """A packet that is no message."""

    kind: int
    body: bytes


def connect(client_id: str, *, keepalive_s: int, username: str = "", password: str | None = None) -> bytes:
    """Return a CONNECT that goes on with the session that the broker keeps for ``client_id``."""
    flags = 0
    body = [_text(client_id)]
    if username:
        flags |= _USER
        body.append(_text(username))
        if password is not None:
            flags |= _PASSWORD
            body.append(_text(password))
    head = _text("MQTT") + bytes((4, flags)) + keepalive_s.to_bytes(2)
    return _packet(0x10, head + b"".join(body))


def subscribe(topics: Sequence[str], *, mid: int) -> bytes:
    """Return a SUBSCRIBE at QoS 1."""
    return _packet(0x82, mid.to_bytes(2) + b"".join(_text(topic) + b"\x01" for topic in topics))


def publish(topic: str, payload: bytes, *, mid: int) -> bytes:
    """Return a PUBLISH at QoS 1."""
    return _packet(0x32, _text(topic) + mid.to_bytes(2) + payload)


def pubacks(mids: Sequence[int]) -> bytes:
    """Return the PUBACKs of many messages."""
    return b"".join([_ack(PUBACK << 4, 2, mid) for mid in mids])


class Parser:
    """Cuts the stream of one connection into packets, whatever pieces it comes in."""

    def __init__(self, *, connection: int, max_bytes: int) -> None:
        """``max_bytes`` is how much is kept of a message: of a longer one the rest is passed over and counted.

        To hang up would be no answer to it: the broker would send it again first thing on the next connection.
        """
        self._connection = connection
        self._max_bytes = max_bytes
        self._rest = b""
        self._passing: Inbound | None = None  # a message whose rest is passed over
        self._passed_over = 0  # bytes of it that are still to come

    def feed(self, data: bytes) -> tuple[list[Inbound], list[Other]]:
        """Return what ``data`` completes: messages, and the other packets. Raises ProtocolError."""
        messages: list[Inbound] = []
        if self._passing is not None:
            data = self._pass_over(data, messages)
        stream = self._rest + data if self._rest else data
        others: list[Other] = []
        at, end = 0, len(stream)
        while end - at >= 2:
            size, body = stream[at + 1], at + 2
            if size & 0x80:
                size, body = _long_size(stream, at + 1)
                if size > self._max_bytes and stream[at] >> 4 != PUBLISH:
                    raise ProtocolError(f"a packet of {size} bytes")
            if body == 0 or body + size > end:  # the rest of it is still on its way
                if end - body >= self._max_bytes and body:
                    self._passing = self._message(stream[at], stream[body:end], beyond=body + size - end)
                    self._passed_over = body + size - end
                    at = end
                break
            first = stream[at]
            at = body + size
            if first >> 4 == PUBLISH:
                messages.append(self._message(first, stream[body:at]))
            else:
                others.append(Other(first >> 4, stream[body:at]))
        self._rest = stream[at:]
        return messages, others

    def _pass_over(self, data: bytes, messages: list[Inbound]) -> bytes:
        """Return what follows the long message in ``data``; the message is complete when its last byte has come."""
        rest = data[self._passed_over :]
        self._passed_over -= len(data) - len(rest)
        if not self._passed_over and self._passing is not None:
            messages.append(self._passing)
            self._passing = None
        return rest

    def _message(self, first: int, body: bytes, *, beyond: int = 0) -> Inbound:
        topic_end = 2 + (body[0] << 8) + body[1] if len(body) >= 2 else MAX_ID + 2
        start = topic_end + 2 if first & 6 else topic_end
        if start > len(body) or first & 4:  # QoS 2 was not subscribed to, and there is no 3
            raise ProtocolError(f"PUBLISH {first:#x} of {len(body)} bytes")
        mid = (body[topic_end] << 8) + body[topic_end + 1] if first & 6 else 0
        try:
            topic = body[2:topic_end].decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(f"topic {body[2:topic_end]!r}") from error
        return Inbound(topic, body[start:], bool(first & 1), mid, self._connection, beyond)


def _long_size(stream: bytes, at: int) -> tuple[int, int]:
    """Return a remaining length of several bytes and where the body begins, 0 when it is not complete yet."""
    size = 0
    for place in range(4):
        if at + place >= len(stream):
            return 0, 0
        byte = stream[at + place]
        size |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return size, at + place + 1
    raise ProtocolError("a remaining length of more than four bytes")


def _packet(first: int, body: bytes) -> bytes:
    size, out = len(body), bytearray((first,))
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out) + body


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2) + encoded

"""Cuts the bytes of one direction of an MQTT 3.1.1 connection into packets (OASIS MQTT 3.1.1, section 2.2)."""

from collections.abc import Iterator
from dataclasses import dataclass

PUBLISH, PUBACK = 3, 4


@dataclass(frozen=True)
class Packet:
    """One control packet; ``topic`` and ``payload`` only for PUBLISH."""

    kind: int
    mid: int
    topic: str = ""
    payload: bytes = b""


class Stream:
    """Collects the pieces in which a connection's bytes were read or written."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that are complete with ``data``."""
        self._rest += data
        while (size := self._size()) is not None and len(self._rest) >= size[0] + size[1]:
            head, body = self._rest[0], self._rest[size[0] : size[0] + size[1]]
            self._rest = self._rest[size[0] + size[1] :]
            if (packet := _packet(head, body)) is not None:
                yield packet

    def _size(self) -> tuple[int, int] | None:
        length = 0
        for index, byte in enumerate(self._rest[1:5]):
            length |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return index + 2, length
        return None


def _packet(head: int, body: bytes) -> Packet | None:
    kind = head >> 4
    if kind == PUBACK:
        return Packet(kind, int.from_bytes(body[:2], "big"))
    if kind != PUBLISH:
        return None
    end = 2 + int.from_bytes(body[:2], "big")
    has_mid = (head >> 1) & 3 > 0
    mid = int.from_bytes(body[end : end + 2], "big") if has_mid else 0
    return Packet(kind, mid, body[2:end].decode(errors="replace"), body[end + 2 if has_mid else end :])

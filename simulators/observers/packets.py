"""MQTT 3.1.1 as bytes: a stream cut into control packets, and what a PUBLISH says."""

from collections.abc import Iterator

PUBLISH = 3
MAX_PACKET = 1_048_576  # four times the largest pack; whoever announces more is cut off


class ProtocolError(Exception):
    """The bytes are no MQTT, or a packet is larger than MAX_PACKET."""


class PacketReader:
    """Cuts a stream of bytes into MQTT 3.1.1 control packets (OASIS MQTT 3.1.1, 2.2); holds one incomplete packet."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (first byte, body) of each packet that ``data`` completes. Raises ProtocolError."""
        self._buffer += data
        while (header := self._header()) is not None:
            start, end = header
            if end > len(self._buffer):
                return
            first, body = self._buffer[0], bytes(self._buffer[start:end])
            del self._buffer[:end]
            yield first, body

    def _header(self) -> tuple[int, int] | None:
        """Return where the body begins and ends, or None while that cannot be told."""
        length = 0
        for index in range(4):
            if index + 1 >= len(self._buffer):
                return None
            byte = self._buffer[index + 1]
            length |= (byte & 0x7F) << (7 * index)
            if not byte & 0x80:
                if length > MAX_PACKET:
                    raise ProtocolError(f"a packet of {length} bytes")
                return index + 2, index + 2 + length
        raise ProtocolError("a remaining length of more than four bytes")


def published(first: int, body: bytes) -> tuple[str, bytes] | None:
    """Return topic and payload if the packet is a PUBLISH (OASIS MQTT 3.1.1, 3.3), else None."""
    if first >> 4 != PUBLISH or len(body) < 2:
        return None
    end = 2 + int.from_bytes(body[:2], "big")
    payload = end + (2 if first & 0x06 else 0)
    return body[2:end].decode("utf-8", "replace"), body[payload:]


def remaining_length(size: int) -> bytes:
    """Return a remaining length (OASIS MQTT 3.1.1, 2.2.3)."""
    out = bytearray()
    while True:
        size, low = divmod(size, 128)
        out.append(low | (0x80 if size else 0))
        if not size:
            return bytes(out)

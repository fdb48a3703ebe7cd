"""The box protocol from the box's side; written apart from the agent's reader, so that one checks the other."""

import struct
from collections.abc import Sequence
from itertools import chain

import msgspec

SYNC = b"\xa5\x5a"
HELLO, ACCELERATION, PRESSURE = 1, 2, 3
GRAVITY = 9.80665
MAX_SAMPLES = 40  # of one block: more do not fit a length of one byte
NO_PRESSURE = 0xFFFFFFFF
_POLYNOMIAL = 0x1021


class BoxIdentity(msgspec.Struct, frozen=True):
    """What a box says of itself."""

    serial: str
    rate_hz: float = 50.0
    lsb_per_g: int = 8192
    range_mg: int = 4000
    firmware: int = 100
    pressure: bool = True

    @property
    def box(self) -> int:
        """The short id in every frame."""
        return crc_of(self.serial.encode())


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ (_POLYNOMIAL if crc & 0x8000 else 0)
        table.append(crc & 0xFFFF)
    return tuple(table)


_TABLE = _table()


def crc_of(data: bytes) -> int:
    """Return the CRC-16 (0x1021, start 0xFFFF, not reflected)."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 8 & 0xFF00) ^ _TABLE[crc >> 8 ^ byte]
    return crc


def frame(kind: int, payload: bytes, *, box: int, counter: int, clock_ms: int) -> bytes:
    """Return a whole frame."""
    body = struct.pack("<BBHHI", kind, len(payload), box, counter & 0xFFFF, clock_ms & 0xFFFFFFFF) + payload
    return SYNC + body + struct.pack("<H", crc_of(body))


def hello(identity: BoxIdentity) -> bytes:
    """Return the payload of a hello."""
    return struct.pack(
        "<BBHHHH12s",
        1,
        int(identity.pressure),
        round(identity.rate_hz * 100),
        identity.lsb_per_g,
        identity.range_mg,
        identity.firmware,
        identity.serial.encode("ascii"),
    )


def acceleration(first: int, samples: Sequence[tuple[float, float, float]], identity: BoxIdentity) -> bytes:
    """Return the payload of a block; ``samples`` in m/s², clipped to the range as the sensor does."""
    full = min(32_767, identity.range_mg * identity.lsb_per_g // 1000)
    scale = identity.lsb_per_g / GRAVITY
    raw = [max(-full, min(full, round(value * scale))) for value in chain.from_iterable(samples)]
    return struct.pack(f"<I{len(raw)}h", first & 0xFFFFFFFF, *raw)


def pressure(index: int, pascal: float | None) -> bytes:
    """Return the payload of a pressure sample."""
    return struct.pack("<II", index & 0xFFFFFFFF, NO_PRESSURE if pascal is None else round(pascal * 100))

"""Find the frames of a box in a stream of bytes that may begin anywhere and be broken anywhere."""

import binascii
import struct
from enum import IntEnum

import msgspec

SYNC = b"\xa5\x5a"
_HEAD = struct.Struct("<2sBBHHI")  # sync, type, payload's length, box, counter, clock
_CRC = struct.Struct("<H")
_CRC_START = 0xFFFF  # CRC-16/CCITT-FALSE: polynomial 0x1021, not reflected
MAX_FRAME = _HEAD.size + 255 + _CRC.size


class Kind(IntEnum):
    """What a frame carries."""

    HELLO = 1
    ACCELERATION = 2
    PRESSURE = 3


class Frame(msgspec.Struct, frozen=True):
    """One frame whose CRC was right."""

    kind: Kind
    box: int  # CRC-16 of the serial number: tells two boxes on one line apart
    counter: int  # frames since power-on, modulo 65,536
    clock_ms: int  # the box's own clock, modulo 2**32
    payload: bytes


class Deframer:
    """Holds less than one frame between two calls, whatever it is fed."""

    def __init__(self) -> None:
        self.crc_errors = 0  # frames with a plausible head and a wrong CRC
        self.garbage = 0  # bytes that belong to no frame
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that are complete with ``data``."""
        self._held += data
        frames: list[Frame] = []
        at = 0
        while (at := self._next_sync(at)) + _HEAD.size <= len(self._held):
            _, kind, length, box, counter, clock_ms = _HEAD.unpack_from(self._held, at)
            if not _is_plausible(kind, length):
                at += 1  # the sync's first byte is garbage; the next sync may begin right behind it
                self.garbage += 1
                continue
            end = at + _HEAD.size + length
            if end + _CRC.size > len(self._held):
                break
            (crc,) = _CRC.unpack_from(self._held, end)
            body = bytes(self._held[at + len(SYNC) : end])
            if crc != crc16(body):
                self.crc_errors += 1
                self.garbage += 1
                at += 1  # what a broken length swallowed may hold whole frames
                continue
            payload = body[_HEAD.size - len(SYNC) :]
            frames.append(Frame(Kind(kind), box, counter, clock_ms, payload))
            at = end + _CRC.size
        del self._held[:at]
        return frames

    def forget(self) -> None:
        """Throw away half a frame: the line was opened anew."""
        self._held.clear()

    def _next_sync(self, at: int) -> int:
        """Return where the next sync begins; the end, or a lone first byte at the end, when there is none."""
        found = self._held.find(SYNC, at)
        if found < 0:
            found = len(self._held) - (self._held[at:].endswith(SYNC[:1]) and 1)
        self.garbage += found - at
        return found


def crc16(data: bytes) -> int:
    """Return the CRC-16/CCITT-FALSE of ``data``."""
    return binascii.crc_hqx(data, _CRC_START)


def _is_plausible(kind: int, length: int) -> bool:
    """Return whether a frame of this kind may have a payload of this length; a broken length is found at once."""
    match kind:
        case Kind.HELLO:
            return length == 22
        case Kind.ACCELERATION:
            return length >= 10 and (length - 4) % 6 == 0
        case Kind.PRESSURE:
            return length == 8
        case _:
            return False

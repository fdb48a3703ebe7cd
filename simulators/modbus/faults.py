"""What can be wrong with a slave, on command: each fault turns a sound answer into what the line carries instead."""

import msgspec

from simulators.modbus.codec import DEVICE_FAILURE, Request, refusal, with_unit


class Silent(msgspec.Struct, frozen=True):
    """It says nothing: no power, a cut wire, a wrong address."""


class Late(msgspec.Struct, frozen=True):
    """It begins its answer this much later than its turn-around."""

    delay_ms: float


class WrongCrc(msgspec.Struct, frozen=True):
    """A bit of its answer flips on the way."""


class HalfFrame(msgspec.Struct, frozen=True):
    """Its answer breaks off after some bytes."""

    keep: int = 4


class ForeignUnit(msgspec.Struct, frozen=True):
    """It answers under another slave's unit."""

    unit: int


class Noise(msgspec.Struct, frozen=True):
    """Bytes on the line before its answer, as from a bus without bias."""

    noise: bytes = b"\x00\xff\x5a"


class Refuse(msgspec.Struct, frozen=True):
    """It answers with an exception."""

    code: int = DEVICE_FAILURE


class Words(msgspec.Struct, frozen=True):
    """It answers exactly this, whatever it was asked."""

    frame: bytes


Fault = Silent | Late | WrongCrc | HalfFrame | ForeignUnit | Noise | Refuse | Words


def spoil(fault: Fault | None, frame: bytes, request: Request) -> bytes:
    """Return what a slave with ``fault`` sends in place of the sound answer ``frame``; empty for nothing."""
    match fault:
        case Silent():
            return b""
        case WrongCrc():
            return frame[:-1] + bytes((frame[-1] ^ 0x01,))
        case HalfFrame(keep):
            return frame[:keep]
        case ForeignUnit(unit):
            return with_unit(frame, unit)
        case Noise(noise):
            return noise + frame
        case Refuse(code):
            return refusal(request, code)
        case Words(words):
            return words
    return frame

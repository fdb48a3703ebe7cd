"""Bytes that a device sends inside a message, as data: where each number stands in them and how it is written."""

import base64
import binascii
import struct
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec

from device_profiles.wire import Name

PAYLOAD = "$payload"  # the root of a path that looks into the bytes: "$payload.tilt_x"
MAX_BYTES = 1_024  # of one payload; LoRaWAN has 242
_FORMATS = {"u8": "B", "s8": "b", "u16": "H", "s16": "h", "u32": "I", "s32": "i", "f32": "f"}
_Bit = Annotated[int, msgspec.Meta(ge=0, le=31)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number in a payload."""

    byte: Annotated[int, msgspec.Meta(ge=0, lt=MAX_BYTES)]  # its first byte, counted from 0
    type: Literal["u8", "s8", "u16", "s16", "u32", "s32", "f32"] = "u8"
    order: Literal["big", "little"] = "big"  # which byte comes first
    bits: tuple[_Bit, _Bit] | None = None  # only these of it, the least significant is 0; both are included


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The layout of the bytes that stand somewhere in a message; the first layout whose port fits is read."""

    at: str  # path of the text that holds the bytes
    parts: dict[Name, Part]
    coding: Literal["base64", "hex"] = "base64"
    port_at: str = ""  # path of the number that tells layouts apart
    port: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None  # of this layout; None: any


def read_payload(raw: Any, payload: Payload) -> dict[str, int | float]:
    """Return the numbers in ``raw``; what is not there, because the payload is too short or no text, is left out."""
    data = _decoded(raw, payload.coding)
    found = ((name, _number(data, part)) for name, part in payload.parts.items())
    return {name: number for name, number in found if number is not None}


def payload_faults(payloads: Sequence[Payload]) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of layouts that cannot be."""
    for index, payload in enumerate(payloads):
        if (payload.port is None) is not (payload.port_at == ""):
            yield f"payloads[{index}].port", "a port belongs to a `port_at`"
        for name, part in payload.parts.items():
            key = f"payloads[{index}].parts.{name}.bits"
            if part.bits is not None and not part.bits[0] <= part.bits[1] < 8 * struct.calcsize(_FORMATS[part.type]):
                yield key, "two bits of the number, the lower first"
            elif part.bits is not None and not part.type.startswith("u"):
                yield key, "only an unsigned number is cut into bits"


def part_names(payloads: Sequence[Payload]) -> frozenset[str]:
    """Return every name that a path into the payload may have."""
    return frozenset(name for payload in payloads for name in payload.parts)


def _number(data: bytes, part: Part) -> int | float | None:
    shape = (">" if part.order == "big" else "<") + _FORMATS[part.type]
    if part.byte + struct.calcsize(shape) > len(data):
        return None
    number: int | float = struct.unpack_from(shape, data, part.byte)[0]
    if part.bits is None or isinstance(number, float):
        return number
    low, high = part.bits
    return number >> low & (1 << high - low + 1) - 1


def _decoded(raw: Any, coding: str) -> bytes:
    if not isinstance(raw, str) or len(raw) > 2 * MAX_BYTES:
        return b""
    try:
        return base64.b64decode(raw, validate=True) if coding == "base64" else bytes.fromhex(raw)
    except (binascii.Error, ValueError):
        return b""

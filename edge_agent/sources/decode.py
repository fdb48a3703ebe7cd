"""Turn the numbers of a Modbus block into a profile's canonical values; what cannot be told is None."""

import math
import struct
from collections.abc import Mapping, Sequence

import msgspec

from device_profiles.profile import BIT_TABLES, WORDS, Encoding, ProfileSpec, Register, Table, ValueSpec
from device_profiles.specs.value_spec import typed
from device_profiles.wire import Value

_FORMATS: dict[Encoding, str] = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f"}


class Field(msgspec.Struct, frozen=True):
    """One value of a block."""

    name: str
    value: ValueSpec
    register: Register
    bit: bool  # stands in a table of bits


def fields_of(profile: ProfileSpec, block: str, *, table: Table) -> tuple[Field, ...]:
    """Return the values that ``profile`` finds in its block ``block``."""
    return tuple(
        Field(name, value, value.modbus, table in BIT_TABLES)
        for name, value in profile.values.items()
        if value.modbus is not None and value.modbus.block == block
    )


def decode_block(fields: Sequence[Field], numbers: Sequence[int]) -> Mapping[str, Value]:
    """Return name → value; ``numbers`` are the block's registers, or its bits as 0 and 1."""
    return {field.name: _decode(field, numbers) for field in fields}


def _decode(field: Field, numbers: Sequence[int]) -> Value:
    register = field.register
    if field.bit:
        bit = numbers[register.at]
        return None if bit in register.unknown else bool(bit) is not register.invert
    raw = _raw(register, numbers)
    if raw in register.unknown or not math.isfinite(raw):
        return None
    return typed(field.value, round(raw * register.scale, 9))  # 3 × 0.1 is 0.3, as the device meant it


def _raw(register: Register, numbers: Sequence[int]) -> float:
    words = numbers[register.at : register.at + WORDS[register.encoding]]
    packed = struct.pack(f">{len(words)}H", *words)
    raw: float = struct.unpack(_FORMATS[register.encoding], packed)[0]
    return raw

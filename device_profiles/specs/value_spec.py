"""Values: what a kind of device says, and where in a Modbus slave or in the edge's memory each one stands."""

from collections.abc import Iterable, Mapping
from keyword import iskeyword
from math import inf, isfinite
from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration, duration_us
from device_profiles.specs.condition import NO_NAMES, condition_faults
from device_profiles.wire import Name, Value

Table = Literal["discrete_input", "coil", "input_register", "holding_register"]
BIT_TABLES: frozenset[Table] = frozenset({"discrete_input", "coil"})
Encoding = Literal["u16", "s16", "u32", "s32", "f32"]  # 32 bits: high word first
WORDS: dict[Encoding, int] = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2}
_RAW: dict[Encoding, tuple[int, int]] = {  # what `unknown` may name
    "u16": (0, 2**16 - 1),
    "s16": (-(2**15), 2**15 - 1),
    "u32": (0, 2**32 - 1),
    "s32": (-(2**31), 2**31 - 1),
    "f32": (-(2**128), 2**128),
}
_MOST_VALUES = 256  # of one device: a reading on the wire holds no more
_MOST_WHOLE = 2**63 - 1  # an integer on the wire has 64 bits
_MAX_COUNT = {True: 2000, False: 125}  # Modbus application protocol V1.1b3, 6.1-6.4: bits, registers in one request

_MOST_LATEST_US = 10_000_000  # all others on the line wait meanwhile

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Offset = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Registers or bits that are read with one request."""

    table: Table
    address: _Offset  # of the first, counted from 0 as on the wire
    count: _Positive
    every: Duration = "1s"  # aim; the line's budget may stretch it. Of no effect in a scan
    scan: bool = False  # part of the alarm scan, which goes before every other block


class ModbusMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a slave of this kind is read over Modbus."""

    blocks: dict[Name, Block]
    answer: Duration = "40ms"  # a healthy slave begins its answer within this: the time-out
    latest: Duration = "150ms"  # no answer comes later than this: how long a line is drained after a time-out


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in a block a value stands."""

    block: Name
    at: _Offset  # bits or registers after the block's address
    encoding: Encoding = "u16"  # of no effect in a table of bits
    scale: float = 1.0  # value = raw × scale
    unknown: tuple[int, ...] = ()  # raw numbers by which the device says that it does not know
    invert: bool = False  # a bit whose 0 means true


class Latch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that the edge keeps itself: true since ``set`` was true, false since ``reset`` was."""

    set: str  # condition over the other values
    reset: str  # goes before ``set``; unknown in either makes the value unknown


class ValueSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value that a kind of device says."""

    type: Literal["bool", "int", "float", "str"]
    description: str
    unit: str = ""
    range: tuple[float, float] | None = None  # inclusive; outside it the value is unknown
    deadband: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # a change up to this is none
    period: Duration = "60s"  # said again after this even when unchanged
    modbus: Register | None = None
    latch: Latch | None = None
    names: dict[str, str] = {}  # number → what it means, for people


def typed(value: ValueSpec, number: float) -> Value:
    """Return a number as a value of its type; None, unknown, outside its range and beyond what the wire can carry."""
    if value.range is not None and not value.range[0] <= number <= value.range[1]:
        return None
    if not isfinite(number):
        return None
    if value.type == "float":
        return float(number)
    whole = round(number)
    if abs(whole) > _MOST_WHOLE:  # one such number would cost its whole pack at the hub
        return None
    return str(whole) if value.type == "str" else whole


def value_faults(values: Mapping[str, ValueSpec]) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for ranges and latches that cannot be."""
    if len(values) > _MOST_VALUES:
        yield "values", f"has {len(values)} entries, {_MOST_VALUES} are the most that one device can say"
    for name, value in values.items():
        if value.range is not None and not value.range[0] <= value.range[1]:  # so that nan is a fault too
            yield f"values.{name}.range", "the first number is greater than the second, or is none"
        if not name.isidentifier() or iskeyword(name) or name in NO_NAMES:
            yield f"values.{name}", "no condition can say this name: use a-z, 0-9 and '_', and no word of conditions"
        if value.deadband == inf:
            yield f"values.{name}.deadband", "is endless: no change would ever be said"
        if value.modbus is not None and not (isfinite(value.modbus.scale) and value.modbus.scale):
            yield f"values.{name}.modbus.scale", "must be a number other than 0: every value would be the same, or none"
        if value.latch is not None:
            yield from _latch_faults(name, value, value.latch, values.keys() - {name})


def modbus_faults(modbus: ModbusMap | None, values: Mapping[str, ValueSpec]) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for blocks that cannot be read and values that do not stand in them."""
    blocks: Mapping[str, Block] = modbus.blocks if modbus else {}
    if modbus is not None:
        if not blocks:
            yield "modbus.blocks", "is empty: nothing would be read"
        if duration_us(modbus.answer) <= 0:
            yield "modbus.answer", "must be longer than 0: no slave would be waited for"
        if duration_us(modbus.latest) > _MOST_LATEST_US:
            yield "modbus.latest", f"must be at most {_MOST_LATEST_US // 1_000_000}s: the whole line is drained so long"
        if duration_us(modbus.latest) < duration_us(modbus.answer):
            yield "modbus.latest", "is shorter than `answer`: a late answer could pass as another value"
    for name, block in blocks.items():
        if block.count > _MAX_COUNT[block.table in BIT_TABLES] or block.address + block.count > 65_536:
            yield f"modbus.blocks.{name}.count", f"{block.count} at {block.address} is more than one request can read"
    for name, value in values.items():
        if value.modbus is None:
            continue
        key = f"values.{name}.modbus"
        found = blocks.get(value.modbus.block)
        if found is None:
            yield f"{key}.block", f"{value.modbus.block!r} is not in modbus.blocks"
            continue
        bits = found.table in BIT_TABLES
        if bits is not (value.type == "bool"):
            yield f"{key}.block", f"a {value.type} cannot stand in {found.table} block {value.modbus.block!r}"
        least, most = (0, 1) if bits else _RAW[value.modbus.encoding]
        for raw in value.modbus.unknown:
            if not least <= raw <= most:
                said = "a bit" if bits else value.modbus.encoding
                yield f"{key}.unknown", f"{raw} is none of the raw numbers of {said}, {least} to {most}"
        if value.modbus.at + (1 if bits else WORDS[value.modbus.encoding]) > found.count:
            yield f"{key}.at", f"{value.modbus.at} lies outside block {value.modbus.block!r} of {found.count}"


def _latch_faults(name: str, value: ValueSpec, latch: Latch, others: Iterable[str]) -> Iterable[tuple[str, str]]:
    if value.type != "bool" or value.modbus is not None:
        yield f"values.{name}.latch", "belongs to a bool that nothing else says"
    for key, text in (("set", latch.set), ("reset", latch.reset)):
        yield from condition_faults(f"values.{name}.latch.{key}", text, others)

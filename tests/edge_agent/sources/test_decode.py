"""Tests that canonical values survive the way through a slave's registers, and that what cannot be told is None."""

import math
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import parse_profile
from device_profiles.wire import Value
from edge_agent.sources.decode import decode_block, fields_of
from simulators.modbus import RegisterImage, blank_cells, values_to_image
from tests.edge_agent.sources.rig import LIFT

MIXED = parse_profile(
    """
kind = "mixed"
title = "every encoding"
[liveness]
silent_after = "15s"
[modbus.blocks.words]
table = "holding_register"
address = 100
count = 8
[modbus.blocks.bits]
table = "coil"
address = 3
count = 2
[values.normally_closed]
type = "bool"
description = "0 means true"
modbus = { block = "bits", at = 1, invert = true }
[values.u16]
type = "int"
description = "u16"
modbus = { block = "words", at = 0, encoding = "u16", unknown = [65535, 65534] }
[values.s32]
type = "int"
description = "s32"
modbus = { block = "words", at = 1, encoding = "s32" }
[values.f32]
type = "float"
description = "f32"
range = [-100, 100]
modbus = { block = "words", at = 3, encoding = "f32" }
[values.tenths]
type = "float"
description = "scaled"
modbus = { block = "words", at = 5, encoding = "s16", scale = 0.1 }
[values.whole]
type = "int"
description = "a whole number that nothing bounds"
modbus = { block = "words", at = 3, encoding = "f32" }
[values.code]
type = "str"
description = "a code kept as text"
modbus = { block = "words", at = 6 }
""",
    file="mixed.toml",
).spec
STATES = st.fixed_dictionaries(
    {
        "alarm_button": st.booleans(),
        "door_closed": st.booleans(),
        "service_mode": st.none() | st.integers(0, 6),
        "car_position": st.none() | st.integers(-20, 250),
        "load_kg": st.none() | st.integers(0, 5000).map(float),
        "speed_mps": st.none() | st.integers(-2000, 2000).map(lambda raw: raw / 100),
        "trip_count": st.integers(0, 2**32 - 1),
    }
)


def _read(spec: object, cells: RegisterImage, block: str) -> Mapping[str, Value]:
    found = spec.modbus.blocks[block]  # type: ignore[attr-defined]
    numbers = cells.read(found.table, found.address, count=found.count)
    assert numbers is not None
    return decode_block(fields_of(spec, block, table=found.table), numbers)  # type: ignore[arg-type]


@given(STATES)
def test_lift_says_what_its_slave_was_given(values: dict[str, Value]) -> None:
    """What the simulator encodes by the profile, the agent decodes to the same values; None stays None."""
    image = RegisterImage(blank_cells(LIFT.spec))
    image.update(values_to_image(LIFT.spec, values))
    decoded = {**_read(LIFT.spec, image, "alarm"), **_read(LIFT.spec, image, "state")}
    assert {name: decoded[name] for name in values} == values
    assert all(type(decoded[name]) is type(value) for name, value in values.items())


def test_a_block_is_decoded_whole() -> None:
    """Every value of a block is in every sample of it."""
    image = RegisterImage(blank_cells(LIFT.spec))
    names = {name for name, value in LIFT.spec.values.items() if value.modbus and value.modbus.block == "state"}
    assert _read(LIFT.spec, image, "state").keys() == names


@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("u16", (65_533,), 65_533),
        ("u16", (65_534,), None),
        ("s32", (0xFFFF, 0xFFFE), -2),
        ("f32", struct.unpack(">2H", struct.pack(">f", -12.5)), -12.5),
        ("f32", struct.unpack(">2H", struct.pack(">f", 100.5)), None),
        ("f32", struct.unpack(">2H", struct.pack(">f", math.nan)), None),
        ("f32", struct.unpack(">2H", struct.pack(">f", math.inf)), None),
        ("tenths", (3,), 0.3),
        ("tenths", (0xFFFD,), -0.3),
        ("code", (11,), "11"),
        ("whole", struct.unpack(">2H", struct.pack(">f", 7.0)), 7),
        ("whole", struct.unpack(">2H", struct.pack(">f", 3e38)), None),  # the wire has 64 bits
    ],
)
def test_encodings(name: str, words: tuple[int, ...], value: Value) -> None:
    """Each encoding gives its number; unknown, out of range and not a number give None."""
    register = MIXED.values[name].modbus
    assert register is not None
    numbers = [0] * 8
    numbers[register.at : register.at + len(words)] = words
    assert decode_block(fields_of(MIXED, "words", table="holding_register"), numbers)[name] == value


@pytest.mark.parametrize(("bit", "value"), [(0, True), (1, False)])
def test_inverted_bit(bit: int, value: bool) -> None:
    """A normally closed contact says true by 0, and the simulator writes it so."""
    assert decode_block(fields_of(MIXED, "bits", table="coil"), [0, bit]) == {"normally_closed": value}
    assert values_to_image(MIXED, {"normally_closed": value}).coil == {4: bit}

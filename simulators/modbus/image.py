"""What a slave's registers and bits hold, and how canonical values are written into them by a profile."""

import struct
import threading
from collections.abc import Mapping

import msgspec

from device_profiles.profile import BIT_TABLES, WORDS, Block, Encoding, ProfileSpec, Register, Table, ValueSpec
from device_profiles.wire import Value

_FORMATS: dict[Encoding, str] = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f"}


class Cells(msgspec.Struct, frozen=True):
    """Some cells of the four tables, address → number (0 or 1 in a table of bits)."""

    discrete_input: dict[int, int] = {}
    coil: dict[int, int] = {}
    input_register: dict[int, int] = {}
    holding_register: dict[int, int] = {}

    def table(self, name: Table) -> dict[int, int]:
        """Return the cells of one table."""
        cells: dict[int, int] = getattr(self, name)
        return cells


class RegisterImage:
    """The four tables of a slave. Set by the physics, read by the line's thread; a change is seen whole."""

    def __init__(self, cells: Cells | None = None) -> None:
        self._lock = threading.Lock()
        self._cells = Cells({}, {}, {}, {})
        if cells is not None:
            self.update(cells)

    def update(self, cells: Cells) -> None:
        """Set all of ``cells`` at once."""
        with self._lock:
            self._cells.discrete_input.update(cells.discrete_input)
            self._cells.coil.update(cells.coil)
            self._cells.input_register.update(cells.input_register)
            self._cells.holding_register.update(cells.holding_register)

    def read(self, table: Table, address: int, *, count: int) -> list[int] | None:
        """Return ``count`` cells from ``address``, or None if one does not exist."""
        with self._lock:
            cells = self._cells.table(table)
            found = [cells.get(number) for number in range(address, address + count)]
        return None if None in found else [cell for cell in found if cell is not None]


def blank_cells(profile: ProfileSpec) -> Cells:
    """Return 0 in every cell that the profile's blocks read."""
    cells = Cells({}, {}, {}, {})
    for block in _blocks(profile).values():
        cells.table(block.table).update(dict.fromkeys(range(block.address, block.address + block.count), 0))
    return cells


def values_to_image(profile: ProfileSpec, values: Mapping[str, Value]) -> Cells:
    """Return the cells that say ``values``; None is said by the value's first ``unknown`` number.

    Raises ValueError for a value that the profile's registers cannot say, KeyError for a name it does not have.
    """
    cells = Cells({}, {}, {}, {})
    for name, value in values.items():
        spec = profile.values[name]
        if spec.modbus is None:
            raise ValueError(f"{name} has no register")
        block = _blocks(profile)[spec.modbus.block]
        first = block.address + spec.modbus.at
        for offset, cell in enumerate(_encode(name, value, spec=spec, bit=block.table in BIT_TABLES)):
            cells.table(block.table)[first + offset] = cell
    return cells


def _encode(name: str, value: Value, *, spec: ValueSpec, bit: bool) -> tuple[int, ...]:
    register = spec.modbus
    if register is None or isinstance(value, str):
        raise ValueError(f"{name} cannot say {value!r} in a register")
    if value is None:
        if not register.unknown:
            raise ValueError(f"{name} has no number for unknown")
        return (register.unknown[0],) if bit else _words(name, register, register.unknown[0])
    if bit:
        return (int(bool(value) is not register.invert),)
    return _words(name, register, value / register.scale)


def _words(name: str, register: Register, raw: float) -> tuple[int, ...]:
    number = raw if register.encoding == "f32" else round(raw)
    try:
        packed = struct.pack(_FORMATS[register.encoding], number)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{name} cannot say {raw!r} as {register.encoding}") from error
    return struct.unpack(f">{WORDS[register.encoding]}H", packed)


def _blocks(profile: ProfileSpec) -> Mapping[str, Block]:
    return profile.modbus.blocks if profile.modbus else {}

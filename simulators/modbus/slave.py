"""One slave of a simulated line: its register image, its turn-around, its present fault."""

from device_profiles.profile import Table
from simulators.modbus.codec import (
    BIT_FUNCTIONS,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    READ_COILS,
    READ_DISCRETE_INPUTS,
    READ_HOLDING_REGISTERS,
    READ_INPUT_REGISTERS,
    Request,
    bits_answer,
    refusal,
    registers_answer,
)
from simulators.modbus.faults import Fault, Late, spoil
from simulators.modbus.image import RegisterImage

_TABLES: dict[int, Table] = {
    READ_COILS: "coil",
    READ_DISCRETE_INPUTS: "discrete_input",
    READ_HOLDING_REGISTERS: "holding_register",
    READ_INPUT_REGISTERS: "input_register",
}


class Slave:
    """A slave. ``image`` and ``fault`` may be set from any thread while the line runs."""

    def __init__(self, unit: int, image: RegisterImage, *, turn_around_ms: float = 5.0) -> None:
        self.unit = unit
        self.image = image
        self.turn_around_ms = turn_around_ms
        self.fault: Fault | None = None

    @property
    def delay_ms(self) -> float:
        """From the end of a request to the first byte of the answer."""
        return self.turn_around_ms + (self.fault.delay_ms if isinstance(self.fault, Late) else 0.0)

    def answer(self, request: Request) -> bytes:
        """Return what this slave sends upon ``request``; empty for nothing."""
        return spoil(self.fault, self._sound(request), request)

    def _sound(self, request: Request) -> bytes:
        table = _TABLES.get(request.function)
        if table is None:
            return refusal(request, ILLEGAL_FUNCTION)
        cells = self.image.read(table, request.address, count=request.count)
        if not cells:
            return refusal(request, ILLEGAL_ADDRESS)
        if request.function in BIT_FUNCTIONS:
            return bits_answer(request, [bool(cell) for cell in cells])
        return registers_answer(request, cells)

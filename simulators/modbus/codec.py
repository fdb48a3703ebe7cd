"""Modbus RTU as a slave speaks it, written apart from the agent's code so that the two check each other."""

from collections.abc import Sequence

import msgspec

READ_COILS, READ_DISCRETE_INPUTS, READ_HOLDING_REGISTERS, READ_INPUT_REGISTERS = 1, 2, 3, 4
BIT_FUNCTIONS = frozenset({READ_COILS, READ_DISCRETE_INPUTS})
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4
REQUEST_BYTES = 8  # of all four reading functions


class Request(msgspec.Struct, frozen=True):
    """A sound reading request."""

    unit: int
    function: int
    address: int
    count: int


def crc16(data: bytes) -> bytes:
    """Return the CRC of a frame, low byte first (Modbus over serial line V1.02, 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def parse_request(frame: bytes) -> Request | None:
    """Return the request in ``frame``; None for anything that a slave ignores."""
    if len(frame) != REQUEST_BYTES or crc16(frame[:-2]) != frame[-2:]:
        return None
    return Request(frame[0], frame[1], int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big"))


def bits_answer(request: Request, bits: Sequence[bool]) -> bytes:
    """Return the frame that answers ``request`` with ``bits``."""
    packed = sum(bit << number for number, bit in enumerate(bits)).to_bytes((len(bits) + 7) // 8, "little")
    return _frame(request.unit, request.function, bytes((len(packed),)) + packed)


def registers_answer(request: Request, registers: Sequence[int]) -> bytes:
    """Return the frame that answers ``request`` with ``registers``."""
    packed = b"".join(register.to_bytes(2, "big") for register in registers)
    return _frame(request.unit, request.function, bytes((len(packed),)) + packed)


def refusal(request: Request, code: int) -> bytes:
    """Return the exception reply to ``request``."""
    return _frame(request.unit, request.function | 0x80, bytes((code,)))


def with_unit(frame: bytes, unit: int) -> bytes:
    """Return the sound frame that slave ``unit`` would have sent."""
    return _frame(unit, frame[1], frame[2:-2])


def _frame(unit: int, function: int, data: bytes) -> bytes:
    frame = bytes((unit, function)) + data
    return frame + crc16(frame)

"""Tests of the slave's codec against pymodbus, which the agent uses."""

from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadInputRegistersRequest

from simulators.modbus.codec import Request, bits_answer, crc16, parse_request, refusal, registers_answer, with_unit

CLIENT = FramerRTU(DecodePDU(is_server=False))
REQUESTS = st.builds(Request, st.integers(1, 247), st.just(4), st.integers(0, 65_000), st.integers(1, 125))


@given(st.binary(min_size=1, max_size=256))
def test_crc_is_pymodbus_own(data: bytes) -> None:
    """Two implementations agree on every CRC."""
    assert crc16(data) == FramerRTU.compute_CRC(data).to_bytes(2, "big")


@given(st.integers(1, 247), st.integers(0, 65_000), st.integers(1, 125))
def test_requests_are_understood(unit: int, address: int, count: int) -> None:
    """A request that pymodbus builds is parsed; one with a flipped bit is ignored."""
    for pdu in (ReadInputRegistersRequest, ReadDiscreteInputsRequest):
        frame = CLIENT.buildFrame(pdu(dev_id=unit, address=address, count=count))
        assert parse_request(frame) == Request(unit, pdu.function_code, address, count)
        assert parse_request(bytes((frame[0] ^ 1,)) + frame[1:]) is None


@given(REQUESTS, st.lists(st.integers(0, 65_535), min_size=1, max_size=125))
def test_registers_are_understood(request: Request, registers: list[int]) -> None:
    """Pymodbus reads the registers of an answer."""
    _, pdu = CLIENT.handleFrame(registers_answer(request, registers), request.unit, 0)
    assert pdu is not None
    assert list(pdu.registers) == registers


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_bits_are_understood(bits: list[bool]) -> None:
    """Pymodbus reads the bits of an answer, first bit lowest."""
    _, pdu = CLIENT.handleFrame(bits_answer(Request(9, 2, 0, len(bits)), bits), 9, 0)
    assert pdu is not None
    assert list(pdu.bits[: len(bits)]) == bits


@given(REQUESTS)
def test_refusals_are_understood(request: Request) -> None:
    """Pymodbus reads an exception reply, and a frame under another unit stays sound."""
    _, pdu = CLIENT.handleFrame(with_unit(refusal(request, 4), 200), 200, 0)
    assert pdu is not None
    assert (pdu.isError(), pdu.exception_code) == (True, 4)


@given(st.binary(max_size=64))
def test_anything_else_is_ignored(data: bytes) -> None:
    """Noise raises nothing."""
    parse_request(data)

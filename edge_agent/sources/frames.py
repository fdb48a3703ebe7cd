"""Which bytes ask for a block over Modbus RTU, and which bytes are the answer to exactly that question.

pymodbus builds and decodes the frames. Its client is not used: it believes a late answer to another request (measured:
asked for address 50, got address 0's value), hunts for a frame inside noise and checks no byte count.
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from device_profiles.profile import BIT_TABLES, Block, Table

MAX_FRAME = 256  # Modbus over serial line V1.02, 2.5.1
REQUEST_BYTES = 8  # unit, function, address, count, CRC: the same for all four reading functions

_REQUESTS: dict[Table, type[ModbusPDU]] = {
    "coil": ReadCoilsRequest,
    "discrete_input": ReadDiscreteInputsRequest,
    "holding_register": ReadHoldingRegistersRequest,
    "input_register": ReadInputRegistersRequest,
}
_DECODER = DecodePDU(is_server=False)
_FRAMER = FramerRTU(_DECODER)
_EXCEPTION_BYTES = 5  # of a whole refusal, the shortest frame there is
_NAMED_BYTES = 64  # a foreign frame at the start of what arrived is looked for up to this length


class Failure(StrEnum):
    """Why a poll brought no value."""

    ECHO = "echo"  # the question came back: the adapter hears itself
    SILENT = "silent"  # not a byte
    LATE = "late"  # the answer came after the time-out: it is thrown away
    HALF_FRAME = "half_frame"
    BAD_CRC = "bad_crc"
    FOREIGN_UNIT = "foreign_unit"  # a sound frame of another slave
    FOREIGN_FUNCTION = "foreign_function"
    WRONG_LENGTH = "wrong_length"  # a sound frame of this slave that answers another question
    EXCEPTION = "exception"  # the slave refused
    LINE_LOST = "line_lost"


class Match(StrEnum):
    """What the bytes so far are to a question."""

    PARTIAL = "partial"
    ANSWER = "answer"
    EXCEPTION = "exception"
    WRONG = "wrong"


class Question(msgspec.Struct, frozen=True):
    """One reading request to one slave."""

    unit: int
    function: int
    count: int  # registers or bits
    frame: bytes  # as sent
    data_bytes: int  # of the answer

    @property
    def answer_bytes(self) -> int:
        """Bytes of the whole answer: unit, function, byte count, data, CRC."""
        return self.data_bytes + 5


def answer_bytes(block: Block) -> int:
    """Return the bytes of the whole answer to a request for ``block``."""
    return 5 + _data_bytes(block)


def ask_for(block: Block, *, unit: int) -> Question:
    """Return the request that reads ``block`` of slave ``unit``."""
    pdu = _REQUESTS[block.table](dev_id=unit, address=block.address, count=block.count)
    return Question(unit, pdu.function_code, block.count, _FRAMER.buildFrame(pdu), _data_bytes(block))


def match(question: Question, data: bytes) -> Match:
    """Return what ``data``, all bytes since the request, is to ``question``."""
    answer = bytes((question.unit, question.function, question.data_bytes))
    refusal = bytes((question.unit, question.function | 0x80))
    if data[:3] == answer[: len(data)]:
        return _whole(data, question.answer_bytes, Match.ANSWER)
    if data[:2] == refusal[: len(data)]:
        return _whole(data, _EXCEPTION_BYTES, Match.EXCEPTION)
    return Match.WRONG


def numbers(question: Question, data: bytes) -> Sequence[int]:
    """Return registers, or bits as 0 and 1, of a ``data`` that matches as ANSWER."""
    pdu = _DECODER.decode(data[1 : question.answer_bytes - 2])
    if pdu is None:
        raise ValueError("matched an answer that pymodbus cannot decode")
    return (pdu.registers or [int(bit) for bit in pdu.bits])[: question.count]


def explain(question: Question, data: bytes) -> Failure:
    """Return why ``data``, all bytes up to the end of the drain, was no answer in time."""
    if not data:
        return Failure.SILENT
    found = match(question, data)
    if found is Match.ANSWER or found is Match.EXCEPTION:
        return Failure.LATE
    if found is Match.PARTIAL:
        return Failure.HALF_FRAME
    if data.startswith(question.frame):
        return Failure.ECHO
    if not any(_sound(data[:size]) for size in range(_EXCEPTION_BYTES, min(len(data), _NAMED_BYTES) + 1)):
        return Failure.BAD_CRC
    if data[0] != question.unit:
        return Failure.FOREIGN_UNIT
    return Failure.FOREIGN_FUNCTION if data[1] & 0x7F != question.function else Failure.WRONG_LENGTH


def _whole(data: bytes, size: int, complete: Match) -> Match:
    if len(data) < size:
        return Match.PARTIAL
    return complete if _sound(data[:size]) else Match.WRONG


def _sound(frame: bytes) -> bool:
    if len(frame) < 4:
        return False
    return FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big"))


def _data_bytes(block: Block) -> int:
    return (block.count + 7) // 8 if block.table in BIT_TABLES else 2 * block.count

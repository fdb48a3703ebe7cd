"""Property tests of what counts as the answer to a question."""

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.profile import Block, Table
from edge_agent.sources.frames import Failure, Match, ask_for, explain, match, numbers
from simulators.modbus.codec import bits_answer, parse_request, refusal, registers_answer

TABLES: dict[Table, int] = {"coil": 1, "discrete_input": 2, "holding_register": 3, "input_register": 4}


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Block, int, list[int]]:
    """A block, a unit, and what the slave holds there."""
    table = draw(st.sampled_from(sorted(TABLES)))
    bits = table in ("coil", "discrete_input")
    cells = draw(st.lists(st.integers(0, 1 if bits else 65_535), min_size=1, max_size=40))
    return Block(table=table, address=draw(st.integers(0, 65_000)), count=len(cells)), draw(st.integers(1, 247)), cells


def _answer(block: Block, unit: int, cells: list[int]) -> bytes:
    request = parse_request(ask_for(block, unit=unit).frame)
    assert request is not None
    assert (request.unit, request.function) == (unit, TABLES[block.table])
    assert (request.address, request.count) == (block.address, block.count)
    if request.function <= 2:
        return bits_answer(request, [bool(cell) for cell in cells])
    return registers_answer(request, cells)


@given(exchanges())
def test_sound_answer_is_taken_and_no_part_of_it_is(exchange: tuple[Block, int, list[int]]) -> None:
    """The whole frame is the answer, each beginning of it is a part, and its numbers are the slave's cells."""
    block, unit, cells = exchange
    question = ask_for(block, unit=unit)
    frame = _answer(block, unit, cells)
    assert len(frame) == question.answer_bytes
    assert match(question, frame) is Match.ANSWER
    assert list(numbers(question, frame)) == cells
    assert {match(question, frame[:size]) for size in range(len(frame))} == {Match.PARTIAL}
    assert explain(question, frame) is Failure.LATE


@given(exchanges(), st.data())
def test_flipped_bits_are_never_an_answer(exchange: tuple[Block, int, list[int]], data: st.DataObject) -> None:
    """A burst of up to 16 flipped bits, which a CRC of 16 bits always finds, is no answer."""
    block, unit, cells = exchange
    frame = _answer(block, unit, cells)
    burst = data.draw(st.integers(1, 0xFFFF)) << data.draw(st.integers(0, 8 * len(frame) - 16))
    spoilt = (int.from_bytes(frame, "big") ^ burst).to_bytes(len(frame), "big")
    assert match(ask_for(block, unit=unit), spoilt) in (Match.WRONG, Match.PARTIAL)


@given(exchanges(), st.integers(1, 247))
def test_answer_of_another_slave_is_refused(exchange: tuple[Block, int, list[int]], other: int) -> None:
    """A sound frame under another unit is named as such."""
    block, unit, cells = exchange
    question = ask_for(block, unit=unit)
    frame = _answer(block, other, cells)
    if other == unit:
        assert match(question, frame) is Match.ANSWER
    else:
        assert match(question, frame) is Match.WRONG
        assert explain(question, frame) is Failure.FOREIGN_UNIT or len(frame) > 64


@given(exchanges(), st.integers(1, 11))
def test_refusal_is_a_refusal(exchange: tuple[Block, int, list[int]], code: int) -> None:
    """An exception reply is complete with its fifth byte."""
    block, unit, _ = exchange
    question = ask_for(block, unit=unit)
    request = parse_request(question.frame)
    assert request is not None
    assert match(question, refusal(request, code)) is Match.EXCEPTION


@given(st.binary(max_size=300))
def test_noise_is_named_and_raises_nothing(noise: bytes) -> None:
    """Any bytes have a name."""
    question = ask_for(Block(table="input_register", address=0, count=10), unit=1)
    assert match(question, noise) in Match
    assert explain(question, noise) in Failure

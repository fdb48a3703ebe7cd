"""Tests of one question and its answer on a real pty."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.profile import Block
from edge_agent.sources.bus import STALE_S, Bus, Patience, PollFailed
from edge_agent.sources.frames import Failure, ask_for
from edge_agent.sources.port import PortSettings, open_port
from edge_agent.sources.timing import line_timing
from simulators.modbus import (
    Cells,
    Fault,
    ForeignUnit,
    HalfFrame,
    Late,
    Line,
    Noise,
    Refuse,
    RegisterImage,
    Silent,
    Slave,
    Words,
    WrongCrc,
)
from simulators.modbus.codec import Request, registers_answer

LOW = ask_for(Block(table="holding_register", address=0, count=1), unit=7)
HIGH = ask_for(Block(table="holding_register", address=50, count=1), unit=7)
OTHER = ask_for(Block(table="holding_register", address=0, count=1), unit=8)
LATE = Late(400)  # so late that a busy machine does not make it in time, and that what is asked meanwhile is asked
TRUSTED = Patience(5.0, 6.0)  # no time-out however busy the machine that runs the tests
DRAINED = Patience(0.02, 1.2)
UNDRAINED = Patience(0.02, 0.0)
QUICK = Patience(0.2, 0.3)


def _slave(unit: int, *, low: int, high: int) -> Slave:
    return Slave(unit, RegisterImage(Cells(holding_register={0: low, 50: high})))


@asynccontextmanager
async def _wired(slaves: list[Slave], link: Path) -> AsyncIterator[tuple[Line, Bus]]:
    with Line(slaves, link=link) as line:
        port = await open_port(PortSettings(line.port, 19_200, "N", 1))
        try:
            yield line, Bus(port, timing=line_timing(19_200), clock=Clock())
        finally:
            await port.close()


@asynccontextmanager
async def _bus(slaves: list[Slave], link: Path) -> AsyncIterator[Bus]:
    async with _wired(slaves, link) as (_, bus):
        yield bus


def _until_answered(line: Line, count: int) -> None:
    """Wait until so many questions have had their answers, in the system's buffer: its thread may be late."""
    deadline_s = time.monotonic() + 30
    while len(line.exchanges()) < count or line.owes:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


async def test_good_answer_carries_the_registers(tmp_path: Path) -> None:
    """An answer in time is the value."""
    before_us = Clock().wall_us()
    async with _bus([_slave(7, low=1, high=2)], tmp_path / "line") as bus:
        answer = await bus.ask(HIGH, TRUSTED)
    assert answer.numbers == [2]
    assert before_us < answer.t_us <= Clock().wall_us()


async def test_late_answer_never_passes_as_another_value(tmp_path: Path) -> None:
    """The answer of address 0 that comes after its time-out is drained, so address 50 keeps its own value."""
    slave = _slave(7, low=1, high=2)
    async with _bus([slave], tmp_path / "line") as bus:
        for _ in range(2):
            slave.fault = LATE
            with pytest.raises(PollFailed) as late:
                await bus.ask(LOW, DRAINED)
            assert late.value.failure is Failure.LATE
            slave.fault = None
            assert (await bus.ask(HIGH, TRUSTED)).numbers == [2]


async def test_without_the_drain_a_late_answer_does_pass(tmp_path: Path) -> None:
    """The test above can fail: with no drain the value of address 0 is believed to be that of address 50."""
    slave = _slave(7, low=1, high=2)
    async with _bus([slave], tmp_path / "line") as bus:
        slave.fault = LATE
        with pytest.raises(PollFailed):
            await bus.ask(LOW, UNDRAINED)
        assert (await bus.ask(HIGH, TRUSTED)).numbers == [1]


async def test_bytes_that_came_before_the_question_are_no_answer(tmp_path: Path) -> None:
    """A late answer that waits in the system's buffer, unread while this program was busy, is thrown away."""
    slave = _slave(7, low=1, high=2)
    async with _wired([slave], tmp_path / "line") as (line, bus):
        slave.fault = LATE
        with pytest.raises(PollFailed):
            await bus.ask(LOW, UNDRAINED)
        _until_answered(line, 1)  # the event loop is held up on purpose
        slave.fault = None
        assert (await bus.ask(HIGH, TRUSTED)).numbers == [2]


async def test_an_answer_that_lay_there_while_the_program_was_stopped_is_none_of_now(tmp_path: Path) -> None:
    """SIGSTOP, or a machine that was put to sleep: when it came is not known, and the next answer is soon there."""
    async with _wired([_slave(7, low=1, high=2)], tmp_path / "line") as (line, bus):
        asking = asyncio.create_task(bus.ask(LOW, QUICK))
        await asyncio.sleep(0)  # the question is out
        _until_answered(line, 1)
        time.sleep(QUICK.answer_s + STALE_S + 0.2)  # noqa: ASYNC251 nothing of this program runs
        with pytest.raises(PollFailed) as late:
            await asking
        assert late.value.failure is Failure.LATE
        assert (await bus.ask(HIGH, TRUSTED)).numbers == [2]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Silent(), Failure.SILENT),
        (WrongCrc(), Failure.BAD_CRC),
        (HalfFrame(), Failure.HALF_FRAME),
        (ForeignUnit(8), Failure.FOREIGN_UNIT),
        (Noise(), Failure.BAD_CRC),
        (Refuse(), Failure.EXCEPTION),
        (Words(registers_answer(Request(7, 4, 0, 1), [1])), Failure.FOREIGN_FUNCTION),
        (Words(registers_answer(Request(7, 3, 0, 2), [1, 1])), Failure.WRONG_LENGTH),
        (Words(LOW.frame), Failure.ECHO),
        (Words(LOW.frame + registers_answer(Request(7, 3, 0, 1), [1])), Failure.ECHO),
        (Words(bytes(60)), Failure.BAD_CRC),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else str(value),
)
async def test_broken_answer_is_no_value(tmp_path: Path, fault: Fault, failure: Failure) -> None:
    """Whatever is not the one sound answer fails with its reason, and the next question is not disturbed."""
    slave = _slave(7, low=1, high=2)
    async with _wired([slave], tmp_path / "line") as (line, bus):
        slave.fault = fault
        failed = await _failed(bus, QUICK)
        if not failed.heard and failure is not Failure.SILENT:  # this machine was too busy to say it in time
            _until_answered(line, 1)
            failed = await _failed(bus, Patience(0.2, 5.0))
        assert failed.failure is failure
        assert failed.heard is not isinstance(fault, Silent)
        slave.fault = None
        _until_answered(line, 1)
        assert (await bus.ask(HIGH, TRUSTED)).numbers == [2]


async def _failed(bus: Bus, patience: Patience) -> PollFailed:
    """Return how a question has failed."""
    with pytest.raises(PollFailed) as failed:
        await bus.ask(LOW, patience)
    return failed.value


async def test_late_answer_of_one_slave_is_no_value_of_another(tmp_path: Path) -> None:
    """Even where a probe was not drained, a foreign unit is refused."""
    slow, other = _slave(7, low=1, high=2), _slave(8, low=3, high=4)
    async with _bus([slow, other], tmp_path / "line") as bus:
        slow.fault = Late(1_000)  # time enough to ask the other one before it comes
        other.turn_around_ms = 2_500  # so that the slow one's answer comes first
        with pytest.raises(PollFailed):
            await bus.ask(LOW, UNDRAINED)
        with pytest.raises(PollFailed) as foreign:
            await bus.ask(OTHER, Patience(5.0, 0.5))
        assert foreign.value.failure is Failure.FOREIGN_UNIT
        slow.fault, other.turn_around_ms = None, 5
        assert (await bus.ask(OTHER, TRUSTED)).numbers == [3]

"""Tests of the source on simulated lines that keep the time of 19,200 baud, over real ptys and sockets."""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from edge_agent.sample import Sample
from edge_agent.sources.budget import LIMIT_MS
from edge_agent.sources.frames import Failure
from edge_agent.sources.modbus import Pace
from simulators.modbus import Cells, Exchange, Late, Line, LineTiming, RegisterImage, Silent, Slave, values_to_image
from tests.edge_agent.sources.rig import DEAD, LIFT, PATIENT, SLOW, lift_slave, line_of, reading, twins

SCAN, STATE = 2, 4  # functions of the lift's two blocks
QUICK = Pace(probe_s=0.2, retry_base_s=0.05, retry_cap_s=0.1)
TOGGLES = 20


def _good(unit: int) -> Callable[[Sample], bool]:
    return lambda sample: sample.ok and sample.device == f"device-{unit}"


def _alarm(slave: Slave, *, pressed: bool) -> None:
    slave.image.update(values_to_image(LIFT.spec, {"alarm_button": pressed}))


@pytest.mark.parametrize("parity", ["N", "E"])
async def test_alarm_input_is_seen_within_200_ms_of_line_time(tmp_path: Path, parity: str) -> None:
    """With 8 slaves at 19,200 baud a change waits for at most one scan, one register block and its own exchange."""
    rng = random.Random(1)
    slaves = {unit: lift_slave(unit) for unit in range(1, 9)}
    wall_ms, line_ms, requests = [], [], []
    with Line(slaves.values(), link=tmp_path / "line", timing=LineTiming(parity=parity)) as line:
        config = line_of(line.port, dict.fromkeys(slaves, PATIENT), parity=parity)
        async with reading(config) as recorder:
            await recorder.until(_good(8))
            for _ in range(TOGGLES):
                unit = rng.randint(1, 8)
                toggled_s = time.monotonic()
                _alarm(slaves[unit], pressed=True)
                seen = await recorder.until(lambda s, u=unit: _good(u)(s) and s.values.get("alarm_button") is True)
                wall_ms.append((time.monotonic() - toggled_s) * 1000)
                assert seen.ok
                between = _until_seen(line, unit=unit, toggled_s=toggled_s)
                line_ms.append(sum(exchange.line_s + line.timing.gap_s for exchange in between) * 1000)
                requests.append(len(between))
                _alarm(slaves[unit], pressed=False)
                await recorder.until(lambda s, u=unit: _good(u)(s) and s.values.get("alarm_button") is False)
                await recorder.until(_good(rng.randint(1, 8)))  # another phase of the scan each time
    print(f"line {max(line_ms):.0f} ms, wall {max(wall_ms):.0f} ms, at most {max(requests)} requests")
    assert max(requests) <= 8 + 1 + 1  # a scan, one block, and the exchange in which the change came
    assert max(line_ms) <= LIMIT_MS


def _until_seen(line: Line, *, unit: int, toggled_s: float) -> list[Exchange]:
    """Return the exchanges from the toggle to the answer that carried it."""
    after = [exchange for exchange in line.exchanges() if exchange.read_s >= toggled_s]
    first = next(n for n, exchange in enumerate(after) if exchange.request.unit == unit and exchange.answer[3] & 1)
    return after[: first + 1]


async def test_at_most_one_register_block_between_two_scans(tmp_path: Path) -> None:
    """Every slave's alarm block is read between any two register blocks, and no slave's block is forgotten."""
    slaves = [lift_slave(unit) for unit in range(1, 5)]
    with Line(slaves, link=tmp_path / "line") as line:
        async with reading(line_of(line.port, dict.fromkeys(range(1, 5), PATIENT))) as recorder:
            for _ in range(6):
                await recorder.until(lambda sample: "car_position" in sample.values)
        asked = [exchange.request for exchange in line.exchanges()]
    blocks = [number for number, request in enumerate(asked) if request.function == STATE]
    assert blocks[0] >= 4  # the first scan comes first
    assert {asked[number].unit for number in blocks} == {1, 2, 3, 4}
    for before, after in pairwise(blocks):
        scanned = [request.unit for request in asked[before + 1 : after]]
        assert scanned == [1, 2, 3, 4] * (len(scanned) // 4)
        assert scanned


async def test_late_slave_never_says_another_value(tmp_path: Path) -> None:
    """A slave whose every answer is late gives failures and not one value."""
    slave = Slave(7, RegisterImage(Cells(holding_register={0: 1, 50: 2})))
    slave.fault = Late(100)
    profile = twins()
    with Line([slave], link=tmp_path / "line") as line:
        async with reading(line_of(line.port, {7: profile}), {"twins": profile}, pace=QUICK) as recorder:
            for _ in range(4):
                await recorder.until(lambda sample: not sample.ok)
            slave.fault = None
            await recorder.until(_good(7))
            await recorder.until(lambda sample: "high" in sample.values)
    assert Failure.LATE in {sample.failure for sample in recorder.samples}
    assert all(_true(sample) for sample in recorder.samples)


async def test_late_slave_does_say_another_value_without_the_drain(tmp_path: Path) -> None:
    """The test above can fail: where no answer is said to come late, the late ones are believed."""
    slave = Slave(7, RegisterImage(Cells(holding_register={0: 1, 50: 2})))
    profile = twins(latest="0ms")
    pace = Pace(breaker_after=1_000, scan_period_s=0.0)
    with Line([slave], link=tmp_path / "line") as line:
        async with reading(line_of(line.port, {7: profile}), {"twins": profile}, pace=pace) as recorder:
            await recorder.until(_good(7))
            slave.fault = Late(60)
            await recorder.until(lambda sample: not _true(sample))


def _true(sample: Sample) -> bool:
    return sample.values.get("low", 1) == 1 and sample.values.get("high", 2) == 2


async def test_silent_slave_is_only_probed_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After three failures a dead slave is asked one short question now and then; its first answer brings it back."""
    caplog.set_level(logging.INFO)
    dead, sound = lift_slave(1), lift_slave(2)
    dead.fault = Silent()
    pace = Pace(probe_s=0.4)  # longer than its latest answer: a probe is not drained
    with Line([dead, sound], link=tmp_path / "line") as line:
        async with reading(line_of(line.port, {1: DEAD, 2: PATIENT}), pace=pace) as recorder:
            for _ in range(5):
                await recorder.until(lambda sample: sample.failure == Failure.SILENT)
            asked = [exchange for exchange in line.exchanges() if exchange.request.unit == 1]
            assert {exchange.request.function for exchange in asked} == {SCAN}
            probes = [after.read_s - before.read_s for before, after in pairwise(asked[2:])]
            assert min(probes) >= pace.probe_s
            assert all(sample.ok for sample in recorder.samples if sample.device == "device-2")
            dead.fault = None
            await recorder.until(_good(1))
            await recorder.until(lambda sample: _good(1)(sample) and "car_position" in sample.values)
    assert [record.message for record in caplog.records if "device-1" in record.message] == [
        "device-1 does not answer (silent), only probed from now on",
        "device-1 answers again",
    ]


async def test_slow_slave_does_not_disturb_the_others(tmp_path: Path) -> None:
    """A slave that always answers late is probed with a drain, so that its answers hit nobody else's exchange."""
    slow, sound = lift_slave(1), lift_slave(2)
    slow.fault = Late(80)
    with Line([slow, sound], link=tmp_path / "line") as line:
        async with reading(line_of(line.port, {1: SLOW, 2: PATIENT}), pace=QUICK) as recorder:
            for _ in range(4):
                await recorder.until(lambda sample: sample.failure == Failure.LATE)
    assert {sample.failure for sample in recorder.samples if sample.device == "device-2"} == {""}


async def test_unplugged_line_is_said_once_and_comes_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A pty that hangs up fails every device, is retried, and is read again under the same path."""
    caplog.set_level(logging.INFO)
    with Line([lift_slave(1), lift_slave(2)], link=tmp_path / "line") as line:
        config = line_of(line.port, {1: LIFT, 2: LIFT})
        async with reading(config, pace=QUICK) as recorder:
            for _ in range(2):
                await recorder.until(_good(2))
                await asyncio.to_thread(line.unplug)
                for _ in range(3):
                    await recorder.until(lambda s: s.device == "device-2" and s.failure == Failure.LINE_LOST)
                await asyncio.to_thread(line.replug)
            await recorder.until(_good(1))
    said = [record.message.split(":")[0] for record in caplog.records if record.message.startswith("line ")]
    assert said == [f"line {config.port} is lost", f"line {config.port} is back"] * 2


async def test_missing_port_is_retried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A port that is not there yet is a failed poll of each device, one line in the log, and no end of the program."""
    config = line_of(str(tmp_path / "line"), {1: PATIENT})
    async with reading(config, pace=QUICK) as recorder:
        for _ in range(3):
            await recorder.until(lambda sample: sample.failure == Failure.LINE_LOST)
        with Line([lift_slave(1)], link=tmp_path / "line"):
            await recorder.until(_good(1))
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert "No such file" in caplog.text


async def test_socket_is_a_line_too(caplog: pytest.LogCaptureFixture) -> None:
    """A serial server in raw mode is read like a tty, also after it was away."""
    with Line([lift_slave(1)], tcp_port=0) as line:
        async with reading(line_of(line.port, {1: PATIENT}), pace=QUICK) as recorder:
            await recorder.until(_good(1))
            await asyncio.to_thread(line.unplug)
            await recorder.until(lambda sample: sample.failure == Failure.LINE_LOST)
            await asyncio.to_thread(line.replug)
            await recorder.until(_good(1))
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


async def test_network_port_without_an_answer_is_opened_anew() -> None:
    """A TCP peer that went away without a word is noticed by the silence of all slaves."""
    slave = lift_slave(1)
    with Line([slave], tcp_port=0) as line:
        pace = Pace(probe_s=0.05, retry_base_s=0.01, deaf_s=0.5)
        async with reading(line_of(line.port, {1: LIFT}), pace=pace) as recorder:
            await recorder.until(_good(1))
            slave.fault = Silent()
            await recorder.until(lambda sample: sample.failure == Failure.LINE_LOST)
            slave.fault = None
            await recorder.until(_good(1))


async def test_idle_line_rests() -> None:
    """One slave is scanned once in a period, not as fast as the line allows."""
    with Line([lift_slave(1)], tcp_port=0) as line:
        async with reading(line_of(line.port, {1: LIFT}), pace=Pace(scan_period_s=0.2)) as recorder:
            for _ in range(8):
                await recorder.until(_good(1))
        scans = [exchange.read_s for exchange in line.exchanges() if exchange.request.function == SCAN]
    assert (scans[-1] - scans[0]) / (len(scans) - 1) > 0.19

"""Tests of the simulated line against a plain pyserial client."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import serial

from simulators.modbus import Cells, Line, LineTiming, RegisterImage, Silent, Slave
from simulators.modbus.codec import Request, crc16, refusal, registers_answer


def _slave(unit: int = 1) -> Slave:
    return Slave(unit, RegisterImage(Cells(input_register={0: 11, 1: 22})))


def _frame(request: Request) -> bytes:
    words = request.address.to_bytes(2, "big") + request.count.to_bytes(2, "big")
    body = bytes((request.unit, request.function)) + words
    return body + crc16(body)


def _ask(port: serial.SerialBase, request: Request, *, size: int) -> bytes:
    port.write(_frame(request))
    answer: bytes = port.read(size)
    return answer


def _until(holds: Callable[[], bool]) -> None:
    """Wait for the line's thread, which tells nobody and may have to wait for its processor."""
    deadline_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def _client(line: Line, *, parity: str = "N", timeout_s: float = 5.0) -> serial.SerialBase:
    return serial.serial_for_url(line.port, baudrate=line.timing.baud, parity=parity, timeout=timeout_s)


BOTH = Request(1, 4, 0, 2)
ANSWER = registers_answer(BOTH, [11, 22])


def test_line_keeps_the_time_of_its_baud_rate(tmp_path: Path) -> None:
    """No answer is there before request, turn-around and answer have passed over the line."""
    timing = LineTiming(baud=1_200)
    slow = Slave(1, RegisterImage(Cells(input_register={0: 11, 1: 22})), turn_around_ms=50)
    with Line([slow], link=tmp_path / "line", timing=timing) as line, _client(line) as port:
        start_s = time.monotonic()
        assert _ask(port, BOTH, size=9) == ANSWER
        took_s = time.monotonic() - start_s
        (exchange,) = line.exchanges()
    assert exchange.line_s == pytest.approx((8 + 9) * 10 / 1_200 + 0.05)
    assert took_s >= exchange.line_s
    assert exchange.read_s - start_s >= (8 + 3.5) * 10 / 1_200


def test_two_requests_at_once_spoil_each_other(tmp_path: Path) -> None:
    """Without the silence between them they are no frames, and nobody answers."""
    with Line([_slave()], link=tmp_path / "line") as line, _client(line, timeout_s=0.3) as port:
        port.write(_frame(BOTH) * 2)
        _until(lambda: line.spoilt == 1)
        assert port.read(1) == b""
        port.timeout = 5.0
        assert _ask(port, BOTH, size=9) == ANSWER


def test_unknown_units_and_addresses(tmp_path: Path) -> None:
    """Nobody answers for a unit that is not there; a slave refuses what it does not have."""
    with Line([_slave()], link=tmp_path / "line") as line, _client(line, timeout_s=0.3) as port:
        assert _ask(port, Request(2, 4, 0, 1), size=1) == b""
        _until(lambda: line.spoilt == 1)  # what comes before it was read would be one frame with it
        port.timeout = 5.0
        missing, writing = Request(1, 4, 1, 2), Request(1, 6, 0, 1)
        assert _ask(port, missing, size=5) == refusal(missing, 2)
        assert _ask(port, writing, size=5) == refusal(writing, 1)


@pytest.mark.parametrize("parity", ["N", "E", "O"])
def test_pty_can_be_opened_again_and_again(tmp_path: Path, parity: str) -> None:
    """A second open with parity does not fail, though a pty cannot carry parity."""
    with Line([_slave()], link=tmp_path / "line", timing=LineTiming(parity=parity)) as line:
        for _ in range(3):
            with _client(line, parity=parity) as port:
                assert _ask(port, BOTH, size=9) == ANSWER


def test_unplug_hangs_up_and_replug_is_a_new_pty_under_the_same_path(tmp_path: Path) -> None:
    """A client with the port open gets an error; the path is gone, and then leads to another pty."""
    link = tmp_path / "line"
    with Line([_slave()], link=link) as line:
        with _client(line) as port:
            assert _ask(port, BOTH, size=9) == ANSWER
            line.unplug()
            with pytest.raises(serial.SerialException):
                port.read(1)
        assert not link.is_symlink()
        line.replug()
        with _client(line) as port:
            assert _ask(port, BOTH, size=9) == ANSWER
    assert not link.is_symlink()


def test_same_line_on_a_tcp_port(tmp_path: Path) -> None:
    """A pty and a TCP port of one line lead to the same slaves; the TCP port stays the same over an unplug."""
    slave = _slave()
    with Line([slave], link=tmp_path / "line", tcp_port=0) as line:
        url = line.url
        for _ in range(2):
            for end in (line.port, url):
                with serial.serial_for_url(end, timeout=5.0) as port:
                    assert _ask(port, BOTH, size=9) == ANSWER
            line.unplug()
            line.replug()
        assert line.url == url


def test_silent_slave_is_on_record(tmp_path: Path) -> None:
    """Its requests are seen, its answers are empty."""
    slave = _slave()
    slave.fault = Silent()
    with Line([slave], link=tmp_path / "line") as line, _client(line, timeout_s=0.3) as port:
        assert _ask(port, BOTH, size=1) == b""
        _until(lambda: bool(line.exchanges()))
        assert [(exchange.request, exchange.answer) for exchange in line.exchanges()] == [(BOTH, b"")]

"""Tests of opening and closing ports of every kind."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from edge_agent.sources.frames import Failure
from edge_agent.sources.modbus import Pace
from edge_agent.sources.port import LineLost, Port, PortSettings, open_port
from simulators.modbus import Line
from tests.edge_agent.sources.rig import PATIENT, lift_slave, line_of, reading

# pyserial 3.5 warns of its own names
OLD_THREADS = pytest.mark.filterwarnings("ignore:set(Daemon|Name)\\(\\) is deprecated:DeprecationWarning")


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Port]:
    port = await open_port(PortSettings(url, 19_200, "N", 1))
    try:
        yield port
    finally:
        await port.close()


@pytest.mark.parametrize("url", ["{folder}/none", "socket://127.0.0.1:1", "foo://bar", "socket://nonsense", "{folder}"])
async def test_port_that_cannot_be_opened_is_a_lost_line(tmp_path: Path, url: str) -> None:
    """Whatever pyserial raises, it is one error with a reason."""
    with pytest.raises(LineLost, match=r"\w"):
        await open_port(PortSettings(url.format(folder=tmp_path), 19_200, "N", 1))


async def test_second_master_on_a_line_is_refused(tmp_path: Path) -> None:
    """Two masters would spoil both: the port is locked."""
    with Line([], link=tmp_path / "line") as line:
        async with _opened(line.port):
            with pytest.raises(LineLost, match="lock"):
                await open_port(PortSettings(line.port, 19_200, "N", 1))


async def test_port_that_opens_after_a_cancel_is_closed_again(tmp_path: Path) -> None:
    """A stop during the opening leaks no lock."""
    with Line([], link=tmp_path / "line") as line:
        opening = asyncio.create_task(open_port(PortSettings(line.port, 19_200, "N", 1)))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        assert opening.cancelled()
        while True:  # the thread that opens it ends in its own time
            with suppress(LineLost):
                async with _opened(line.port):
                    return


async def test_stuck_port_is_a_lost_line(tmp_path: Path) -> None:
    """A port that takes no more bytes does not block the event loop for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        async with _opened(f"socket://127.0.0.1:{listener.getsockname()[1]}") as port:
            port.start(receive=lambda _: None, lost=lambda _: None)
            with pytest.raises(LineLost):
                _fill(port)


def _fill(port: Port) -> None:
    for _ in range(100):
        port.write(bytes(1_000_000))


@contextmanager
def _rfc2217_server(device: str) -> Iterator[str]:
    """Serve ``device`` to one client, as ser2net does; pyserial asks it for modem lines, which a pty has not."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        client, _ = listener.accept()
        with client, serial.serial_for_url(device, baudrate=9_600, timeout=0) as port:
            client.settimeout(0.01)
            manager = serial.rfc2217.PortManager(port, _Connection(client))
            while not stopping.is_set():
                with suppress(TimeoutError):
                    data = client.recv(1024)
                    if not data:
                        return
                    port.write(b"".join(manager.filter(data)))
                with suppress(ConnectionError):
                    client.sendall(b"".join(manager.escape(port.read(1024))))

    thread = threading.Thread(target=serve, name="rfc2217-server")
    thread.start()
    try:
        yield f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        thread.join()
        listener.close()


class _Connection:
    def __init__(self, client: socket.socket) -> None:
        self.write = client.sendall


@OLD_THREADS
async def test_rfc2217_is_a_line_too() -> None:
    """A serial server that speaks RFC 2217 is read, and its end is noticed."""
    with Line([lift_slave(1)], tcp_port=0) as line, _rfc2217_server(line.port) as url:
        pace = Pace(retry_base_s=0.05, retry_cap_s=0.1)
        async with reading(line_of(url, {1: PATIENT}), pace=pace) as recorder:
            await recorder.until(lambda sample: "car_position" in sample.values)


@OLD_THREADS
async def test_rfc2217_server_that_goes_away_is_a_lost_line() -> None:
    """The reading thread says so."""
    with Line([lift_slave(1)], tcp_port=0) as line:
        server = _rfc2217_server(line.port)
        url = server.__enter__()
        async with reading(line_of(url, {1: PATIENT}), pace=Pace()) as recorder:
            await recorder.until(lambda sample: sample.ok)
            await asyncio.to_thread(server.__exit__, None, None, None)
            await recorder.until(lambda sample: sample.failure == Failure.LINE_LOST)

"""A line of slaves in a thread of its own: it takes requests and gives answers at the pace of its baud rate."""

import heapq
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path

import msgspec

from simulators.modbus.codec import Request, parse_request
from simulators.modbus.ends import End, PtyEnd, TcpEnd
from simulators.modbus.slave import Slave
from simulators.modbus.timing import LineTiming

_IDLE_S = 1.0
_KEPT = 10_000  # exchanges; older ones are forgotten


class Exchange(msgspec.Struct, frozen=True):
    """One request that was received, and what became of it. Times are ``time.monotonic()``."""

    request: Request
    read_s: float  # when the slave looked at its registers
    answer: bytes  # empty: it said nothing
    line_s: float  # what request, turn-around and answer took of the line's time, by its baud rate alone


class Line:
    """A line. ``link`` gives it a pty under that path, ``tcp_port`` (0: any free one) a TCP port; or both.

    It is a context manager; ``unplug`` and ``replug`` may be called from any thread while it is entered.
    """

    def __init__(
        self,
        slaves: Iterable[Slave],
        *,
        timing: LineTiming | None = None,
        link: Path | None = None,
        tcp_port: int | None = None,
    ) -> None:
        self.slaves = {slave.unit: slave for slave in slaves}
        self.timing = timing or LineTiming()
        self.spoilt = 0  # frames that were no request to a slave of this line: nobody answers them
        self._link = link
        self._tcp_port = tcp_port
        self._ends: list[End] = []
        self._frame = bytearray()
        self._frame_end_s = 0.0  # when the last byte of _frame will have passed
        self._frame_from: End | None = None
        self._answers: list[tuple[float, int, bytes, End]] = []  # heap by the time at which the last byte has passed
        self._count = 0
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)
        self._calls: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._wake_read, self._wake_write = -1, -1
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="simulated-line", daemon=True)

    @property
    def port(self) -> str:
        """The port for an agent's config: the pty's path, else the ``socket://`` URL."""
        return str(self._link) if self._link is not None else self.url

    @property
    def url(self) -> str:
        """The ``socket://`` URL."""
        return f"socket://127.0.0.1:{self._tcp_port}"

    @property
    def owes(self) -> bool:
        """Whether anything that was read from the line is not answered to its last byte."""
        return bool(self._frame or self._answers)

    def exchanges(self) -> list[Exchange]:
        """Return the latest exchanges, oldest first."""
        return list(self._exchanges)

    def __enter__(self) -> "Line":
        """Plug it in and start."""
        self._plug()
        self._wake_read, self._wake_write = os.pipe()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Unplug it and stop."""
        self._stopping = True
        self.unplug()
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def unplug(self) -> None:
        """Hang up: the pty is gone with its path, the TCP port is closed."""
        self._in_thread(self._pull)

    def replug(self) -> None:
        """Plug it in again: a new pty under the same path, the same TCP port."""
        self._in_thread(self._plug)

    def _in_thread(self, call: Callable[[], None]) -> None:
        done: Future[None] = Future()
        self._calls.append((call, done))
        os.write(self._wake_write, b"x")
        done.result()

    def _plug(self) -> None:
        if self._link is not None:
            self._ends.append(PtyEnd(self._link))
        if self._tcp_port is not None:
            end = TcpEnd(self._tcp_port)
            self._tcp_port = end.port
            self._ends.append(end)

    def _pull(self) -> None:
        for end in self._ends:
            end.close()
        self._ends.clear()
        self._answers.clear()
        self._frame.clear()

    def _loop(self) -> None:
        while not self._stopping or self._calls:
            files = [number for end in self._ends for number in end.files()]
            ready, _, _ = select.select([self._wake_read, *files], [], [], self._rest_s())
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                self._run_call()
            self._pass_time(time.monotonic())
            for end in self._ends:
                self._receive(end)
            self._pass_time(time.monotonic())

    def _run_call(self) -> None:
        call, done = self._calls.popleft()
        try:
            call()
        except OSError as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _rest_s(self) -> float:
        due = [self._answers[0][0]] if self._answers else []
        if self._frame:
            due.append(self._frame_end_s + self.timing.gap_s)
        return max(0.0, min(due) - time.monotonic()) if due else _IDLE_S

    def _receive(self, end: End) -> None:
        data = end.read()
        if not data:
            return
        begin_s = max(time.monotonic(), self._frame_end_s)  # one byte after the other, also when they came at once
        self._frame += data[:256]
        self._frame_end_s = begin_s + self.timing.bytes_s(len(data))
        self._frame_from = end

    def _pass_time(self, now_s: float) -> None:
        if self._frame and now_s >= self._frame_end_s + self.timing.gap_s and self._frame_from is not None:
            self._take(bytes(self._frame), self._frame_from)
            self._frame.clear()
        while self._answers and self._answers[0][0] <= now_s:
            _, _, data, end = self._answers[0]
            end.write(data)
            heapq.heappop(self._answers)

    def _take(self, frame: bytes, end: End) -> None:
        request = parse_request(frame)
        slave = self.slaves.get(request.unit) if request else None
        if request is None or slave is None:
            self.spoilt += 1
            return
        answer = slave.answer(request)
        delay_s = max(self.timing.gap_s, slave.delay_ms / 1000)
        over_s = self._frame_end_s + delay_s + self.timing.bytes_s(len(answer))
        line_s = self.timing.bytes_s(len(frame) + len(answer)) + delay_s
        if answer:
            self._count += 1
            heapq.heappush(self._answers, (over_s, self._count, answer, end))
        self._exchanges.append(Exchange(request, time.monotonic(), answer, line_s))

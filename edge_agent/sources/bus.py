"""One question and its answer at a time on a half-duplex line; whatever is no answer to it never becomes a value."""

import asyncio
from collections.abc import Sequence

import msgspec

from device_profiles.clock import Clock
from edge_agent.sources.frames import MAX_FRAME, Failure, Match, Question, explain, match, numbers
from edge_agent.sources.port import LineLost, Port
from edge_agent.sources.timing import Timing

HOST_S = 0.01  # added to every time-out: adapters hold bytes back, this machine may be busy
STALE_S = 1.0  # an answer that is read so long after its time-out lay there while this program was stopped
_MAX_HELD = 2 * MAX_FRAME  # more bytes than that are noise; the rest is dropped


class PollFailed(Exception):
    """A question got no answer; the line is quiet again."""

    def __init__(self, failure: Failure, *, heard: bool) -> None:
        super().__init__(failure)
        self.failure = failure
        self.heard = heard  # any byte arrived


class Patience(msgspec.Struct, frozen=True):
    """How long to wait for one slave."""

    answer_s: float  # a healthy slave begins its answer within this
    latest_s: float  # none begins later than this; 0 where the line need not be drained


class Answer(msgspec.Struct, frozen=True):
    """What a slave answered."""

    t_us: int  # city time at which it was complete
    numbers: Sequence[int]  # registers, or bits as 0 and 1


class Bus:
    """A started port, as a line of slaves. Times are real seconds."""

    def __init__(self, port: Port, *, timing: Timing, clock: Clock) -> None:
        self._port = port
        self._timing = timing
        self._clock = clock
        self._question: Question | None = None
        self._data = bytearray()  # since the request, at most _MAX_HELD
        self._settled = asyncio.Event()
        self._match = Match.PARTIAL
        self._complete_us = 0
        self._last_byte_s = 0.0
        self._lost: str | None = None
        port.start(receive=self._received, lost=self._ended)

    async def ask(self, question: Question, patience: Patience) -> Answer:
        """Return the answer to ``question``. Raises PollFailed once the line is quiet again, or LineLost."""
        await self._silence(by_s=self._clock.real_s() + self._line_s(MAX_FRAME))
        self._send(question)
        sent_s = self._clock.real_s() + self._line_s(len(question.frame))
        whole_s = self._line_s(question.answer_bytes)
        deadline_s = sent_s + patience.answer_s + whole_s + HOST_S
        await self._settle(deadline_s)
        if self._match is Match.ANSWER and self._last_byte_s > deadline_s + STALE_S:
            self._question = None
            raise PollFailed(Failure.LATE, heard=True)  # nobody knows when it came, and it would be called of now
        if self._match is Match.ANSWER:
            return Answer(self._complete_us, numbers(question, bytes(self._data)))
        if self._match is Match.EXCEPTION:
            raise PollFailed(Failure.EXCEPTION, heard=True)
        if patience.latest_s > 0:
            await self._drain(sent_s + patience.latest_s + whole_s)
        self._question = None
        raise PollFailed(explain(question, bytes(self._data)), heard=bool(self._data))

    def _send(self, question: Question) -> None:
        self._port.purge()  # what came before the request is no answer to it
        self._data.clear()
        self._settled.clear()
        self._match = Match.PARTIAL
        self._question = question
        self._check()
        self._port.write(question.frame)

    async def _settle(self, deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s - self._clock.real_s()):
                await self._settled.wait()
        except TimeoutError:
            pass
        self._check()

    async def _drain(self, until_s: float) -> None:
        """Let every late byte come, so that none can pass as an answer to the next question."""
        await asyncio.sleep(max(0.0, until_s - self._clock.real_s()))
        await self._silence(by_s=until_s + self._line_s(MAX_FRAME))
        self._check()

    async def _silence(self, *, by_s: float) -> None:
        """Wait for the silence between two frames, but not beyond ``by_s``: noise must not stop the line."""
        # every byte moves the end, so this is no wait for one event
        while (rest_s := min(by_s, self._last_byte_s + self._timing.gap_s) - self._clock.real_s()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(rest_s)

    def _received(self, data: bytes) -> None:
        self._last_byte_s = self._clock.real_s()
        self._data += data[: _MAX_HELD - len(self._data)]
        if self._question is None or self._settled.is_set():
            return
        self._match = match(self._question, bytes(self._data))
        if self._match is not Match.PARTIAL:
            self._complete_us = self._clock.wall_us()
            self._settled.set()

    def _ended(self, reason: str) -> None:
        self._lost = reason
        self._settled.set()

    def _check(self) -> None:
        if self._lost is not None:
            raise LineLost(self._lost)

    def _line_s(self, size: int) -> float:
        return size * self._timing.char_s

"""Listen to one box on its serial line: bytes → frames → pieces of signal; whatever is wrong becomes a quality."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from device_profiles.profile import BoxLine
from edge_agent.config import BoxConfig
from edge_agent.sources.box.claims import Claims
from edge_agent.sources.box.frames import Deframer, Frame, Kind
from edge_agent.sources.box.messages import BadMessage, Hello, read_hello
from edge_agent.sources.box.quality import Quality
from edge_agent.sources.box.stream import BoxStream, Counts, Piece
from edge_agent.sources.port import LineLost, Port, PortSettings, open_port
from edge_agent.steps import ClockWatch

logger = logging.getLogger(__name__)

FOREIGN_US = 10_000_000  # city; so long after the last frame of one box another one may take its place on the line

HELLO_US = 10_000_000  # city; a box says hello every 5 s
STALE_READS = 8  # of 1 kB each: a tty keeps 4 kB

Deliver = Callable[[str, Piece], None]  # device and piece; called on the event loop, never blocks


class BoxPace(msgspec.Struct, frozen=True):
    """How patient a line is; real seconds."""

    retry_base_s: float = 0.5  # of the full-jitter back-off of a lost line
    retry_cap_s: float = 5.0
    deaf_s: float = 30.0  # a network port that gave nothing for so long is opened anew: its peer may be gone


class BoxSource:
    """One line with one box. ``run`` listens until cancelled; from a silent box nothing comes: the hub notices."""

    def __init__(
        self,
        box: BoxConfig,
        line: BoxLine,
        *,
        counts: Counts,
        claims: Claims,
        deliver: Deliver,
        clock: Clock,
        pace: BoxPace | None = None,
    ) -> None:
        self.counts = counts
        self._box = box
        self._rates_hz = line.rate_hz
        self._claims = claims
        self._deliver = deliver
        self._clock = clock
        self._pace = pace or BoxPace()
        self._settings = PortSettings(box.port, box.baud, "N", 1)
        self._backoff = Backoff(base_s=self._pace.retry_base_s, cap_s=self._pace.retry_cap_s)
        self._watch = ClockWatch(clock)
        self._deframer = Deframer()
        self._stream: BoxStream | None = None
        self._heard_us: int | None = None  # the last frame of the stream's box
        self._foreign_us: int | None = None  # the last frame of another box on this line
        self._first_us: int | None = None  # the first frame of a box that has not said hello
        self._bytes_s = 0.0  # real time of the last bytes
        self._open = False  # whether what arrives is fresh
        self._lost = False  # and said so

    async def run(self) -> None:
        """Listen for ever; a line that is missing or lost is opened again after a full-jitter delay."""
        while True:
            try:
                await self._serve()
            except LineLost as error:
                logger.log(
                    logging.DEBUG if self._lost else logging.WARNING, "box line %s is lost: %s", self._box.port, error
                )
                self._lost = True
            await asyncio.sleep(self._backoff.next_s())

    def take(self, data: bytes) -> None:
        """Take in bytes as they come from the line."""
        self._bytes_s = self._clock.real_s()
        now_us = self._clock.wall_us()
        if step_us := self._watch.step_us():  # looked at also before a hello: an old step is none of a new stream
            self._shift(step_us)
        for frame in self._deframer.feed(data):
            piece = self._piece(frame, now_us)
            if piece is not None:
                self._deliver(self._box.device, piece)
        self.counts.crc_errors = self._deframer.crc_errors

    async def _serve(self) -> None:
        port = await open_port(self._settings)
        try:
            ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._open = False
            port.start(receive=self._received, lost=lambda reason: _settle(ended, reason))
            self._begin(port)
            while not ended.done():
                await asyncio.wait({ended}, timeout=self._pace.deaf_s)
                if "://" in self._box.port and self._clock.real_s() - self._bytes_s >= self._pace.deaf_s:
                    raise LineLost(f"nothing was heard for {self._pace.deaf_s:g} s")
            raise LineLost(ended.result())
        finally:
            await port.close()

    def _shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set."""
        if self._stream is not None:
            self._stream.shift(step_us)
        self._heard_us, self._foreign_us, self._first_us = (
            None if t_us is None else t_us + step_us for t_us in (self._heard_us, self._foreign_us, self._first_us)
        )

    def _begin(self, port: Port) -> None:
        """Throw away what the system had kept: nobody knows how old it is."""
        for _ in range(STALE_READS):
            port.purge()
        self._open = True
        self._deframer.forget()
        self._bytes_s = self._clock.real_s()

    def _received(self, data: bytes) -> None:
        if not self._open:
            return
        self._backoff.reset()
        if self._lost:
            self._lost = False
            logger.info("box line %s is back", self._box.port)
        self.take(data)

    def _piece(self, frame: Frame, now_us: int) -> Piece | None:
        if frame.kind is Kind.HELLO:
            self._greet(frame, now_us)
        stream = self._stream
        if stream is None:
            self._first_us = now_us if self._first_us is None else self._first_us
            waited = now_us - self._first_us > HELLO_US
            return Piece(now_us, Quality.NO_HELLO if waited else Quality.NEW)
        if frame.box != stream.hello.box:
            self._foreign_us = now_us
            return Piece(now_us, Quality.TWO_BOXES)
        self._heard_us = now_us
        if self._box.serial not in ("", stream.hello.serial):
            return Piece(now_us, Quality.WRONG_SERIAL)
        if not self._claims.claim(stream.hello.serial, self._box.device):
            return Piece(now_us, Quality.SERIAL_TWICE)
        if self._foreign_us is not None and 0 <= now_us - self._foreign_us < FOREIGN_US:
            return Piece(now_us, Quality.TWO_BOXES)
        return stream.take(frame, now_us)

    def _greet(self, frame: Frame, now_us: int) -> None:
        """Follow the box that says hello, unless another one is talking on this line."""
        try:
            hello = read_hello(frame)
        except BadMessage as error:
            logger.debug("%s: %s", self._box.port, error)
            return
        if self._stream is not None and self._is_held(hello, now_us):
            self._foreign_us = self._foreign_us if hello.serial == self._stream.hello.serial else now_us
            return
        logger.info("%s: box %s, %g Hz, on %s", self._box.device, hello.serial, hello.rate_hz, self._box.port)
        self._stream = BoxStream(hello, rates_hz=self._rates_hz, counts=self.counts)

    def _is_held(self, hello: Hello, now_us: int) -> bool:
        assert self._stream is not None
        if hello == self._stream.hello:
            return True
        same = hello.serial == self._stream.hello.serial  # the same box, set to another rate or range
        return not same and self._heard_us is not None and 0 <= now_us - self._heard_us < FOREIGN_US


def _settle(future: "asyncio.Future[str]", reason: str) -> None:
    if not future.done():
        future.set_result(reason)

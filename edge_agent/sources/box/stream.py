"""One box's frames, in order, become pieces of signal in the agent's time, with a word on their quality."""

import msgspec
import numpy as np

from edge_agent.sources.box.frames import Frame, Kind
from edge_agent.sources.box.health import RESTART_S, RESTARTS, BoxClock, Clipping, Rate, Recent, Stillness
from edge_agent.sources.box.messages import Block, Hello, Metres, read_block, read_pressure
from edge_agent.sources.box.quality import BELIEVED, Quality
from edge_agent.sources.box.timeline import Timeline

COUNTER = 1 << 16


class Piece(msgspec.Struct, frozen=True):
    """What one frame gave. Without ``metres`` and ``pascal`` it tells the quality only."""

    t_us: int  # of the first sample
    quality: Quality
    period_us: float = 0.0
    metres: Metres | None = None  # m/s², n × 3
    pascal: float | None = None

    @property
    def end_us(self) -> int:
        """The time of the last sample."""
        count = 1 if self.metres is None else len(self.metres)
        return self.t_us + round((count - 1) * self.period_us)


class Counts(msgspec.Struct):
    """What was wrong since this agent began to listen."""

    crc_errors: int = 0  # frames that came broken
    lost: int = 0  # frames that never came
    doubled: int = 0  # frames that came twice
    restarts: int = 0
    clock_jumps: int = 0


class BoxStream:
    """Follows one box from its hello on. Times are given; the same frames at the same times give the same pieces."""

    def __init__(self, hello: Hello, *, rates_hz: tuple[float, float], counts: Counts) -> None:
        self.hello = hello
        self.counts = counts
        self._allowed = rates_hz[0] <= hello.rate_hz <= rates_hz[1]
        self._timeline = Timeline(hello.period_us)
        self._rate = Rate(hello.rate_hz)
        self._clock = BoxClock(hello.period_us)
        self._still = Stillness(hello.rate_hz, hello.lsb_per_g)
        self._clipping = Clipping(hello.rate_hz, hello.full_scale)
        self._restarts = Recent(times=RESTARTS, within_s=RESTART_S)
        self._losses, self._jumps = Recent(), Recent()
        self._counter: int | None = None  # of the last frame
        self._next: int | None = None  # index that the next block begins with
        self._is_still = self._is_clipping = False
        self._held: list[Block] = []  # without any noise: broken, or a very quiet sensor; it shows within FROZEN_S

    def take(self, frame: Frame, now_us: int) -> Piece | None:
        """Take in a frame that arrived at ``now_us``; None when it came twice."""
        if self._is_double(frame):
            self.counts.doubled += 1
            return None
        self._count_lost(frame, now_us)
        match frame.kind:
            case Kind.ACCELERATION:
                return self._take_block(read_block(frame), frame.clock_ms, now_us)
            case Kind.PRESSURE:
                return self._take_pressure(frame, now_us)
            case _:
                return Piece(now_us, self.quality(now_us))

    def quality(self, now_us: int) -> Quality:
        """Return the worst that holds."""
        holding = {
            Quality.BAD_RATE: not self._allowed,
            Quality.WRONG_RATE: self._rate.is_wrong or self._clock.is_wrong is True,
            Quality.RESTARTING: self._restarts.holds(now_us),
            Quality.NEW: self._clock.is_wrong is None,
            Quality.FROZEN: self._is_still,
            Quality.SATURATED: self._is_clipping,
            Quality.LOSSY: self._losses.holds(now_us),
            Quality.CLOCK_JUMP: self._jumps.holds(now_us),
        }
        return next((quality for quality, holds in holding.items() if holds), Quality.GOOD)

    def shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set."""
        for part in (self._timeline, self._rate, self._restarts, self._losses, self._jumps):
            part.shift(step_us)

    def _is_double(self, frame: Frame) -> bool:
        return frame.counter == self._counter and frame.kind is not Kind.HELLO

    def _count_lost(self, frame: Frame, now_us: int) -> None:
        if self._counter is not None:
            missing = (frame.counter - self._counter - 1) % COUNTER
            if 0 < missing < COUNTER // 2:  # more is a counter that began anew
                self.counts.lost += missing
                self._losses.happened(now_us)
        self._counter = frame.counter

    def _take_block(self, block: Block, clock_ms: int, now_us: int) -> Piece:
        if self._next is not None and block.first < self._next:
            self._restart(now_us)
        if self._clock.take(block.end, clock_ms):
            self.counts.clock_jumps += 1
            self._jumps.happened(now_us)
        self._next = block.end
        self._timeline.heard(block.end - 1, now_us)
        self._rate.take(block.end, now_us)
        self._is_still = self._still.take(block.raw)
        self._is_clipping = self._clipping.take(block.raw)
        quality = self.quality(now_us)
        if quality not in BELIEVED:
            self._held.clear()
            return Piece(self._timeline.at(block.end - 1), quality)
        if self._still.count >= len(block.raw):
            self._held.append(block)
            return Piece(self._timeline.at(block.end - 1), quality)
        return self._believed(block, quality)

    def _believed(self, block: Block, quality: Quality) -> Piece:
        """Return the piece of a block, with those before it that were held and turned out to be a quiet sensor's."""
        held, self._held = self._held, []
        blocks = [block]
        for earlier in reversed(held):
            if earlier.end != blocks[0].first:
                break  # a frame was lost in between
            blocks.insert(0, earlier)
        metres = self.hello.metres(np.concatenate([one.raw for one in blocks]))
        return Piece(self._timeline.at(blocks[0].first), quality, self._timeline.period_us, metres)

    def _take_pressure(self, frame: Frame, now_us: int) -> Piece | None:
        sample, quality = read_pressure(frame), self.quality(now_us)
        if sample.pascal is None or self._next is None or quality not in BELIEVED:
            return Piece(now_us, quality)
        if abs(sample.index - self._next) > self.hello.rate_hz:  # of another count: its time is not known
            return Piece(now_us, quality)
        return Piece(min(now_us, self._timeline.at(sample.index)), quality, pascal=sample.pascal)

    def _restart(self, now_us: int) -> None:
        """The box was switched on anew: its count and its clock begin again, and so does their mapping."""
        self.counts.restarts += 1
        self._restarts.happened(now_us)
        self._timeline = Timeline(self.hello.period_us)
        self._clock = BoxClock(self.hello.period_us)
        self._rate.forget()
        self._held.clear()

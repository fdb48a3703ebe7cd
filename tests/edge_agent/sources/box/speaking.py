"""A box in memory for the tests: it makes frames; times are given."""

import random

from edge_agent.sources.box.frames import Deframer, Frame
from edge_agent.sources.box.messages import Hello, read_hello
from edge_agent.sources.box.stream import BoxStream, Counts
from simulators.box_line import codec

SECOND = 1_000_000
BLOCK = 25


class Speaker:
    """Frames of one box that stands still, with a sensor's noise."""

    def __init__(self, serial: str = "LB-00017", *, rate_hz: float = 50.0) -> None:
        self.identity = codec.BoxIdentity(serial, rate_hz=rate_hz)
        self.counter = 0
        self.index = 0
        self.clock_ms = 0
        self._chance = random.Random(serial)

    def hello(self) -> bytes:
        """Return a hello."""
        return self._frame(codec.HELLO, codec.hello(self.identity))

    def block(self, samples: list[tuple[float, float, float]] | None = None) -> bytes:
        """Return the next block; the clock goes with the count."""
        samples = samples or [self.still() for _ in range(BLOCK)]
        payload = codec.acceleration(self.index, samples, self.identity)
        self.index += len(samples)
        self.clock_ms += round(len(samples) * 1000 / self.identity.rate_hz)
        return self._frame(codec.ACCELERATION, payload)

    def pressure(self, pascal: float | None = 101_325.0) -> bytes:
        """Return a pressure sample."""
        return self._frame(codec.PRESSURE, codec.pressure(self.index, pascal))

    def still(self) -> tuple[float, float, float]:
        """Return a sample of a box at rest."""
        return (self._chance.gauss(0, 0.02), self._chance.gauss(0, 0.02), self._chance.gauss(9.81, 0.02))

    def restart(self) -> None:
        """Begin anew, as after a power cut."""
        self.counter = self.index = self.clock_ms = 0

    def _frame(self, kind: int, payload: bytes) -> bytes:
        data = codec.frame(kind, payload, box=self.identity.box, counter=self.counter, clock_ms=self.clock_ms)
        self.counter += 1
        return data


def frames_of(data: bytes) -> list[Frame]:
    """Return the frames in ``data``, all of which must be whole."""
    return Deframer().feed(data)


def hello_of(speaker: Speaker) -> Hello:
    """Return what a box says of itself."""
    return read_hello(frames_of(speaker.hello())[0])


def stream_of(speaker: Speaker, *, rates_hz: tuple[float, float] = (10.0, 100.0)) -> BoxStream:
    """Return a stream that has heard the hello."""
    return BoxStream(hello_of(speaker), rates_hz=rates_hz, counts=Counts())

"""A box at the end of its serial line: samples become frames, faults come on command."""

from pathlib import Path

from simulators.box_line import codec
from simulators.box_line.codec import BoxIdentity
from simulators.modbus.ends import End, PtyEnd, TcpEnd

BLOCK = 25  # samples in a frame
HELLO_S = 5.0
_JUMP_MS = 3_600_000
Axes = tuple[float, float, float]


class BoxLine:
    """A context manager. ``link`` gives the line a pty under that path, ``tcp_port`` (0: any free one) a TCP port."""

    def __init__(self, identity: BoxIdentity, *, link: Path | None = None, tcp_port: int | None = None) -> None:
        self.identity = identity
        self.silent = False
        self.corrupt = False  # every frame's last byte is wrong
        self.frozen: Axes | None = None  # the sensor's only value
        self._link, self._tcp_port = link, tcp_port
        self._end: End | None = None
        self._waiting: list[Axes] = []  # less than a block
        self._last: Axes = (0.0, 0.0, codec.GRAVITY)
        self._pascal: float | None = None
        self._begin()

    @property
    def port(self) -> str:
        """The port for an agent's config."""
        return str(self._link) if self._link is not None else f"socket://127.0.0.1:{self._tcp_port}"

    def __enter__(self) -> "BoxLine":
        """Plug it in."""
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        """Unplug it."""
        self.unplug()

    def plug(self) -> None:
        """Open its end of the line, if it is not open."""
        if self._end is None and self._link is not None:
            self._end = PtyEnd(self._link)
        elif self._end is None:
            self._end = end = TcpEnd(self._tcp_port or 0)
            self._tcp_port = end.port

    def unplug(self) -> None:
        """Hang up."""
        if self._end is not None:
            self._end.close()
            self._end = None

    def send(self, samples: list[Axes], pascal: float | None = None) -> None:
        """Take in samples in m/s² and say what is whole: blocks, a pressure each second, a hello every 5 s."""
        self._pascal = pascal
        if samples:
            self._last = samples[-1]
        self._waiting += samples if self.frozen is None else [self.frozen] * len(samples)
        self._hear()
        while len(self._waiting) >= BLOCK:
            block, self._waiting = self._waiting[:BLOCK], self._waiting[BLOCK:]
            self._say_block(block)

    def freeze(self) -> None:
        """Let the sensor give its present value for ever."""
        self.frozen = self._last

    def jump_clock(self) -> None:
        """Let the box's clock jump by an hour; it goes on counting samples."""
        self._clock_offset_ms += _JUMP_MS

    def restart(self) -> None:
        """Begin to count anew, as after a flicker of its power."""
        self._begin()

    def heal(self) -> None:
        """End all faults."""
        self.silent = self.corrupt = False
        self.frozen = None

    def _begin(self) -> None:
        self._counter = self._index = self._clock_offset_ms = 0
        self._next_hello = 0
        self._next_pressure = 0
        self._waiting.clear()

    def _say_block(self, block: list[Axes]) -> None:
        if self._index >= self._next_hello:
            self._next_hello = self._index + round(HELLO_S * self.identity.rate_hz)
            self._say(codec.HELLO, codec.hello(self.identity))
        payload = codec.acceleration(self._index, block, self.identity)
        self._index += len(block)
        self._say(codec.ACCELERATION, payload)
        if self.identity.pressure and self._index >= self._next_pressure:
            self._next_pressure = self._index + round(self.identity.rate_hz)
            self._say(codec.PRESSURE, codec.pressure(self._index - 1, self._pascal))

    def _say(self, kind: int, payload: bytes) -> None:
        clock_ms = round(self._index * 1000 / self.identity.rate_hz) + self._clock_offset_ms
        data = codec.frame(kind, payload, box=self.identity.box, counter=self._counter, clock_ms=clock_ms)
        self._counter += 1
        if self.corrupt:
            data = data[:-1] + bytes([data[-1] ^ 0xFF])
        if self._end is not None and not self.silent:
            self._end.write(data)

    def _hear(self) -> None:
        if self._end is not None:
            self._end.read()  # nothing is ever said to a box; it keeps the pty in order and takes TCP's clients

"""A bad line between agent and broker: it drops, doubles and swaps MQTT messages, is cut and heals, and counts it all.

agent ──tcp──▶ Proxy (PUBLISH packets are dropped, doubled or swapped) ──tcp──▶ broker
agent ◀────────────────── likewise ─────────────────────────────────── broker

What it drops it acks: a broker that loses messages after its PUBACK, the worst there is. Anything else passes as it is.
"""

import asyncio
import contextlib
import random

import msgspec

from simulators.observers.door import Door, dial
from simulators.observers.packets import PUBLISH, PacketReader, remaining_length

SWAP_S = 0.05  # real; a message that is held back for its neighbour goes alone after that
_PUBACK = b"\x40\x02"
_DUP = 0x08  # OASIS MQTT 3.1.1, 3.3.1.1
_CHUNK = 65_536
READ_S = 30.0  # real; within that a broker has read the rest of a connection that was ended


class Mischief(msgspec.Struct, frozen=True):
    """How often what is done to a PUBLISH packet, each from 0 to 1."""

    drop: float = 0.01
    double: float = 0.01
    swap: float = 0.01  # with the next one


NONE = Mischief(0.0, 0.0, 0.0)


class Tally(msgspec.Struct):
    """What one direction has seen."""

    came: int = 0  # PUBLISH packets
    passed: int = 0  # PUBLISH packets written to the other side, doubles included
    dropped: int = 0
    doubled: int = 0
    swapped: int = 0


class Proxy:
    """A bad line for any number of agents in front of one broker; what it does follows from ``seed``."""

    def __init__(self, broker_host: str, broker_port: int, *, mischief: Mischief | None = None, seed: int = 1) -> None:
        self.mischief = mischief or Mischief()
        self.up, self.down = Tally(), Tally()
        self._broker = (broker_host, broker_port)
        self._chance = random.Random(seed)
        self._door = Door(self._serve)
        self._whole = True
        self._cuts = 0
        self._lines: set[_Line] = set()

    @property
    def port(self) -> int:
        """Where agents come in."""
        return self._door.port

    async def __aenter__(self) -> "Proxy":
        await self._door.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        await self._door.shut()

    async def cut(self) -> None:
        """Break every connection and refuse new ones; returns when the broker has read what was passed on to it."""
        self._whole = False
        self._cuts += 1
        for line in self._lines:
            line.cut()
        await asyncio.gather(*(line.ended.wait() for line in self._lines))

    def heal(self) -> None:
        """Let connections in again."""
        self._whole = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            return
        cuts = self._cuts
        broker_reader, broker_writer = await dial(self._broker, writer)
        if cuts != self._cuts:  # cut while it dialled: it is one of the connections that were to break
            broker_writer.close()
            return
        line = _Line(writer, broker_writer)
        self._lines.add(line)
        up = _Way(self, self.up, to=broker_writer, back=writer)
        down = _Way(self, self.down, to=writer, back=broker_writer)
        tasks = {asyncio.create_task(up.run(reader)), asyncio.create_task(down.run(broker_reader))}
        try:
            _, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            line.cut()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(READ_S):
                    while await broker_reader.read(_CHUNK):
                        continue
        finally:
            self._lines.discard(line)
            broker_writer.close()
            line.ended.set()

    def chance(self) -> float:
        """Return the next random number from 0 to 1."""
        return self._chance.random()


class _Line:
    """The two ends of one connection."""

    def __init__(self, agent: asyncio.StreamWriter, broker: asyncio.StreamWriter) -> None:
        self.ended = asyncio.Event()
        self._agent = agent
        self._broker = broker

    def cut(self) -> None:
        self._agent.transport.abort()
        # a close would be a reset while something of the broker's is unread, and the broker would not read on
        with contextlib.suppress(OSError, RuntimeError):
            self._broker.write_eof()


class _Way:
    """One direction of one connection."""

    def __init__(self, proxy: Proxy, tally: Tally, *, to: asyncio.StreamWriter, back: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._tally = tally
        self._to = to
        self._back = back
        self._held: bytes | None = None  # waits for its neighbour

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Pass on until the other side or we are cut."""
        packets = PacketReader()
        while data := await reader.read(_CHUNK):
            for first, body in packets.feed(data):
                self._take(first, body)
            await self._to.drain()

    def _take(self, first: int, body: bytes) -> None:
        whole = bytes([first]) + remaining_length(len(body)) + body
        if first >> 4 != PUBLISH or not first & 0x06:
            if not self._to.is_closing():
                self._to.write(whole)
            return
        self._tally.came += 1
        mischief, roll = self._proxy.mischief, self._proxy.chance()
        if roll < mischief.drop:
            self._drop(body)
        elif roll < mischief.drop + mischief.double:
            self._tally.doubled += 1
            self._pass(whole)
            self._pass(bytes([first | _DUP]) + whole[1:])
        elif roll < mischief.drop + mischief.double + mischief.swap and self._held is None:
            self._tally.swapped += 1
            self._held = whole
            asyncio.get_running_loop().call_later(SWAP_S, self._release)
        else:
            self._pass(whole)
            self._release()

    def _drop(self, body: bytes) -> None:
        self._tally.dropped += 1
        mid = 2 + int.from_bytes(body[:2], "big")
        if not self._back.is_closing():
            self._back.write(_PUBACK + body[mid : mid + 2])

    def _pass(self, whole: bytes) -> None:
        if not self._to.is_closing():
            self._tally.passed += 1
            self._to.write(whole)

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._pass(held)

"""A tap in the line between agents and broker: it knows every pack that was published, whoever dies afterwards.

agent ──tcp──▶ Tap (PUBLISH packets are recorded, then passed on) ──tcp──▶ broker
agent ◀────────────────────────── passed on as they are ─────────────────── broker
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable

from device_profiles.errors import TopicError, WireError
from device_profiles.topics import ROOT, parse_lane_topic
from device_profiles.wire import decode_receipt
from simulators.observers.door import Door, dial
from simulators.observers.packets import PacketReader, published
from simulators.observers.packs import Content, PackKey, content_of

logger = logging.getLogger(__name__)

_RECEIPT = "/receipt"
_CHUNK = 65_536


class Tap:
    """A proxy for any number of agents in front of one broker."""

    def __init__(self, broker_host: str, broker_port: int) -> None:
        self.packs: dict[PackKey, Content] = {}  # every pack that ever passed, once
        self.publishes = 0  # PUBLISH packets, doubles included
        self.receipts: dict[tuple[str, str], tuple[int, int]] = {}  # agent, lane → epoch, up to which pack all is kept
        self.strange = 0  # PUBLISH packets that are no pack with a seq (wills have none)
        self._broker = (broker_host, broker_port)
        self._door = Door(self._serve)
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """Where agents come in."""
        return self._door.port

    @property
    def facts(self) -> int:
        """How many facts were in the packs."""
        return sum(content.facts for content in self.packs.values())

    async def __aenter__(self) -> "Tap":
        await self._door.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open.set()
        self.cut()
        await self._door.shut()

    def cut(self) -> None:
        """Break every connection, as a broker that dies."""
        for writer in list(self._writers):
            writer.transport.abort()

    def hold(self) -> None:
        """Pass nothing on any more and let nobody in, as a network that swallows everything."""
        self._open.clear()

    def resume(self) -> None:
        """Pass on again."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._join(reader, writer)
        finally:
            self._writers.discard(writer)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        broker_reader, broker_writer = await dial(self._broker, writer)
        self._writers.add(broker_writer)
        try:
            up = asyncio.create_task(self._pass(reader, broker_writer, self._record), name="tap-up")
            down = asyncio.create_task(self._pass(broker_reader, writer, self._take), name="tap-down")
            done, rest = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(*done, *rest, return_exceptions=True)
        finally:
            self._writers.discard(broker_writer)
            broker_writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: Callable[[int, bytes], None]
    ) -> None:
        packets = PacketReader()
        while data := await reader.read(_CHUNK):
            await self._open.wait()
            for first, body in packets.feed(data):
                record(first, body)  # before it is passed on: the journal never knows more than the tap
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            await writer.drain()

    def _take(self, first: int, body: bytes) -> None:
        """Note what the hub's receipts to an agent cover."""
        topic, payload = published(first, body) or ("", b"")
        if topic.endswith(_RECEIPT):
            agent = topic.removeprefix(f"{ROOT}/agent/").removesuffix(_RECEIPT)
            with contextlib.suppress(WireError):
                receipt = decode_receipt(payload)
                for lane, word in receipt.lanes.items():  # an earlier epoch's may come last
                    so_far = self.receipts.get((agent, lane), (0, 0))
                    self.receipts[agent, lane] = max(so_far, (receipt.epoch, word.to))

    def _record(self, first: int, body: bytes) -> None:
        message = published(first, body)
        if message is None:
            return
        self.publishes += 1
        topic, payload = message
        try:
            address, lane = parse_lane_topic(topic)
            pack = json.loads(payload)
            key = PackKey(str(address), int(pack["epoch"]), lane, int(pack["seq"]))
            self.packs.setdefault(key, content_of(payload))
        except (TopicError, ValueError, KeyError, TypeError):
            self.strange += 1
            logger.debug("no pack on %s", topic)

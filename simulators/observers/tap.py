"""A tap in the line between agents and broker: it knows every pack that was published, whoever dies afterwards.

agent ──tcp──▶ Tap (PUBLISH packets are recorded, then passed on) ──tcp──▶ broker
agent ◀────────────────────────── passed on as they are ─────────────────── broker
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable, Iterator

from device_profiles.errors import TopicError, WireError
from device_profiles.topics import ROOT, parse_lane_topic
from device_profiles.wire import decode_receipt
from simulators.observers.packs import Content, PackKey, content_of

logger = logging.getLogger(__name__)

PUBLISH = 3
_RECEIPT = "/receipt"
MAX_PACKET = 1_048_576  # four times the largest pack; whoever announces more is cut off
_CHUNK = 65_536


class ProtocolError(Exception):
    """The bytes are no MQTT, or a packet is larger than MAX_PACKET."""


class PacketReader:
    """Cuts a stream of bytes into MQTT 3.1.1 control packets (OASIS MQTT 3.1.1, 2.2); holds one incomplete packet."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (first byte, body) of each packet that ``data`` completes. Raises ProtocolError."""
        self._buffer += data
        while (header := self._header()) is not None:
            start, end = header
            if end > len(self._buffer):
                return
            first, body = self._buffer[0], bytes(self._buffer[start:end])
            del self._buffer[:end]
            yield first, body

    def _header(self) -> tuple[int, int] | None:
        """Return where the body begins and ends, or None while that cannot be told."""
        length = 0
        for index in range(4):
            if index + 1 >= len(self._buffer):
                return None
            byte = self._buffer[index + 1]
            length |= (byte & 0x7F) << (7 * index)
            if not byte & 0x80:
                if length > MAX_PACKET:
                    raise ProtocolError(f"a packet of {length} bytes")
                return index + 2, index + 2 + length
        raise ProtocolError("a remaining length of more than four bytes")


def published(first: int, body: bytes) -> tuple[str, bytes] | None:
    """Return topic and payload if the packet is a PUBLISH (OASIS MQTT 3.1.1, 3.3), else None."""
    if first >> 4 != PUBLISH or len(body) < 2:
        return None
    end = 2 + int.from_bytes(body[:2], "big")
    payload = end + (2 if first & 0x06 else 0)
    return body[2:end].decode("utf-8", "replace"), body[payload:]


class Tap:
    """A proxy for any number of agents in front of one broker."""

    def __init__(self, broker_host: str, broker_port: int) -> None:
        self.packs: dict[PackKey, Content] = {}  # every pack that ever passed, once
        self.publishes = 0  # PUBLISH packets, doubles included
        self.receipts: dict[tuple[str, str], tuple[int, int]] = {}  # agent, lane → epoch, up to which pack all is kept
        self.strange = 0  # PUBLISH packets that are no pack with a seq (wills have none)
        self.port = 0
        self._broker = (broker_host, broker_port)
        self._server: asyncio.Server | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def facts(self) -> int:
        """How many facts were in the packs."""
        return sum(content.facts for content in self.packs.values())

    async def __aenter__(self) -> "Tap":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._open.set()
        self.cut()
        await self._server.wait_closed()
        await asyncio.gather(*self._serving, return_exceptions=True)

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
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, ProtocolError, asyncio.IncompleteReadError):
                await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        broker_reader, broker_writer = await asyncio.open_connection(*self._broker)
        self._writers.add(broker_writer)
        try:
            for end in (writer, broker_writer):
                end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
                self.receipts |= {(agent, lane): (receipt.epoch, word.to) for lane, word in receipt.lanes.items()}

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

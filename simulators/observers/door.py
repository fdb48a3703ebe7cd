"""A door in front of a broker: a port of its own, and a task for each who comes in, which has ended once it is shut."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from simulators.observers.packets import ProtocolError

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Door:
    """On loopback; a line that breaks, or speaks no MQTT, is let go."""

    def __init__(self, serve: Serve) -> None:
        self.port = 0
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Let in who comes, on a free port."""
        self._server = await asyncio.start_server(self._enter, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Let nobody in, and return when all who are inside have gone."""
        assert self._server is not None
        self._server.close()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            with contextlib.suppress(OSError, ProtocolError):
                await self._serve(reader, writer)
        finally:
            writer.transport.abort()


async def dial(
    broker: tuple[str, int], agent: asyncio.StreamWriter
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the broker's end of an agent's line; nothing waits on either for company."""
    _hurry(agent)
    reader, writer = await asyncio.open_connection(*broker)
    _hurry(writer)
    return reader, writer


def _hurry(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

"""One camera on the network: its feed, and its RTSP and MJPEG servers on ports of their own."""

import asyncio
import contextlib
import logging
import socket
import struct
from contextlib import AsyncExitStack
from functools import partial
from typing import Protocol

from simulators.camera.serving.faults import Fault
from simulators.camera.serving.feed import Feed
from simulators.camera.serving.login import Login
from simulators.camera.serving.mjpeg import MjpegSession
from simulators.camera.serving.rtsp import RtspSession

logger = logging.getLogger(__name__)

_CUT = struct.pack("ii", 1, 0)  # linger for no time: the kernel sends a reset
_LIMIT = 1 << 16


class Session(Protocol):
    """What answers one client."""

    async def serve(self) -> None:
        """Answer until it is over."""
        ...


class CameraServer:
    """An async context manager; port 0 takes any free one, and keeps it while the camera is unreachable."""

    def __init__(self, feed: Feed, *, rtsp_port: int = 0, http_port: int = 0, login: Login | None = None) -> None:
        """``login`` is asked for by RTSP."""
        self.feed = feed
        self._login = login
        self._ports = {RtspSession: rtsp_port, MjpegSession: http_port}
        self._servers: dict[type, asyncio.Server] = {}
        self._writers: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._stack = AsyncExitStack()

    @property
    def rtsp_url(self) -> str:
        """Where it streams RTP over TCP."""
        return f"rtsp://127.0.0.1:{self._ports[RtspSession]}/camera"

    @property
    def mjpeg_url(self) -> str:
        """Where it streams JPEGs over HTTP."""
        return f"http://127.0.0.1:{self._ports[MjpegSession]}/stream.mjpeg"

    async def strike(self, fault: Fault | None) -> None:
        """Begin a fault in place of the present one; None: it is well again."""
        self.feed.strike(fault)
        if fault in (Fault.DROP, Fault.RESET):
            await self._hang_up()
        if fault is Fault.DROP:
            await self._unplug()
        else:
            await self._plug()

    async def __aenter__(self) -> "CameraServer":
        async with self._stack:
            self._stack.push_async_callback(self._close)
            task = asyncio.create_task(self.feed.run_loop(), name="camera feed")
            self._stack.push_async_callback(_end, task)
            await self._plug()
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _plug(self) -> None:
        for kind in [kind for kind in self._ports if kind not in self._servers]:
            server = await asyncio.start_server(
                partial(self._greet, kind),
                "127.0.0.1",
                self._ports[kind],
                limit=_LIMIT,
            )
            self._servers[kind] = server
            self._ports[kind] = server.sockets[0].getsockname()[1]

    async def _unplug(self) -> None:
        for server in self._servers.values():
            server.close()
        self._servers.clear()

    async def _close(self) -> None:
        await self._unplug()
        await self._hang_up()

    def _greet(self, kind: type, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if kind is RtspSession:
            self._welcome(RtspSession(self.feed, reader, writer, login=self._login), writer)
        else:
            self._welcome(MjpegSession(self.feed, reader, writer), writer)

    def _welcome(self, session: Session, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = asyncio.create_task(self._serve(session, writer), name="camera client")

    async def _serve(self, session: Session, writer: asyncio.StreamWriter) -> None:
        try:
            await session.serve()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            logger.debug("a client: %r", error)
        finally:
            self._writers.pop(writer, None)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _hang_up(self) -> None:
        """Cut everybody off in the middle of a word."""
        tasks = set(self._writers.values())
        for writer in list(self._writers):
            sock = writer.get_extra_info("socket")
            if sock is not None and not writer.transport.is_closing():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CUT)
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})

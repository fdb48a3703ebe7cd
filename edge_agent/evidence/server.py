"""Hand out evidence: GET /evidence/<sha256> to who proves that it has the key; a few at once, and nothing half."""

import asyncio
import logging
import ssl
from contextlib import AsyncExitStack
from enum import StrEnum

import msgspec
from aiohttp import web

from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from device_profiles.evidence import DIGEST, PATH, challenge_header
from device_profiles.shelf import Shelf
from edge_agent.evidence.challenges import Challenges, ProofReason

logger = logging.getLogger(__name__)

MOST_REQUESTS = 4  # at once; more are told to come again
MOST_CONNECTIONS = 32  # more are cut at once: the lifts' agent needs its files and sockets
CONNECTION_S = 120.0  # real; a connection that lasts longer is cut, whatever it does
STOP_S = 2.0  # real
TELL_S = 60.0  # real; between two lines of the log about refusals


class AnswerReason(StrEnum):
    """Why a request that was proved, or that could not be, gets nothing."""

    UNKNOWN = "unknown"  # no such evidence, or no more
    BUSY = "busy"  # too many at once


class _Cut(asyncio.Protocol):
    """For a connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class EvidenceServer:
    """One listening address. ``run`` serves it until cancelled; an address in use is tried again."""

    def __init__(
        self, shelf: Shelf, challenges: Challenges, *, address: tuple[str, int], tls: ssl.SSLContext | None = None
    ) -> None:
        self.port = 0  # real one, once it listens
        self.listening = asyncio.Event()
        self._shelf = shelf
        self._challenges = challenges
        self._address = address
        self._tls = tls
        self._requests = 0
        self._told_s = -TELL_S
        self._backoff = Backoff(base_s=0.5, cap_s=10.0)

    async def run(self) -> None:
        """Serve for ever."""
        async with AsyncExitStack() as stack:
            app = web.Application(client_max_size=1)
            app.router.add_get(PATH + "{digest}", self._handle)
            runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_S)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            server = await self._listen(runner)
            stack.callback(server.close)
            await asyncio.Event().wait()

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        loop, told = asyncio.get_running_loop(), False
        host, port = self._address
        while True:
            try:
                server = await loop.create_server(lambda: _protocol(runner, loop), host, port, ssl=self._tls)
                break
            except OSError as error:
                logger.log(logging.DEBUG if told else logging.ERROR, "cannot listen on %s:%d: %s", host, port, error)
                told = True
                await asyncio.sleep(self._backoff.next_s())
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        logger.info("evidence is handed out on %s:%d", host, self.port)
        return server

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._requests >= MOST_REQUESTS:
            return _refusal(503, AnswerReason.BUSY, {"Retry-After": "1"})
        self._requests += 1
        try:
            return await self._answer(request)
        finally:
            self._requests -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        digest, now_s = request.match_info["digest"], Clock.real_s()
        fault = self._challenges.check(request.headers.get("Authorization", ""), digest=digest, now_s=now_s)
        if fault is not None:
            self._tell(request, fault, now_s)
            return _refusal(401, fault, {"WWW-Authenticate": challenge_header(self._challenges.challenge(now_s=now_s))})
        content = await asyncio.to_thread(self._shelf.read, digest) if DIGEST.match(digest) else None
        if content is None:
            return _refusal(404, AnswerReason.UNKNOWN, {})
        response = web.StreamResponse(headers={"Content-Type": _kind(content), "Cache-Control": "no-store"})
        response.content_length = len(content)
        await response.prepare(request)
        await response.write(content)  # inside, so that it counts as a request until it is out
        await response.write_eof()
        return response

    def _tell(self, request: web.Request, fault: ProofReason, now_s: float) -> None:
        """Log who is refused, now and then: a stranger fills no disk with it."""
        if fault is not ProofReason.NO_PROOF and now_s - self._told_s > TELL_S:
            self._told_s = now_s
            logger.warning("evidence is refused to %s: %s", request.remote, fault)


def _protocol(runner: web.AppRunner, loop: asyncio.AbstractEventLoop) -> asyncio.Protocol:
    assert runner.server is not None
    if len(runner.server.connections) >= MOST_CONNECTIONS:
        return _Cut()
    protocol = runner.server()
    loop.call_later(CONNECTION_S, _cut, protocol)
    return protocol


def _cut(protocol: web.RequestHandler) -> None:
    if protocol.transport is not None:
        protocol.transport.abort()


def _kind(content: bytes) -> str:
    return "image/jpeg" if content.startswith(b"\xff\xd8") else "video/x-msvideo"


def _refusal(status: int, reason: StrEnum, headers: dict[str, str]) -> web.Response:
    body = msgspec.json.encode({"error": {"reason": reason.value}})
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)

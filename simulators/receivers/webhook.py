"""A webhook receiver that keeps what it is told and fails on command."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import ssl
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import msgspec
from aiohttp import web

MAX_BODY = 64_000_000  # bytes of one request
MAX_KEPT = 100_000  # requests; the oldest are dropped beyond it
_PART = bytes(1_000_000)


class Manner(StrEnum):
    """How it answers."""

    WELL = "well"
    ACCEPTS = "accepts"  # and says that somebody acts on it
    HANGS = "hangs"  # takes the request, never answers
    FAILS = "fails"  # 500
    REFUSES = "refuses"  # 422
    LATE = "late"  # 200, after `late_s`
    REDIRECTS = "redirects"  # to itself, elsewhere
    GIGABYTE = "gigabyte"  # 200, and a body of 1 GB
    DRIPS = "drips"  # 200, and a body that never ends
    CUTS = "cuts"  # takes the request, ends the connection


class Call(msgspec.Struct, frozen=True):
    """A request that arrived."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def key(self) -> str:
        """The key by which doubles are dropped."""
        return self.headers.get("idempotency-key", "")


class WebhookReceiver:
    """Listens on a free port of the loopback between ``start`` and ``stop``; the same one when started again."""

    def __init__(
        self,
        *,
        manner: Manner = Manner.WELL,
        late_s: float = 1.0,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        """With a ``certificate`` and its ``key`` it speaks TLS."""
        self.manner = manner
        self.late_s = late_s
        self.refused_part = b""  # a request whose body has it is refused
        self.calls: list[Call] = []
        self.taken: dict[str, Call] = {}  # by key: what a receiver that drops doubles has
        self.on_taken: Callable[[Call], None] | None = None  # called for each of those
        self.port = 0
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(certificate, key)
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/alarms"

    async def start(self) -> None:
        """Begin to listen."""
        self._stopping = asyncio.Event()
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Be away."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.path, headers, await request.read())
        del self.calls[: max(0, len(self.calls) - MAX_KEPT + 1)]
        self.calls.append(call)
        return await self._in_manner(request, call)

    async def _in_manner(self, request: web.Request, call: Call) -> web.StreamResponse:
        manner = self.manner
        if manner is Manner.FAILS:
            return web.Response(status=500, text="broken")
        if manner is Manner.REFUSES or (self.refused_part and self.refused_part in call.body):
            return web.Response(status=422, text="never")
        if manner is Manner.REDIRECTS:
            return web.Response(status=307, headers={"Location": "/elsewhere"})
        if manner is Manner.HANGS:
            await self._stopping.wait()
        if manner is Manner.LATE:
            await self._pause(self.late_s)
        if manner is Manner.CUTS and request.transport is not None:
            request.transport.close()
            return web.Response()
        if self.taken.setdefault(call.key, call) is call and self.on_taken is not None:
            self.on_taken(call)
        if manner in (Manner.GIGABYTE, Manner.DRIPS):
            return await self._pour(request, endless=manner is Manner.DRIPS)
        return web.json_response({"accepted": True} if manner is Manner.ACCEPTS else {})

    async def _pause(self, real_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), real_s)

    async def _pour(self, request: web.Request, *, endless: bool) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(1_000):
                await response.write(b"." if endless else _PART)
                if endless:
                    await self._pause(0.1)
                if self._stopping.is_set():
                    break
        except ConnectionError:
            pass  # the other side has had enough, as it should
        return response


def is_signed(call: Call, secret: bytes) -> bool:
    """Return whether a request carries the signature of Standard Webhooks by ``secret``."""
    said = f"{call.headers.get('webhook-id', '')}.{call.headers.get('webhook-timestamp', '')}."
    mac = base64.b64encode(hmac.new(secret, said.encode() + call.body, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(call.headers.get("webhook-signature", ""), f"v1,{mac}")

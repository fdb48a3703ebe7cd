"""Platforms that POST their messages: a small HTTP server that answers once what it took is safe in the outbox."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec
from aiohttp import web

from device_profiles.backoff import Backoff
from device_profiles.config import size_bytes
from device_profiles.dialect import Reason, Refused
from edge_agent.sources.platforms.config import HttpPlatform
from edge_agent.sources.platforms.feed import Feed, Verdict
from edge_agent.sources.platforms.safety import Safe

logger = logging.getLogger(__name__)

READ_S = 10.0  # real; a body that takes longer is given up
MAX_REQUESTS = 64  # at once; more are told to come again
STOP_S = 2.0  # real; requests under way when the agent stops
_STATUS = {Reason.TOO_LARGE: 413, Reason.CONTENT_TYPE: 415, Reason.TOKEN: 401}


class HttpSource:
    """One listening address. ``run`` serves it until cancelled; an address in use is tried again."""

    def __init__(self, platform: HttpPlatform, feed: Feed, *, safe: Safe, token: str = "") -> None:
        self.port = 0  # real one, once it listens
        self.listening = asyncio.Event()
        self._platform = platform
        self._feed = feed
        self._safe = safe
        self._token = token.encode()
        self._max_body = size_bytes(platform.max_body)
        self._requests = 0
        self._backoff = Backoff(base_s=0.5, cap_s=10.0)

    async def run(self) -> None:
        """Serve for ever."""
        telling = asyncio.create_task(self._feed.tell_loop(), name=f"feed {self._feed.name}")
        try:
            async with AsyncExitStack() as stack:
                await self._listen(stack)
                await telling
        finally:
            telling.cancel()

    async def _listen(self, stack: AsyncExitStack) -> None:
        app = web.Application(client_max_size=self._max_body, middlewares=[_json_errors])
        app.router.add_post(self._platform.path, self._handle)
        runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=STOP_S, auto_decompress=False
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        host, port = self._platform.host_port
        told = False
        while True:
            try:
                await web.TCPSite(runner, host, port).start()
                break
            except OSError as error:
                level = logging.DEBUG if told else logging.ERROR
                logger.log(level, "%s: cannot listen on %s: %s", self._feed.name, self._platform.listen, error.strerror)
                told = True
                await asyncio.sleep(self._backoff.next_s())
        self.port = runner.addresses[0][1]
        self.listening.set()
        logger.info("%s: listening on %s:%d%s", self._feed.name, host, self.port, self._platform.path)

    async def _handle(self, request: web.Request) -> web.Response:
        if self._requests >= MAX_REQUESTS:
            return _answer(
                503, {"error": {"reason": "busy", "message": "too many requests at once"}}, {"Retry-After": "1"}
            )
        self._requests += 1
        try:
            return await self._take(request)
        finally:
            self._requests -= 1

    async def _take(self, request: web.Request) -> web.Response:
        refused = self._check(request)
        if refused is not None:
            return _refusal(self._feed.refuse(refused))
        try:
            async with asyncio.timeout(READ_S):
                body = await request.read()
        except TimeoutError:
            return _answer(408, {"error": {"reason": "slow", "message": f"no whole body within {READ_S:g} s"}})
        except web.HTTPRequestEntityTooLarge:
            return _refusal(self._feed.refuse(self._too_large()))
        except web.RequestPayloadError as error:  # cut off
            return _refusal(self._feed.refuse(Refused(Reason.NOT_JSON, f"the body cannot be read: {error}")))
        verdict = self._feed.take(body)
        if not await self._safe():
            message = {"error": {"reason": "not_stored", "message": "not on disk yet: send it again"}}
            return _answer(503, message, {"Retry-After": "5"})
        return _refusal(verdict) if not verdict.accepted else _acceptance(verdict)

    def _check(self, request: web.Request) -> Refused | None:
        if self._token:
            given = request.headers.get("Authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, b"Bearer " + self._token):
                return Refused(Reason.TOKEN, "send `Authorization: Bearer` with the shared token")
        if request.content_type not in self._feed.dialect.content_types:
            known = ", ".join(self._feed.dialect.content_types)
            return Refused(Reason.CONTENT_TYPE, f"{request.content_type!r} is not one of: {known}")
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return Refused(Reason.CONTENT_TYPE, "send it uncompressed: a small body may be a huge one")
        if (request.content_length or 0) > self._max_body:
            return self._too_large()
        return None

    def _too_large(self) -> Refused:
        return Refused(Reason.TOO_LARGE, f"more than {self._max_body} bytes")


def _acceptance(verdict: Verdict) -> web.Response:
    body = {"accepted": verdict.accepted, "late": verdict.late, "refused": [_error(one) for one in verdict.refused]}
    return _answer(200, body)


def _refusal(verdict: Verdict) -> web.Response:
    first = verdict.refused[0]
    body = {"error": _error(first), "refused": [_error(one) for one in verdict.refused]}
    return _answer(_STATUS.get(first.reason, 400), body)


def _error(refused: Refused) -> dict[str, str]:
    error = {"reason": refused.reason.value, "message": refused.detail}
    return error | ({"registration_code": refused.registration_code} if refused.registration_code else {})


def _answer(status: int, document: object, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(document), content_type="application/json", headers=headers
    )


@web.middleware
async def _json_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer what the router refuses (path, method) in JSON too."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        document = {
            "error": {"reason": error.reason.lower().replace(" ", "_"), "message": f"{request.method} {request.path}"}
        }
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return _answer(error.status, document, headers)

"""Post a body to a receiver's URL, whatever that answers: bounded in time and bytes, never redirected."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp

from hub.channels.channel import Receipt, printed, receipt_of
from hub.channels.faults import Fault, Refused, Uncertain, Unsent

MAX_ANSWER = 64_000  # bytes of an answer that are read; what is more ends the connection
BODY_S = 2.0  # how long the rest of an answer is waited for, once its status says that it was taken
_LATER = frozenset({429, 503})  # answers whose Retry-After is heeded
_SECONDS = re.compile(r"[0-9]{1,9}\Z")
_NEVER = frozenset({400, 406, 410, 411, 413, 414, 415, 422, 431})  # the same notice gets the same answer


class Poster:
    """An HTTP client of one receiver; made and used inside one event loop."""

    def __init__(self, url: str, *, timeout_s: float, ca_file: Path | None = None) -> None:
        self._url = url
        self._timeout_s = timeout_s
        # loaded here: a file that cannot be used stops the program at its start
        self._ssl = ssl.create_default_context(cafile=ca_file) if ca_file is not None else True
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Receipt:
        """Return the receipt of a 2xx answer. Raises DeliveryError."""
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                return await self._post(body, headers, limit)
        except TimeoutError as error:
            raise Uncertain(Fault.TIMED_OUT, f"{self._url}: no answer in {self._timeout_s:g} s") from error
        except aiohttp.ClientConnectorError as error:
            raise Unsent(Fault.UNREACHABLE, f"{self._url}: {error.strerror or error}") from error
        except aiohttp.InvalidURL as error:
            raise Unsent(Fault.UNREACHABLE, f"{self._url} is no URL") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Uncertain(Fault.CUT, f"{self._url}: {printed(str(error)) or type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, body: bytes, headers: Mapping[str, str], limit: asyncio.Timeout) -> Receipt:
        if self._session is None:
            self._session = _session(self._ssl)
        request = self._session.post(self._url, data=body, headers=headers, allow_redirects=False)
        async with request as response:
            status = f"{response.status} {printed(response.reason or '')}".strip()
            if 200 <= response.status < 300:
                limit.reschedule(None)  # it was taken: what is left has a time of its own
                return receipt_of(status, await _body(response, longest_s=min(BODY_S, self._timeout_s)))
            response.close()
            if 300 <= response.status < 400:
                raise Unsent(Fault.REDIRECTED, f"{self._url}: {status}")
            if response.status in _NEVER:
                raise Refused(Fault.REFUSED, f"{self._url}: {status}")
            again_s = _again_s(response.headers) if response.status in _LATER else 0.0
            raise Unsent(Fault.STATUS, f"{self._url}: {status}", again_s=again_s)


def _again_s(headers: Mapping[str, str]) -> float:
    """Return in how many seconds the receiver wants to be asked again; a date is measured by the answer's own."""
    said = headers.get("Retry-After", "").strip()
    if _SECONDS.match(said):
        return float(said)
    try:
        span = parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):  # no date, or one without its zone
        return 0.0
    return max(0.0, span.total_seconds())


def _session(context: ssl.SSLContext | bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=2, ssl=context),
        timeout=aiohttp.ClientTimeout(total=None),  # ours is round the whole try
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,  # a small answer may unpack to a big one
        trust_env=False,
    )


async def _body(response: aiohttp.ClientResponse, *, longest_s: float) -> bytes:
    """Return the beginning of an answer; what is wrong with the rest does not undo its status."""
    body = b""
    try:
        async with asyncio.timeout(longest_s):
            while len(body) < MAX_ANSWER:
                part = await response.content.read(MAX_ANSWER - len(body))
                if not part:
                    return body
                body += part
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass
    response.close()
    return body

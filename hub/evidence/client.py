"""Ask an agent for a piece of evidence: answer its challenge, and believe nothing but what the digest says."""

import hashlib
import ssl
from pathlib import Path

import aiohttp

from device_profiles.evidence import PATH, answer_header, proof_of, read_header
from hub.channels.channel import printed
from hub.errors import HubError
from hub.evidence.fetched import FetchReason

MAX_BYTES = 64_000_000  # of one piece
CONNECT_S, IDLE_S, WHOLE_S = 5.0, 15.0, 120.0
_CHUNK = 65_536
_FAULTS = {401: FetchReason.REFUSED, 403: FetchReason.REFUSED, 404: FetchReason.GONE}


class FetchFailed(HubError):
    """It was not fetched, and why."""

    def __init__(self, reason: FetchReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class EvidenceClient:
    """Fetches from whatever agent; made outside of an event loop, used in one or several after each other."""

    def __init__(self, *, ca_file: Path | None = None) -> None:
        self._ssl = ssl.create_default_context(cafile=ca_file) if ca_file is not None else True

    async def fetch(self, url: str, digest: str, *, agent: str, key: bytes) -> bytes:
        """Return what has ``digest``. Raises FetchFailed."""
        timeout = aiohttp.ClientTimeout(total=WHOLE_S, sock_connect=CONNECT_S, sock_read=IDLE_S)
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=2, ssl=self._ssl),
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            ) as session:
                content = await _ask(session, url, digest, agent=agent, key=key)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            detail = printed(str(error)) or type(error).__name__
            raise FetchFailed(FetchReason.UNREACHABLE, f"{url}: {detail}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise FetchFailed(FetchReason.MISMATCH, f"{url}: {len(content)} bytes whose sha256 is {found}")
        return content


async def _ask(session: aiohttp.ClientSession, url: str, digest: str, *, agent: str, key: bytes) -> bytes:
    place = url.rstrip("/") + PATH + digest
    async with session.get(place, allow_redirects=False) as response:
        nonce, _ = read_header(response.headers.get("WWW-Authenticate", ""))
        if response.status != 401 or not nonce:
            raise _fault(response, place, proved=False)
    proof = proof_of(key, agent=agent, method="GET", path=PATH + digest, nonce=nonce)
    headers = {"Authorization": answer_header(nonce, proof)}
    async with session.get(place, headers=headers, allow_redirects=False) as response:
        if response.status != 200:
            raise _fault(response, place, proved=True)
        return await _body(response, place)


async def _body(response: aiohttp.ClientResponse, place: str) -> bytes:
    """Return a body that is whole and not too large. Raises FetchFailed, aiohttp.ClientError."""
    body = bytearray()
    async for part in response.content.iter_chunked(_CHUNK):
        body += part
        if len(body) > MAX_BYTES:
            response.close()
            raise FetchFailed(FetchReason.TOO_LARGE, f"{place}: more than {MAX_BYTES} bytes")
    return bytes(body)


def _fault(response: aiohttp.ClientResponse, place: str, *, proved: bool) -> FetchFailed:
    """Return what an answer means; an agent says only to who has the key that it has something no more."""
    reason = _FAULTS.get(response.status, FetchReason.STATUS)
    if reason is FetchReason.GONE and not proved:
        reason = FetchReason.STATUS  # somebody else listens there now: nothing is given up for that
    return FetchFailed(reason, f"{place}: {response.status} {printed(response.reason or '')}".strip())

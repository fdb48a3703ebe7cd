"""Whatever listens where an agent was: nothing is believed that only who has the key could know."""

import asyncio

import pytest

from hub.evidence.client import EvidenceClient, FetchFailed
from hub.evidence.fetched import FetchReason

CHALLENGE = b'HTTP/1.1 401 x\r\nWWW-Authenticate: Citynerve-HMAC nonce="' + b"a" * 16 + b'"\r\n'
EMPTY = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
GONE = b"HTTP/1.1 404 x\r\n" + EMPTY


def failure(first: bytes, second: bytes = b"") -> FetchFailed:
    """Return what becomes of a fetch that is answered with ``first``, and with ``second`` when it brings a proof."""

    async def ask() -> bytes:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(second if b"Authorization" in head else first)
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            return await EvidenceClient().fetch(url, "0" * 64, agent="a/b/c/d", key=b"k" * 32)

    with pytest.raises(FetchFailed) as caught:
        asyncio.run(ask())
    return caught.value


def test_who_has_not_asked_for_the_key_cannot_say_that_it_is_gone() -> None:
    """Another program on an old address answers 404 to all; with that the evidence of a life was given up."""
    assert failure(GONE).reason is FetchReason.STATUS
    assert failure(CHALLENGE + EMPTY, GONE).reason is FetchReason.GONE


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"Content-Length: 2\r\n\r\nhi", FetchReason.MISMATCH),
        (b"Content-Length: 20\r\n\r\nhi", FetchReason.UNREACHABLE),  # cut
        (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", FetchReason.MISMATCH),  # never unpacked
    ],
)
def test_a_server_that_lies_is_believed_nothing(body: bytes, reason: FetchReason) -> None:
    """About length, content or packing."""
    assert failure(CHALLENGE + EMPTY, b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + body).reason is reason


def test_an_answer_that_is_no_utf8_can_be_written_down() -> None:
    """The journal takes the reason, and the worker goes on."""
    failed = failure(b"HTTP/1.1 503 \xdcberlastet\r\n" + EMPTY)
    assert failed.detail.encode().decode().endswith("503 \ufffdberlastet")

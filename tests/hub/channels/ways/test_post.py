"""A receiver's URL answers in raw bytes: none of them ends the hub, and a 200 is a receipt."""

import asyncio

import pytest

from hub.channels.channel import Receipt
from hub.channels.faults import DeliveryError, Uncertain, Unsent
from hub.channels.ways.post import Poster

OK = b"HTTP/1.1 200 OK\r\n"


def answer(said: bytes, *, timeout_s: float = 10.0, stalls: bool = False) -> Receipt | DeliveryError:
    """Return what becomes of a post that is answered with ``said``."""

    async def tell() -> Receipt | DeliveryError:
        over = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()
            if stalls:
                await over.wait()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            poster = Poster(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout_s=timeout_s)
            try:
                return await poster.post(b"{}", {})
            except DeliveryError as error:
                return error
            finally:
                over.set()
                await poster.close()

    return asyncio.run(tell())


def test_a_reason_that_is_no_utf8_can_be_kept() -> None:
    """It ended the hub once, at each start again: SQLite takes no half of a character."""
    failed = answer(b"HTTP/1.1 503 \xdcberlastet\r\nContent-Length: 0\r\n\r\n")
    assert isinstance(failed, Unsent)
    assert failed.detail.encode().decode().endswith("503 \ufffdberlastet")


def test_a_200_stands_however_short_the_timeout() -> None:
    """A body that never comes is waited for apart, and no receiver is told again for it."""
    taken = answer(OK + b"Content-Length: 10\r\n\r\nab", timeout_s=0.3, stalls=True)
    assert taken == Receipt("200 OK ab")


@pytest.mark.parametrize("said", [OK, b"HTTP/1.1 200", b""])
def test_half_an_answer_is_none(said: bytes) -> None:
    """Without its status and headers nobody knows whether it was taken: the same notice goes again."""
    assert isinstance(answer(said, timeout_s=0.3, stalls=True), Uncertain)


@pytest.mark.parametrize(
    ("status", "headers", "again_s"),
    [
        (429, "Retry-After: 120", 120.0),
        (503, "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 10:01:30 GMT", 90.0),
        (503, "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 09:00:00 GMT", 0.0),
        (503, "Retry-After: Sat, 21 Nov 2026 10:01:30 GMT", 0.0),
        (503, "Date: Sat, 21 Nov 2026 10:00:00 -0000\r\nRetry-After: Sat, 21 Nov 2026 10:01:30 GMT", 0.0),
        (429, "Retry-After: -5", 0.0),
        (429, "Retry-After: \xb2", 0.0),
        (429, "Retry-After: " + "9" * 400, 0.0),
        (429, "Retry-After: Sat, 99 Nov 99999999999999999999 10:01:30 GMT", 0.0),
        (429, "X: 1", 0.0),
        (500, "Retry-After: 120", 0.0),
    ],
)
def test_who_says_when_to_come_again_is_heard(status: int, headers: str, again_s: float) -> None:
    """Of a 429 or a 503: seconds, or a date by the answer's own; what is neither is passed over."""
    failed = answer(f"HTTP/1.1 {status} Later\r\n{headers}\r\nContent-Length: 0\r\n\r\n".encode())
    assert isinstance(failed, Unsent)
    assert failed.again_s == again_s

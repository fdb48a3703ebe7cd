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

"""Platforms over HTTP: answered with what was done and why, and only when it is safe."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from edge_agent.sources.platforms.http import HttpSource
from tests.edge_agent.sources.platforms.rig import STRANGER, TWO, Rig, body, http

JSON = {"Content-Type": "application/json"}


class Served:
    """A source that listens."""

    def __init__(self, rig: Rig, source: HttpSource, session: aiohttp.ClientSession) -> None:
        self.rig, self.source, self.session = rig, source, session

    async def post(self, data: bytes, *, path: str = "/lifts", **headers: str) -> tuple[int, Any]:
        """Post a body; return status and document."""
        url = f"http://127.0.0.1:{self.source.port}{path}"
        async with self.session.post(url, data=data, headers=JSON | headers) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def _served(token: str = "", **changes: Any) -> AsyncIterator[Served]:
    platform = http(**changes)
    rig = Rig(platform)
    source = HttpSource(platform, rig.feed, safe=rig.safe, token=token)
    task = asyncio.create_task(source.run())
    await source.listening.wait()
    async with aiohttp.ClientSession() as session:
        yield Served(rig, source, session)
    task.cancel()
    await asyncio.wait({task})


async def test_a_good_message_is_accepted() -> None:
    """200, with the count."""
    async with _served() as served:
        status, document = await served.post(body(served.rig.message()))
        assert (status, document) == (200, {"accepted": 1, "late": 0, "refused": []})
        assert len(served.rig.of("lift-01")) == 1


async def test_it_is_not_said_to_be_taken_before_it_is_safe() -> None:
    """503, and the platform sends it again."""
    async with _served() as served:
        served.rig.stored = False
        status, document = await served.post(body(served.rig.message()))
        assert (status, document["error"]["reason"]) == (503, "not_stored")


@pytest.mark.parametrize(
    ("data", "headers", "status", "reason"),
    [
        (b"", {}, 400, "not_json"),
        (b"{", {}, 400, "not_json"),
        (b"[" * 5_000, {}, 400, "not_json"),
        (b"[]", {}, 400, "not_an_object"),
        (b"{}", {}, 400, "no_registration_code"),
        (b"x" * 300_000, {}, 413, "too_large"),
        (b"{}", {"Content-Type": "text/html"}, 415, "content_type"),
        (b"not gzip", {"Content-Encoding": "gzip"}, 415, "content_type"),
    ],
)
async def test_what_is_wrong_is_answered_with_a_reason(
    data: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    """In JSON, and counted; the next message is welcome."""
    async with _served() as served:
        url = f"http://127.0.0.1:{served.source.port}/lifts"
        async with served.session.post(url, data=data, headers=JSON | headers) as answer:
            assert answer.status == status
            assert (await answer.json())["error"]["reason"] == reason
            assert served.rig.refusals() == [(reason, 1)]
        assert (await served.post(body(served.rig.message())))[0] == 200


async def test_a_body_without_a_length_is_bounded_too() -> None:
    """Chunked, it is read no further than the bound."""
    async with _served(max_body="64kB") as served:

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 10_000

        url = f"http://127.0.0.1:{served.source.port}/lifts"
        async with served.session.post(url, data=chunks(), headers=JSON) as answer:
            assert answer.status == 413
        assert served.rig.refusals() == [("too_large", 1)]


async def test_the_token_is_asked_for() -> None:
    """Without it nothing is read."""
    async with _served(token="secret") as served:
        good = body(served.rig.message())
        assert (await served.post(good))[0] == 401
        assert (await served.post(good, Authorization="Bearer other"))[0] == 401
        assert served.rig.of("lift-01") == []
        assert (await served.post(good, Authorization="Bearer secret"))[0] == 200


async def test_the_good_ones_of_a_batch_are_taken() -> None:
    """200 as long as one is; the others stand in the answer."""
    async with _served(dialect="code0101") as served:
        when = "2025-11-20 08:53:20.000"
        lifts = [{"device": {"regNo": code}, "collectTime": when, "door": {"closed": 1}} for code in (TWO, STRANGER)]
        status, document = await served.post(body({"data": {"lifts": lifts}}))
        assert (status, document["accepted"]) == (200, 1)
        assert [(one["reason"], one["registration_code"]) for one in document["refused"]] == [
            ("unknown_device", STRANGER)
        ]


async def test_other_paths_and_methods_are_refused_in_json() -> None:
    """404 and 405."""
    async with _served() as served:
        assert await served.post(b"{}", path="/other") == (
            404,
            {"error": {"reason": "not_found", "message": "POST /other"}},
        )
        url = f"http://127.0.0.1:{served.source.port}/lifts"
        async with served.session.get(url) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
            assert (await answer.json())["error"]["reason"] == "method_not_allowed"


async def test_an_address_in_use_is_tried_again() -> None:
    """The agent's other sources do not wait for it."""
    async with _served() as first:
        platform = http(listen=f"127.0.0.1:{first.source.port}")
        rig = Rig(platform)
        second = HttpSource(platform, rig.feed, safe=rig.safe)
        task = asyncio.create_task(second.run())
        done, _ = await asyncio.wait({task}, timeout=0.2)
        assert not done
        assert not second.listening.is_set()
        task.cancel()
        await asyncio.wait({task})

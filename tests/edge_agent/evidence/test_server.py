"""The agent's server, on the loopback: who gets what, and what nobody can do to the agent."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from device_profiles.evidence import PATH, answer_header, proof_of, read_header
from device_profiles.shelf import Shelf
from edge_agent.evidence import server as module
from edge_agent.evidence.challenges import Challenges
from edge_agent.evidence.server import EvidenceServer

KEY, AGENT, NOW_US = b"k" * 32, "hz/xiacheng/chaoming/chaoming-01", 1_763_600_000_000_000
UNKNOWN = "0" * 64


def shelf(folder: Path) -> Shelf:
    """Return one with room."""
    return Shelf(folder / "evidence", max_bytes=10**7, max_age_us=10**12)


@asynccontextmanager
async def serving(kept: Shelf) -> AsyncIterator[EvidenceServer]:
    """Serve a shelf on a free port."""
    server = EvidenceServer(kept, Challenges(KEY, agent=AGENT), address=("127.0.0.1", 0))
    task = asyncio.create_task(server.run())
    await server.listening.wait()
    try:
        yield server
    finally:
        task.cancel()
        await asyncio.wait({task})


async def get(port: int, digest: str, header: str = "", *, method: str = "GET") -> tuple[int, bytes, str]:
    """Return status, body and challenge of a request."""
    headers = {"Authorization": header} if header else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}{PATH}{digest}", headers=headers) as response,
    ):
        return response.status, await response.read(), response.headers.get("WWW-Authenticate", "")


async def answer(port: int, digest: str, *, key: bytes = KEY, of: str = "") -> str:
    """Return an Authorization for ``digest``, got by asking; ``of``: for another one in truth."""
    nonce, _ = read_header((await get(port, digest))[2])
    return answer_header(nonce, proof_of(key, agent=AGENT, method="GET", path=PATH + (of or digest), nonce=nonce))


async def test_who_has_the_key_gets_what_is_there(tmp_path: Path) -> None:
    """401 with a challenge, then the bytes; a digest that is unknown is 404 to who has the key."""
    kept = shelf(tmp_path)
    digest = kept.put(b"\xff\xd8 picture", now_us=NOW_US)
    async with serving(kept) as server:
        status, body, _ = await get(server.port, digest)
        assert (status, json.loads(body)["error"]["reason"]) == (401, "no_proof")
        header = await answer(server.port, digest)
        assert (await get(server.port, digest, header))[:2] == (200, b"\xff\xd8 picture")
        status, body, _ = await get(server.port, digest, header)
        assert (status, json.loads(body)["error"]["reason"]) == (401, "replayed")
        status, body, _ = await get(server.port, UNKNOWN, await answer(server.port, UNKNOWN))
        assert (status, json.loads(body)["error"]["reason"]) == (404, "unknown")


async def test_who_has_not_the_key_learns_nothing(tmp_path: Path) -> None:
    """A wrong key, a proof for something else, another method: no bytes, and not whether a digest is there."""
    kept = shelf(tmp_path)
    digest = kept.put(b"picture", now_us=NOW_US)
    async with serving(kept) as server:
        for asked in (digest, UNKNOWN):
            wrong = await get(server.port, asked, await answer(server.port, asked, key=b"x" * 32))
            assert (wrong[0], json.loads(wrong[1])["error"]["reason"]) == (401, "wrong_key")
        other = await get(server.port, digest, await answer(server.port, digest, of=UNKNOWN))
        assert other[0] == 401
        for method in ("POST", "PUT", "DELETE"):
            assert (await get(server.port, digest, await answer(server.port, digest), method=method))[0] == 405
        assert (await get(server.port, "..%2f..%2foutbox.db", await answer(server.port, digest)))[0] == 401
    assert digest in kept


async def test_a_damaged_file_and_a_half_one_are_not_served(tmp_path: Path) -> None:
    """What is not what its name says is not there."""
    kept = shelf(tmp_path)
    digest = kept.put(b"picture", now_us=NOW_US)
    (tmp_path / "evidence" / digest).write_bytes(b"pict")
    (tmp_path / "evidence" / ".half").write_bytes(b"pict")
    async with serving(kept) as server:
        assert (await get(server.port, digest, await answer(server.port, digest)))[0] == 404
        assert (await get(server.port, ".half", await answer(server.port, ".half")))[0] == 404


async def test_a_restart_begins_with_new_challenges(tmp_path: Path) -> None:
    """What was kept before is served after it; an answer to a challenge of before is not taken."""
    kept = shelf(tmp_path)
    digest = kept.put(b"picture", now_us=NOW_US)
    async with serving(kept) as server:
        old = await answer(server.port, digest)
    async with serving(shelf(tmp_path)) as server:
        assert json.loads((await get(server.port, digest, old))[1])["error"]["reason"] == "foreign_nonce"
        assert (await get(server.port, digest, await answer(server.port, digest)))[:2] == (200, b"picture")


async def test_a_few_requests_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many are under way as may be, one more is told to come again."""
    monkeypatch.setattr(module, "MOST_REQUESTS", 0)
    async with serving(shelf(tmp_path)) as server:
        status, body, _ = await get(server.port, UNKNOWN)
        assert (status, json.loads(body)["error"]["reason"]) == (503, "busy")


async def test_a_connection_too_many_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens connections and says nothing takes no more than a few of the agent's sockets."""
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 2)
    async with serving(shelf(tmp_path)) as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        for each in (writer, *(writer for _, writer in idle)):
            each.close()


async def test_a_connection_does_not_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says nothing is cut after a while, so that the few are not taken for ever."""
    monkeypatch.setattr(module, "CONNECTION_S", 0.05)
    async with serving(shelf(tmp_path)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()

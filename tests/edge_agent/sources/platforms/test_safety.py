"""Safe means committed: the outbox's own word, and none while it holds readings back."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.wire import Reading
from edge_agent.outbox import Outbox
from edge_agent.sources.platforms import safety


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """Return an outbox that would let readings wait for ever for company."""
    return Outbox(tmp_path, agent="hz/xiacheng/chaoming/a-1", clock=Clock(), group_s=3_600)


async def test_what_was_put_is_on_disk(outbox: Outbox) -> None:
    """It does not wait for company, and an empty outbox answers too."""
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(outbox.run)
        assert await safety.is_safe(outbox)
        outbox.put({"reading": [Reading("lift-01", 1, {"a": 1})]})
        assert await safety.is_safe(outbox)
        assert outbox.depths()["reading"] == 1
        outbox.stop()
        await asyncio.to_thread(running.result)
    outbox.close()


async def test_nobody_writes_and_nothing_is_promised(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the bound the answer is no."""
    monkeypatch.setattr(safety, "SAFE_S", 0.05)
    assert not await safety.is_safe(outbox)
    outbox.close()

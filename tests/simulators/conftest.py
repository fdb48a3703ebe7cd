"""A real Mosquitto for the tests of what talks to a broker."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.stage import find_mosquitto


@pytest.fixture
async def broker_port(tmp_path: Path) -> AsyncIterator[int]:
    """A Mosquitto of our own on a free port."""
    mosquitto = find_mosquitto()
    if mosquitto is None:
        assert os.environ.get("CI") != "true", "mosquitto is missing, and CI skips nothing"
        pytest.skip("mosquitto is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(mosquitto, "-c", str(config), stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(10):
            while b"running" not in await process.stderr.readline():
                pass
        yield port
    finally:
        process.terminate()
        await process.communicate()

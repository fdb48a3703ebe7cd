"""A slave by itself: it says where it is, measures what is typed, and fails on command."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer import FramerType

from device_profiles.profile import parse_profile
from simulators.modbus.alone import Offer, serve_alone

WELL_LEVEL = """
kind = "well_level"
title = "A well"
liveness = { silent_after = "30s" }
modbus.blocks.level = { table = "input_register", address = 8, count = 2, every = "1s" }
values.water_m.type = "float"
values.water_m.description = "level"
values.water_m.modbus = { block = "level", at = 0, scale = 0.01, unknown = [65535] }
values.open = { type = "int", description = "lid", modbus = { block = "level", at = 1 } }
values.limit = { type = "str", description = "judged at the edge" }
"""
PROFILE = parse_profile(WELL_LEVEL, file="well_level.toml").spec


class Typist:
    """Types to a slave and hears what it says."""

    def __init__(self, pipe: int, said: "asyncio.Queue[str]") -> None:
        self._pipe = pipe
        self._said = said

    async def hear(self) -> str:
        """Return the next line."""
        return await asyncio.wait_for(self._said.get(), 10)

    async def type(self, word: str) -> str:
        """Type a word and return what is said of it."""
        os.write(self._pipe, f"{word}\n".encode())
        return await self.hear()


@asynccontextmanager
async def _served(offer: Offer) -> AsyncIterator[Typist]:
    hears, pipe = os.pipe()
    said: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(serve_alone(offer, said.put_nowait, hear=hears))
    try:
        yield Typist(pipe, said)
    finally:
        task.cancel()
        await asyncio.wait({task})
        os.close(hears)
        os.close(pipe)


async def test_it_measures_what_is_typed() -> None:
    """Its registers are 0 until somebody types a value; what registers cannot say, or nobody knows, is said."""
    async with _served(Offer(PROFILE, unit=3)) as typist:
        port = int((await typist.hear()).rpartition(":")[2])
        assert "water_m, open" in await typist.hear()
        assert await typist.type("water_m=2.5") == "water_m is 2.5"
        client = AsyncModbusTcpClient("127.0.0.1", port=port, framer=FramerType.RTU, timeout=5)
        assert await client.connect()
        assert (await client.read_input_registers(8, count=2, device_id=3)).registers == [250, 0]
        assert await typist.type("water_m=unknown") == "water_m is unknown"
        assert (await client.read_input_registers(8, count=2, device_id=3)).registers == [65535, 0]
        client.close()
        assert await typist.type("water_m=-3") == "water_m cannot say -300.0 as u16"
        assert await typist.type("water_m=much") == "'much' is neither a number nor unknown, true, false"
        assert await typist.type("limit=1") == "limit has no register"
        assert "water_m, open" in await typist.type("depth=1")
        assert await typist.type("silent") == "unit 3 is silent"
        assert await typist.type("well") == "unit 3 is well"


async def test_it_may_be_a_serial_port(tmp_path: Path) -> None:
    """With a link it is a pty under that name, which is gone when it ends."""
    link = tmp_path / "ttyWELL"
    async with _served(Offer(PROFILE, link=link)) as typist:
        assert await typist.hear() == str(link)
        assert link.is_char_device()
    assert not link.is_symlink()


async def test_a_kind_without_registers_is_refused() -> None:
    """There is nothing to serve of a profile that no register is in."""
    spec = parse_profile('kind = "a"\ntitle = "b"\nliveness = { silent_after = "1s" }\nvalues = {}', file="a.toml").spec
    with pytest.raises(ValueError, match="'a' has no values with `modbus`"):
        await serve_alone(Offer(spec), print, hear=0)

"""A line that drops, doubles and swaps, is cut and heals: the ledger agrees to the pack with what the tap saw."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_profiles.wire import Event, Lane, Reading
from simulators.observers.packs import Loss, PackKey, journalled, journalled_keys, loss
from simulators.observers.proxy import NONE, Mischief, Proxy
from simulators.observers.tap import Tap
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.configs import write_config
from tests.hub.rig import HubProcess
from tests.servers import Mosquitto
from tests.system.filled import AGENT, fill

WAIT_S = 300.0  # packs that the line has eaten are sent again after 10 s; nothing here is about speed
HOUR_US = 3_600_000_000


def _packs(events: int, readings: int, backlog: int, *, from_us: int) -> list[tuple[Lane, list[Event] | list[Reading]]]:
    def reading(n: int) -> list[Reading]:
        return [Reading("lift-07", from_us + n * 1000 + k, {"n": n}) for k in range(3)]

    return [
        *(("event", [Event("lift-07", from_us + n, "lift.noted", "info", {"n": n})]) for n in range(events)),
        *(("reading", reading(n)) for n in range(readings)),
        *(("backlog", reading(n)) for n in range(backlog)),
    ]


async def _until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(_wait, holds)


def _wait(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)  # a database of another process tells nobody


async def _reconciled(
    folder: Path, mosquitto: Mosquitto, *, counts: tuple[int, int, int], cuts: int, seed: int
) -> None:
    """Let an agent drain an outbox through a bad line; compare tap, proxy, journal and ledger."""
    now_us = time.time_ns() // 1000
    packs = _packs(*counts, from_us=now_us - HOUR_US)
    epoch = fill(folder / "data", packs, made_us=now_us - HOUR_US)
    hub = HubProcess(folder / "hub", mosquitto.url)
    file = folder / "hub" / "data" / "journal.db"
    await asyncio.to_thread(hub.start)
    mischief = Mischief(0.01, 0.01, 0.01)
    async with (
        Proxy("127.0.0.1", mosquitto.port, mischief=mischief, seed=seed) as proxy,
        Tap("127.0.0.1", proxy.port) as tap,
    ):
        config = write_config(folder, url=f"mqtt://127.0.0.1:{tap.port}")
        agent = AgentProcess(config)
        try:
            for cut in range(1, cuts + 1):
                await _until(lambda part=cut: len(journalled_keys(file)) > len(packs) * part // (cuts + 1))  # type: ignore[misc]
                await proxy.cut()
                await asyncio.sleep(0.5)
                proxy.heal()
            await _until(lambda: sum(key.epoch == epoch for key in journalled_keys(file)) == len(packs))
            proxy.mischief = NONE  # the agent's goodbye is heard, else it keeps that for its next start
            assert await asyncio.to_thread(agent.stop) == 0, agent.log
            await _until(lambda: journalled_keys(file) >= tap.packs.keys())
        finally:
            if agent.process.poll() is None:
                await asyncio.to_thread(agent.kill)
    await _until(lambda: _taken(file) >= proxy.up.passed)  # a double may still be on its way
    assert await asyncio.to_thread(hub.stop) == 0
    _compare(hub, tap, proxy, epoch=epoch)


def _taken(journal: Path) -> int:
    """Return how many packs and doubles of packs are in a journal."""
    with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as file:
        (count,) = file.execute("SELECT count(*) FROM records WHERE kind IN ('pack', 'double')").fetchone()
    return int(count)


def _compare(hub: HubProcess, tap: Tap, proxy: Proxy, *, epoch: int) -> None:
    found: Any = hub.ledger()
    assert loss(tap.packs, journalled(hub.folder / "data" / "journal.db")) == Loss(0, 0, 0)
    rows = {(row["agent"], row["epoch"], row["lane"]): row for row in found["lanes"]}
    seen: dict[tuple[str, int, str], list[PackKey]] = {}
    for key in tap.packs:
        seen.setdefault(key[:3], []).append(key)
    assert rows.keys() == seen.keys()
    for lane, keys in seen.items():
        row = rows[lane]
        assert row["published"] == row["received"] == len(keys) == max(key.seq for key in keys)
        assert (row["missing"], row["outstanding"], row["lost"], row["gaps"]) == (0, 0, {}, [])
        assert row["facts"] == sum(tap.packs[key].facts for key in keys)
        assert row["resent"] == (len(keys) if row["epoch"] == epoch else 0)
        assert row["agent"] == AGENT
    total = found["total"]
    assert total["received"] + total["doubled"] == proxy.up.passed
    assert tap.publishes >= proxy.up.came
    assert proxy.up.dropped + proxy.up.doubled + proxy.up.swapped > 0


async def test_one_percent_dropped_doubled_and_swapped_then_cut_is_reconciled(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """Real agent, broker and hub; every pack is in the journal once, every delivery is counted."""
    await _reconciled(tmp_path, mosquitto, counts=(100, 600, 50), cuts=1, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3, 4])
@pytest.mark.timeout(600)
async def test_many_cuts_are_reconciled(tmp_path: Path, mosquitto: Mosquitto, seed: int) -> None:
    """Thousands of packs, five cuts."""
    await _reconciled(tmp_path, mosquitto, counts=(2_000, 10_000, 4_000), cuts=5, seed=seed)

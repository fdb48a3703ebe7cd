"""Fact to alarm while the same agent drains a backlog of four days, against the same agent with nothing to drain."""

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.wire import Event, Reading, encode_facts
from edge_agent.config import load_config
from edge_agent.outbox import Outbox
from edge_agent.outbox.store import Store
from edge_agent.uplink import Uplink
from tests.bench import rig
from tests.bench.latency import DEVICES, Centre
from tests.bench.report import Figure, p99

ROUNDS = 10  # short ones: what else this machine does then falls on both halves
ALARMS = 40  # in each half of a round
PERIOD_S = 0.08
SETTLE_S = 0.5
DAYS = 4
EVERY_S = 10  # a pack of readings so often: 34,560 packs
PACK = 10  # readings
OUTBOX = "bench/bench/edge/edge-1"


def measure(folder: Path) -> list[Figure]:
    """Return p99 quiet and draining, and their ratio, which is gated at 1.5; quiet and draining take turns."""
    quiet: list[float] = []
    draining: list[float] = []
    made = left = _fill(folder / "backlog" / "edge")
    with rig.broker(folder) as server, rig.hub(folder / "hub", server.url):
        centre = Centre(server.port)
        for _ in range(ROUNDS):
            quiet += _alarms(folder / "quiet", server.url, centre)
            draining += _alarms(folder / "backlog", server.url, centre)
            before, left = left, _left(folder / "backlog" / "edge")
            if not 0 < left < before:
                raise RuntimeError(f"{left} of {made} packs are left: the backlog did not drain beside the alarms")
        centre.stop()
    rate = (made - left) / (ROUNDS * (ALARMS * PERIOD_S + SETTLE_S))
    detail = f"{DAYS} days in {made:,} packs of {PACK} readings, {rate:,.0f} packs/s drain beside alarms"
    return [
        Figure("fact to alarm, nothing to drain, p50", statistics.median(quiet), "ms", detail=f"{len(quiet)} alarms"),
        Figure("fact to alarm, nothing to drain, p99", p99(quiet), "ms"),
        Figure("fact to alarm, a backlog drains, p50", statistics.median(draining), "ms", detail=detail),
        Figure("fact to alarm, a backlog drains, p99", p99(draining), "ms"),
        Figure("fact to alarm p99, draining / quiet", p99(draining) / p99(quiet), "×", gate="<= 1.5"),
    ]


def _fill(folder: Path) -> int:
    """Write an outbox as four days without a broker leave it; return its packs."""
    folder.mkdir(parents=True)
    now_us = time.time_ns() // 1000
    count = DAYS * 86_400 // EVERY_S
    store = Store(folder, agent=OUTBOX, now_s=now_us // 1_000_000 - DAYS * 86_400)
    with store.transaction():
        for number in range(count):
            t_us = now_us - (count - number) * EVERY_S * 1_000_000
            facts = [Reading(f"lift-{n}", t_us + n, {"car_position": number % 30, "load": n}) for n in range(PACK)]
            store.insert("backlog", encode_facts(list(facts)), PACK, created_us=t_us)
    store.close()
    return count


def _left(folder: Path) -> int:
    store = Store(folder, agent=OUTBOX, now_s=0)
    try:
        return store.sizes()["backlog"].packs
    finally:
        store.close()


def _alarms(folder: Path, url: str, centre: Centre) -> list[float]:
    """Return ms from each event's put to its alarm; what backlog there is drains at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "agent.toml"
    config.write_text(rig.agent_config(url), encoding="utf-8")
    with _sending(config, folder / "edge") as (outbox, uplink):
        if not uplink.link.connected.wait(20):
            raise TimeoutError("no connection to the broker")
        time.sleep(SETTLE_S)
        told = _tell(outbox)
        rig.wait_until(lambda: told.keys() <= centre.raised.keys(), timeout_s=30, what="telling every alarm")
    return [(centre.raised[key] - put_ns) / 1e6 for key, put_ns in told.items()]


def _tell(outbox: Outbox) -> dict[str, int]:
    """Put stuck and released in turn for many lifts; return device and time → when it was put."""
    clock = Clock()
    made: dict[str, int] = {}
    for number in range(ALARMS):
        device, t_us = f"lift-{number % DEVICES}", clock.wall_us()
        made[f"{device} {t_us}"] = time.perf_counter_ns()
        outbox.put({"event": (Event(device, t_us, "lift.stuck_occupied", "life"),)})
        time.sleep(PERIOD_S / 2)
        outbox.put({"event": (Event(device, clock.wall_us(), "lift.released", "info"),)})
        time.sleep(PERIOD_S / 2)
    return made


@contextlib.contextmanager
def _sending(config: Path, folder: Path) -> Iterator[tuple[Outbox, Uplink]]:
    """Run outbox and uplink of one agent."""
    clock = Clock()
    outbox = Outbox(folder, agent=OUTBOX, clock=clock)
    uplink = Uplink(load_config(config), outbox, clock=clock, goodbye_s=0.5)
    threads = [threading.Thread(target=work, daemon=True) for work in (outbox.run, uplink.run)]
    for thread in threads:
        thread.start()
    try:
        yield outbox, uplink
    finally:
        uplink.stop()
        threads[1].join()
        outbox.stop()
        threads[0].join()
        outbox.close()

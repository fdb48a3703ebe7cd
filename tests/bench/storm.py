"""Fact to first notice of a life alarm: quiet, and inside a storm of 5,000 others with the archive down, in turn."""

import signal
import statistics
import threading
import time
from pathlib import Path

from simulators.fleet.offer import Offer
from tests.bench import rig
from tests.bench.hook import Desk, of_event
from tests.bench.influx import DATABASE, Influx, influx
from tests.bench.points import Points, install
from tests.bench.report import Figure, p99

ROUNDS = 3
LIFE, OTHERS = 110, 5_000  # alarms of each phase
PERIOD_S = 0.08  # between two life alarms
SLICE = 20  # others that come at once
SETTLE_S = 60.0  # for the last notice of a phase
GOAL = 3
CONFIG = """[archive]
kind = "influx"
url = "{url}"
database = "{database}"
[[receivers]]
name = "desk"
channel = "webhook"
url = "{hook}"
"""


def measure(folder: Path) -> list[Figure]:
    """Return p50 and p99 of both, medians of the rounds, and the gated ratio."""
    desk = Desk(of_event)
    profiles = install(folder / "hub")
    quiet: list[list[float]] = []
    storm: list[list[float]] = []
    with rig.broker(folder) as server, influx(folder / "influx") as store:
        extra = CONFIG.format(url=store.url, database=DATABASE, hook=desk.hook.url)
        with rig.hub(folder / "hub", server.url, profiles=profiles, extra=extra):
            offer = Offer(server.port, "bench-life")
            for number in range(ROUNDS):
                quiet.append(_phase(offer, desk, f"quiet-{number}"))
                storm.append(_in_storm(server.port, offer, desk, store, number=number))
            offer.close()
    desk.hook.stop()
    median = statistics.median
    quiet_p99, storm_p99 = (median([p99(each) for each in rounds]) for rounds in (quiet, storm))
    quiet_p50, storm_p50 = (median([median(each) for each in rounds]) for rounds in (quiet, storm))
    rate = OTHERS / (LIFE * PERIOD_S)
    return [
        Figure("life fact to first notice, quiet, p99", quiet_p99, "ms",
               detail=f"p50 {quiet_p50:.1f}; {LIFE} in each of {ROUNDS} rounds: {_each(quiet)}"),
        Figure("life fact to first notice, in a storm, archive down, p99", storm_p99, "ms",
               detail=f"p50 {storm_p50:.1f}; {OTHERS:,} others, {rate:.0f}/s: {_each(storm)}"),
        Figure("p99 in the storm / quiet", storm_p99 / quiet_p99, "×", gate=f"<= {GOAL}"),
    ]  # fmt: skip


def _each(rounds: list[list[float]]) -> str:
    return " · ".join(f"{p99(each):.0f}" for each in rounds)


def _in_storm(port: int, offer: Offer, desk: Desk, store: Influx, *, number: int) -> list[float]:
    """Return ms from fact to notice of the life alarms, while others come and influxd is stopped."""
    others = Points(f"other-{number}", OTHERS)
    crowd = Offer(port, f"bench-crowd-{number}")
    crowd.send(others.births())
    store.process.send_signal(signal.SIGSTOP)
    pouring = threading.Thread(target=_pour, args=(crowd, others), daemon=True)
    pouring.start()
    try:
        found = _phase(offer, desk, f"storm-{number}")
        pouring.join()
        crowd.settle()
        told = {others.device(index) for index in range(OTHERS)}
        rig.wait_until(lambda: told <= desk.told().keys(), timeout_s=SETTLE_S, what="telling the storm")
    finally:
        store.process.send_signal(signal.SIGCONT)
    crowd.close()
    return found


def _pour(crowd: Offer, others: Points) -> None:
    seconds, began = LIFE * PERIOD_S, time.monotonic()
    for first in range(0, OTHERS, SLICE):
        crowd.send(others.events("point.fault", range(first, first + SLICE)))
        time.sleep(max(0.0, began + seconds * first / OTHERS - time.monotonic()))


def _phase(offer: Offer, desk: Desk, name: str) -> list[float]:
    """Return ms from fact to notice of life alarms, one each period."""
    points = Points(name, LIFE)
    offer.send(points.births())
    offer.settle()
    made: dict[str, int] = {}
    for number in range(LIFE):
        time.sleep(PERIOD_S)
        made[points.device(number)] = time.perf_counter_ns()
        offer.send(points.events("point.fire", [number]))
    rig.wait_until(lambda: made.keys() <= desk.told().keys(), timeout_s=SETTLE_S, what="telling life alarms")
    told = desk.told()
    return [(told[device] - at_ns) / 1e6 for device, at_ns in made.items()]

"""``make flood``: ten times what can be sustained at the sources, the broker's own maximum at the hub, for MINUTES.

No alarm may be lost, no program of ours may take a gigabyte, and every reading that was made is counted exactly
once: made = kept + lost - recovered.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from device_profiles.wire import Lost, Reading, decode_pack
from simulators.fleet.offer import Offer
from simulators.fleet.packs import KIND, PROFILE, Fleet
from tests.bench import rig, sources
from tests.bench.influx import DATABASE, influx
from tests.bench.latency import Centre
from tests.bench.report import Figure, show, write
from tests.servers import Mosquitto, start_mosquitto

MINUTES = float(os.environ.get("MINUTES", "5"))
MOST_MB = 1_000
QUEUE = "allow_anonymous true\nmax_queued_messages 20000\nmax_inflight_messages 1000\n"  # a real broker's has a bound
ROOT = Path(__file__).parents[2]


class Torrent:
    """A fleet that publishes as fast as the broker takes it, on a thread of its own."""

    def __init__(self, port: int) -> None:
        self._offer = Offer(port, "torrent")
        self._fleet = Fleet(agents=50, epoch=int(time.time()))
        self._offer.send(self._fleet.births(now_us=time.time_ns() // 1_000))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._pour, daemon=True)
        self._thread.start()

    @property
    def acked(self) -> int:
        """How many messages the broker has taken."""
        return self._offer.acked

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        self._thread.join(60)
        self._offer.settle()
        self._offer.close()

    def _pour(self) -> None:
        while not self._stopping.is_set():
            self._offer.send(self._fleet.packs(5_000, now_us=time.time_ns() // 1_000))


def main() -> int:
    """Flood, count, print, write build/flood.json, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="flood-") as name:
        figures = flood(Path(name), seconds=MINUTES * 60)
    show(figures)
    write(figures, ROOT / "build" / "flood.json")
    return 0 if all(figure.holds for figure in figures) else 1


def flood(folder: Path, *, seconds: float) -> list[Figure]:
    """Return what was made, kept and counted."""
    (folder / "hub" / "profiles").mkdir(parents=True)
    (folder / "hub" / "profiles" / f"{KIND}.toml").write_text(PROFILE, encoding="utf-8")
    server = start_mosquitto(folder / "mosquitto", extra=QUEUE)
    try:
        with influx(folder / "influx") as store:
            extra = f'[archive]\nkind = "influx"\nurl = "{store.url}"\ndatabase = "{DATABASE}"\n'
            with rig.hub(folder / "hub", server.url, profiles="profiles", extra=extra) as hub:
                centre = Centre(server.port)
                said, acked, began = _pour(folder, server, seconds=seconds)
                rig.wait_until(
                    lambda: all(key in centre.raised for key in said["told"]), timeout_s=60, what="telling every alarm"
                )
                took = time.monotonic() - began
                peak_mb = _peak_mb(hub.pid)
                centre.stop()
    finally:
        server.stop()
    count = counted(folder / "hub" / "data" / "journal.db")
    made, kept, lost = said["readings"], count.kept, count.lost.total() - count.recovered
    reasons = ", ".join(f"{number:,} {reason}" for reason, number in sorted(count.lost.items())) or "none lost"
    alarmed = sum(key in centre.raised for key in said["told"])
    told = f"{said['thinned']:,} packs thinned, {said['evicted']:,} evicted, left {said['left']}"
    return [
        Figure("offered at the hub, as fast as the broker takes it", acked / took, "msg/s", detail=f"{took:.0f} s"),
        Figure("journalled meanwhile", count.packs / took, "packs/s"),
        Figure("offered at sources / sustained", said["offered"] / said["sustained"], "×", gate=">= 9", detail=told),
        Figure("alarms told / made", alarmed / len(said["told"]), "×", gate=">= 1", detail=f"{len(said['told'])} made"),
        Figure("readings kept + lost - recovered / made", (kept + lost) / made, "×", gate=">= 1", detail=(
            f"{made:,} made, {kept:,} kept, {reasons}, {count.recovered:,} of these came all the same")),
        Figure("the same: none is counted twice", (kept + lost) / made, "×", gate="<= 1"),
        Figure("packs that the agent took for receipted", float(count.forgotten), "packs", gate="<= 0",
               detail="gone, and no word of it under way; the hub has forgotten nothing"),
        Figure("hub's peak memory / 1 GB", peak_mb / MOST_MB, "×", gate="<= 1"),
        Figure("agent's peak memory / 1 GB", said["peak_mb"] / MOST_MB, "×", gate="<= 1"),
    ]  # fmt: skip


def _pour(folder: Path, server: Mosquitto, *, seconds: float) -> tuple[dict, int, float]:  # type: ignore[type-arg]
    """Flood hub and sources; return what the sources say, what the broker took, and when it began."""
    began = time.monotonic()
    torrent = Torrent(server.port)
    command = [sys.executable, "-m", "tests.bench.sources", "--url", server.url]
    command += ["--folder", str(folder), "--seconds", str(seconds)]
    node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(seconds + sources.CALIBRATION_S)
    acked = torrent.acked
    torrent.stop()
    output, _ = node.communicate(timeout=seconds + sources.DRAIN_S + 60)
    return json.loads(output), acked, began


class Count(NamedTuple):
    """What a journal says of one agent's readings."""

    kept: int  # in packs that are there, without those that stand for thinned ones
    lost: Counter[str]  # reason → in packs that the agent declared lost
    recovered: int  # in packs that were declared lost and are there all the same
    forgotten: int  # packs that are not there, though the agent thinks that they were receipted
    packs: int  # of all agents


def counted(journal: Path) -> Count:
    """Count by the packs themselves; it shares no count with the ledger."""
    facts: dict[tuple[int, str, int], int] = {}
    gone: set[tuple[int, str, int]] = set()
    forgotten: set[tuple[int, str, int]] = set()
    lost: Counter[str] = Counter()
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        agent = f"{sources.AREA}/{sources.AGENT}"
        for (body,) in connection.execute("SELECT body FROM records WHERE kind = 'pack' AND agent = ?", (agent,)):
            pack = decode_pack(body)
            if pack.seq is not None and not pack.stands_for:
                facts[pack.epoch, pack.lane, pack.seq] = sum(isinstance(fact, Reading) for fact in pack.facts)
            for fact in pack.facts:
                if isinstance(fact, Lost):
                    packs = {(fact.epoch, fact.lane, seq) for seq in range(fact.first, fact.last + 1)}
                    (forgotten if fact.reason == "receipted" else gone).update(packs)
                    lost[fact.reason] += fact.facts
        total = connection.execute("SELECT count(*) FROM records WHERE kind = 'pack'").fetchone()[0]
    recovered = sum(number for key, number in facts.items() if key in gone)
    return Count(sum(facts.values()), +lost, recovered, len(forgotten - facts.keys()), total)


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) / 1_000 if found else 0.0


if __name__ == "__main__":
    sys.exit(main())

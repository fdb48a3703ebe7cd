"""What the programs cost as processes: cold start, the agent's memory, and the hub's syncs for each 1,000 packs."""

import re
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import rig
from tests.bench.report import Figure
from tests.servers import need

SECONDS, RATE, PACK = 10, 2_000, 10


def measure(folder: Path) -> list[Figure]:
    """Return cold starts, memory and syncs."""
    folder.mkdir(parents=True, exist_ok=True)
    with rig.broker(folder) as server:
        hub_s = _hub_start(folder / "hub", server.url)
        agent_s, memory_mb = _agent(folder, server.url)
        syncs, packs = _syncs(folder / "traced", server)
    return [
        Figure("cold start of the hub", hub_s, "s", detail="aim 5; spawn to ready"),
        Figure("cold start of an agent", agent_s, "s", detail="aim 5; spawn to ready"),
        Figure("memory of an agent without cameras", memory_mb, "MB", detail="aim 120; resident, one line"),
        Figure(
            "syncs of the hub", syncs / packs * 1000, "/1,000 packs", detail=f"{RATE:,} readings/s in packs of {PACK}"
        ),
    ]


def _hub_start(folder: Path, url: str) -> float:
    began = time.perf_counter()
    with rig.hub(folder, url):
        return time.perf_counter() - began


def _agent(folder: Path, url: str) -> tuple[float, float]:
    config = folder / "agent.toml"
    config.write_text(rig.agent_config(url), encoding="utf-8")
    began = time.perf_counter()
    with rig.program([sys.executable, "-m", "edge_agent", "run", str(config)]) as process:
        passed = time.perf_counter() - began
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert resident is not None
    return passed, int(resident[1]) / 1000


def _syncs(folder: Path, server: rig.Mosquitto) -> tuple[int, int]:
    """Return (syncs, packs) of a hub under a steady load."""
    folder.mkdir()
    log = folder / "strace.log"
    under = (need("strace"), "-D", "-f", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-o", str(log))
    command = [sys.executable, "-m", "tests.bench.load", "--port", str(server.port), "--rate", str(RATE)]
    command += ["--pack", str(PACK), "--seconds", str(SECONDS)]
    with rig.hub(folder, server.url, under=under):
        at_start = _lines(log)
        packs = int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout) // PACK
        rig.wait_until(lambda: rig.journalled(folder / "data") >= packs, timeout_s=30, what="journalling the load")
        return _lines(log) - at_start, packs


def _lines(log: Path) -> int:
    return len(re.findall(r"sync\(.*\) += 0|sync resumed>", log.read_text(encoding="ascii", errors="replace")))

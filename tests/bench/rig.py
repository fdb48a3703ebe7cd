"""What every bench needs: a Mosquitto, a hub process, and a way to wait until a journal holds so many packs."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.servers import Mosquitto, start_mosquitto

QUEUES = "allow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n"
_AGENT = """agent = "{agent}"
area = "{area}"
data = "edge"
[broker]
url = "{url}"
[[lines]]
port = "unused"
slaves = [{{ unit = 1, device = "lift-0", profile = "lift_terminal" }}]
"""


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[Mosquitto]:
    """Run a Mosquitto whose queues have no bound."""
    server = start_mosquitto(folder / "mosquitto", extra=QUEUES)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def hub(
    folder: Path, url: str, *, under: tuple[str, ...] = (), profiles: str = "", extra: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """Run the real hub on ``url`` until the block ends; returns once it says ready.

    ``profiles`` is a folder of more profiles, ``extra`` more tables of its config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "hub.toml"
    head = f'hub = "bench"\ndata = "data"\nprofiles = {[profiles] if profiles else []}\n'
    config.write_text(f'{head}[broker]\nurl = "{url}"\n{extra}', encoding="utf-8")
    command = [*under, sys.executable, "-m", "hub", "run", str(config)]
    with program(command) as process:
        yield process


@contextlib.contextmanager
def program(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run one of our programs until the block ends; returns once it says ready."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rstrip().endswith("ready"):
                break
        else:
            raise RuntimeError(f"{' '.join(command)} ended with {process.wait()} before it was ready")
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stderr.close() if process.stderr else None
        with contextlib.suppress(UnboundLocalError):
            drain.wait(timeout=5)


def agent_config(url: str, *, agent: str = "edge-1", area: str = "bench/bench/edge") -> str:
    """Return the config of an agent of one lift that nobody can reach."""
    return _AGENT.format(url=url, agent=agent, area=area)


def journalled(data: Path) -> int:
    """Return how many packs stand in the hub's journal."""
    return int(str(_asked(data / "journal.db", "SELECT count(*) FROM records WHERE kind = 'pack'")[0][0]))


def last_pack(data: Path) -> int:
    """Return the offset of the newest pack in the hub's journal."""
    query = "SELECT offset FROM records WHERE kind = 'pack' ORDER BY offset DESC LIMIT 1"
    return int(str(_asked(data / "journal.db", query)[0][0]))


def archived(data: Path) -> int:
    """Return the offset of the journal up to which the archive in InfluxDB has everything, as the hub was told last."""
    return int(str(_asked(data / "refused.db", "SELECT offset FROM place")[0][0]))


def alarms(data: Path) -> int:
    """Return how many alarms are open in the hub's database."""
    return int(str(_asked(data / "hub.db", "SELECT count(*) FROM alarms WHERE open")[0][0]))


def cursors(data: Path) -> list[int]:
    """Return how far ledger, alarms and twins have stored what they made of the journal."""
    found = _asked(data / "hub.db", "SELECT offset FROM cursors WHERE reader IN ('ledger', 'alarms', 'twins')")
    return [int(str(row[0])) for row in found]


def _asked(path: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query).fetchall()


def wait_until(reached: object, *, timeout_s: float, what: str) -> None:
    """Poll ``reached()`` every 20 ms until it is true. Raises TimeoutError."""
    assert callable(reached)
    deadline = time.monotonic() + timeout_s
    while not reached():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took more than {timeout_s:g} s")
        time.sleep(0.02)

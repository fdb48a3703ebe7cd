"""An InfluxDB of the stage's own, where the machine has one: the hub's archive."""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

from simulators.stage.process import Program


def find_influxd() -> str | None:
    """Return InfluxDB's path, or None."""
    return shutil.which("influxd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


_LOOK_S = 0.001  # real; a write takes some milliseconds
FOLDER = "influxdb"  # in the stage's


def influx_program(influxd: str, folder: Path, *, port: int, log: Path) -> Program:
    """Return an InfluxDB 1 on ``port`` of the loopback, with config and data in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "influxdb.conf"
    config.write_text(
        'reporting-disabled = true\nbind-address = "127.0.0.1:0"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n[monitor]\nstore-enabled = false\n',
        encoding="utf-8",
    )
    return Program("influxdb", [influxd, "-config", str(config)], log=log, ready="Listening on HTTP")


async def wal_grows(stage_folder: Path, *, within_s: float) -> bool:
    """Return at the moment at which the database writes: its log has grown, and no answer was given yet, or just now.

    False when it wrote nothing ``within_s`` real seconds.
    """
    loop = asyncio.get_running_loop()
    end_s, before = loop.time() + within_s, _wal_bytes(stage_folder)
    while (now := _wal_bytes(stage_folder)) <= before:
        before = now  # it may have been turned over
        if loop.time() >= end_s:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


def _wal_bytes(stage_folder: Path) -> int:
    """Return the size of its write-ahead log; a file that is turned over meanwhile is none."""
    total = 0
    for path in (stage_folder / FOLDER / "wal").rglob("*.wal"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total

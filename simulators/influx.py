"""An InfluxDB of the stage's own, where the machine has one: the hub's archive."""

import os
import shutil
from pathlib import Path

from simulators.process import Program


def find_influxd() -> str | None:
    """Return InfluxDB's path, or None."""
    return shutil.which("influxd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))


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

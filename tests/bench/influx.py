"""An InfluxDB 1.x of our own for a bench: on free ports, with its own folder, ended by its own process id."""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.servers import free_port, need

DATABASE = "bench"
_START_S = 20.0
_CONFIG = """reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
"""


class Influx:
    """A running influxd."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = folder / "influxdb.conf"
        config.write_text(_CONFIG.format(folder=folder, port=self.port, rpc=free_port()), encoding="ascii")
        with (folder / "influxd.log").open("wb") as log:
            self.process = subprocess.Popen([need("influxd"), "-config", str(config)], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError):
                self.query(f'CREATE DATABASE "{DATABASE}"')
                return
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("influxd does not start")
            time.sleep(0.02)

    def query(self, text: str, *, database: str = DATABASE) -> list[dict[str, object]]:
        """Run InfluxQL and return the series of the answer."""
        body = urllib.parse.urlencode({"db": database, "q": text}).encode()
        with urllib.request.urlopen(f"{self.url}/query", data=body, timeout=60) as answer:
            result = json.load(answer)["results"][0]
        if "error" in result:
            raise RuntimeError(f"{text}: {result['error']}")
        series: list[dict[str, object]] = result.get("series", [])
        return series

    def write(self, lines: bytes) -> None:
        """Write line protocol with times in microseconds."""
        request = urllib.request.Request(f"{self.url}/write?db={DATABASE}&precision=u", data=lines, method="POST")
        urllib.request.urlopen(request, timeout=60).close()

    def empty(self) -> None:
        """Drop what the database holds and make it anew."""
        self.query(f'DROP DATABASE "{DATABASE}"')
        self.query(f'CREATE DATABASE "{DATABASE}"')

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)


@contextlib.contextmanager
def influx(folder: Path) -> Iterator[Influx]:
    """Run an influxd until the block ends."""
    server = Influx(folder)
    try:
        yield server
    finally:
        server.stop()

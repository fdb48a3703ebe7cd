"""Real servers for tests: each on a free port, with its own config and data folder, stopped by its own process id."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

START_S = 30.0  # long enough for a loaded machine; nothing here is about speed
PACKAGES = {"influxd": "influxdb"}  # of Debian, where it has another name than its command
# of Mosquitto: user hub, password s3cret, as mosquitto_passwd writes it (PBKDF2-SHA512, 101 rounds)
PASSWORD_LINE = (
    "hub:$7$101$Me2h8sCJNB6aKuao$kuqYLzKg6fNpkhAUTbIMid+xAZ4e5kQq"
    "9RaccSyUxRZuw93f0tNIllKD4NvE6HSPq9mHbjPB/whiApjD0fN+Ag==\n"
)


def need(program: str) -> str:
    """Return the path of ``program``; without it a test is skipped, and under CI=true it fails."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found:
        return found
    message = f"{program} is not installed: apt-get install {PACKAGES.get(program, program)}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


_SHARES, _SHARE = 8, 1_500  # workers, and ports of each


def free_port() -> int:
    """Return a port of the loopback that was free a moment ago.

    It is below those that Linux gives to connections: a server that is started again finds it free.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SHARES
    low = 20_000 + worker * _SHARE  # workers do not take each other's
    while True:
        port = random.randrange(low, low + _SHARE)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


class Server:
    """A program with a folder and a port; it may be killed and started again with what its disk holds."""

    scheme = "http"

    def __init__(self, folder: Path, *words: str, port: int) -> None:
        """``words`` is the command; what it says goes to ``server.log`` in ``folder``."""
        self.folder = folder
        self.port = port
        self.words = (need(words[0]), *words[1:])
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start it and return when it accepts connections."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log)
        wait_for_port(self.port, self.process)
        return self

    def stop(self, *, kill: bool = False) -> None:
        """End it, with SIGKILL when ``kill``; no-op when it does not run."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self.process.wait(timeout=START_S)
        self.process = None


def influxd(folder: Path, *, http: str = "") -> Server:
    """Return an InfluxDB 1 that is not started yet; ``http`` is appended to that part of its config."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "influxdb.conf"
    config.write_text(
        'reporting-disabled = true\nbind-address = "127.0.0.1:0"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n{http}\n'
        "[monitor]\nstore-enabled = false\n",
        encoding="utf-8",
    )
    return Server(folder, "influxd", "-config", str(config), port=port)


def victoria_metrics(folder: Path) -> Server:
    """Return a VictoriaMetrics that is not started yet."""
    port = free_port()
    words = (
        "-storageDataPath",
        str(folder / "data"),
        "-httpListenAddr",
        f"127.0.0.1:{port}",
        "-retentionPeriod",
        "100y",
    )
    return Server(folder, "victoria-metrics", *words, port=port)


class Mosquitto(Server):
    """A Mosquitto of our own; it may be killed and started again on the same port, with what its disk holds."""

    scheme = "mqtt"

    def __init__(self, folder: Path, *, port: int | None = None, extra: str = "") -> None:
        """``extra`` is appended to the config (ACLs, passwords); with it, say ``allow_anonymous`` yourself."""
        self.config = folder / "mosquitto.conf"
        super().__init__(folder, "mosquitto", "-c", str(self.config), port=port or free_port())
        (folder / "data").mkdir(exist_ok=True)
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\npersistence true\npersistence_location {folder / 'data'}/\n"
            "autosave_interval 1\nmax_queued_messages 10000\nmax_inflight_messages 200\nset_tcp_nodelay true\n"
            # started by root it would become the user mosquitto, who may not write our folder
            + ("user root\n" if os.geteuid() == 0 else "")
            + (extra or "allow_anonymous true\n"),
            encoding="utf-8",
        )


def start_mosquitto(folder: Path, port: int | None = None, *, extra: str = "") -> Mosquitto:
    """Return a running Mosquitto with config and data in ``folder``; on ``port``, or a free one."""
    return Mosquitto(folder, port=port, extra=extra).start()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Make a server's key and its certificate, which is its own authority; return the paths of both."""
    key, certificate = folder / "key.pem", folder / "ca.pem"
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, certificate


def wait_for_port(port: int, process: subprocess.Popen[bytes], timeout_s: float = START_S) -> None:
    """Return when ``process`` accepts connections on ``port``. Raises RuntimeError when it does not."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"server on port {port} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)  # nothing tells us when a foreign process listens
    process.kill()
    process.wait()
    raise RuntimeError(f"nothing listens on port {port} after {timeout_s:g} s")


def wait_for_text(path: Path, text: str, *, times: int) -> None:
    """Wait until a foreign process has logged ``text`` so often; it can tell us by its file alone."""
    deadline = time.monotonic() + START_S
    while path.read_text().count(text) < times:
        assert time.monotonic() < deadline, f"{text!r} was not logged {times} times"
        time.sleep(0.05)

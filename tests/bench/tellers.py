"""Two that are told of alarms and tell others, our hub and Debian's Alertmanager, in the same words."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from simulators.fleet.offer import Offer
from tests.bench import rig
from tests.bench.hook import Desk, of_alertmanager, of_event
from tests.bench.points import Points, install
from tests.servers import Server, free_port

ACCEPT_S = 60.0
_OK = b"HTTP/1.1 200 "
RECEIVER = '[[receivers]]\nname = "desk"\nchannel = "webhook"\npause = "5s"\nurl = "{url}"\n'
# each alert is told at once: what a city asks for; `wait` is what makes groups of them
CONFIG = """route:
  receiver: desk
  group_by: [{by}]
  group_wait: {wait}
  group_interval: 10s
receivers:
- name: desk
  webhook_configs:
  - url: {url}
"""


class Ours:
    """A broker, a hub and a webhook."""

    name = "hub"

    def __init__(self, folder: Path, *, points: int) -> None:
        self._desk = Desk(of_event)
        self.hook = self._desk.hook
        self._folder = folder / "hub"
        self._stack = contextlib.ExitStack()
        self._profiles = install(self._folder)
        self._server = self._stack.enter_context(rig.broker(folder))
        self._hub = contextlib.ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self.start()
        self._points = Points("ours", points)
        self._offer = Offer(self._server.port, "bench-tell")
        self._offer.send(self._points.births())

    def start(self) -> None:
        """Start the hub; returns when it is ready."""
        extra = RECEIVER.format(url=self.hook.url)
        hub = rig.hub(self._folder, self._server.url, profiles=self._profiles, extra=extra)
        self._process = self._hub.enter_context(hub)

    def kill(self) -> None:
        """End the hub with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._hub.close()

    def stop(self) -> None:
        """End all."""
        self._offer.close()
        self._hub.close()
        self._stack.close()
        self.hook.stop()

    def device(self, number: int) -> str:
        """Return the name of a point."""
        return self._points.device(number)

    def fires(self, number: int) -> None:
        """Say that one fires, a life alarm: it waits for no list."""
        self._offer.send(self._points.events("point.fire", [number]))

    def clears(self, number: int) -> None:
        """Say that one has ended."""
        self._offer.send(self._points.events("point.well", [number]))

    def burst(self, numbers: Sequence[int]) -> tuple[float, float]:
        """Say that all fire; return seconds until they are in the journal and until they are alarms."""
        messages = list(self._points.events("point.fault", numbers))
        before, open_before = rig.journalled(self._folder / "data"), rig.alarms(self._folder / "data")
        began = time.perf_counter()
        self._offer.send(messages)
        done = before + len(numbers)
        rig.wait_until(lambda: rig.journalled(self._folder / "data") >= done, timeout_s=ACCEPT_S, what="the journal")
        journalled_s = time.perf_counter() - began
        done = open_before + len(numbers)
        rig.wait_until(lambda: rig.alarms(self._folder / "data") >= done, timeout_s=ACCEPT_S, what="the alarms")
        return journalled_s, time.perf_counter() - began

    def state(self) -> tuple[set[str], int]:
        """Return the devices whose alarm is open, as ``hub alarm list`` says it, and how many are put aside."""
        listed = self._listed()
        return {alarm["device"] for alarm in listed}, sum(alarm["shelved"] for alarm in listed)

    def silence(self, number: int) -> None:
        """Put an alarm aside."""
        found = next(alarm["id"] for alarm in self._listed() if alarm["device"] == self.device(number))
        self._ask("shelve", found, "--actor", "bench", "--because", "test", "--for", "30m")
        rig.wait_until(lambda: self.state()[1] == 1, timeout_s=ACCEPT_S, what="shelving")

    def told(self) -> dict[str, int]:
        """Return device → when its first notice came."""
        return self._desk.told()

    def _listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._ask("list", "--open", "--json"))
        return found

    def _ask(self, *words: str) -> str:
        command = [sys.executable, "-m", "hub", "alarm", *words, str(self._folder / "hub.toml")]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


class Theirs:
    """Alertmanager and a webhook."""

    name = "Alertmanager"

    def __init__(self, folder: Path, *, grouped: bool = False) -> None:
        """``grouped``: alerts wait for each other, and nobody is told for a while."""
        self._desk = Desk(of_alertmanager)
        self.hook = self._desk.hook
        port = free_port()
        folder.mkdir(parents=True)
        by, wait = ("alertname", "60s") if grouped else ("'...'", "0s")
        config = folder / "am.yml"
        config.write_text(CONFIG.format(by=by, wait=wait, url=self.hook.url), encoding="utf-8")
        words = (f"--config.file={config}", f"--storage.path={folder / 'data'}", "--cluster.listen-address=")
        words += (f"--web.listen-address=127.0.0.1:{port}",)
        self._server = Server(folder, "prometheus-alertmanager", *words, port=port)
        self.start()

    def start(self) -> None:
        """Start it; returns when it says that it is ready."""
        self._server.start()
        rig.wait_until(lambda: self._answers("/-/ready"), timeout_s=10, what="starting Alertmanager")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._server.stop(kill=True)

    def stop(self) -> None:
        """End it."""
        self._server.stop()
        self.hook.stop()

    def device(self, number: int) -> str:
        """Return the name of a point."""
        return f"point-theirs-{number}"

    def fires(self, number: int) -> None:
        """Say that one fires."""
        self._ask("alerts", [self._alert(number)])

    def clears(self, number: int) -> None:
        """Say that one has ended."""
        self._ask("alerts", [self._alert(number) | {"endsAt": _ago(0)}])

    def burst(self, numbers: Sequence[int]) -> float:
        """Say that all fire, each in a request, without waiting for the answers; return seconds to the last one."""
        requests = [_request([self._alert(number)]) for number in numbers]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:  # our webhook must not slow it down
            return apart.submit(post_all, self._server.port, requests).result()

    def state(self) -> tuple[set[str], int]:
        """Return the devices whose alert is active, and how many silences there are."""
        return {alert["labels"]["device"] for alert in self._ask("alerts")}, len(self._ask("silences"))

    def silence(self, number: int) -> None:
        """Put an alert aside."""
        matcher = {"name": "device", "value": self.device(number), "isRegex": False, "isEqual": True}
        body = {"matchers": [matcher], "startsAt": _ago(0), "endsAt": _ago(-1800), "createdBy": "bench", "comment": "x"}
        self._ask("silences", body)

    def told(self) -> dict[str, int]:
        """Return device → when its first notice came."""
        return self._desk.told()

    def _alert(self, number: int) -> dict[str, object]:
        labels = {"alertname": "point.fault", "severity": "minor", "device": self.device(number)}
        return {"labels": labels, "startsAt": _ago(1), "annotations": {"summary": "Fault"}}

    def _ask(self, what: str, body: object = None) -> Any:
        request = urllib.request.Request(f"{self._server.url}/api/v2/{what}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def _answers(self, path: str) -> bool:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(self._server.url + path, timeout=5).close()
            return True
        return False


def post_all(port: int, requests: list[bytes]) -> float:
    """Send all requests on one connection; return seconds until the last one is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=ACCEPT_S) as wire:
        began = time.perf_counter()
        threading.Thread(target=wire.sendall, args=(b"".join(requests),), daemon=True).start()
        answers, tail = 0, b""
        while answers < len(requests):
            part = wire.recv(65_536)
            if not part:
                raise RuntimeError("Alertmanager has hung up")
            answers += (tail + part).count(_OK)
            tail = (tail + part)[-len(_OK) + 1 :]
        return time.perf_counter() - began


def _request(alerts: list[dict[str, object]]) -> bytes:
    body = json.dumps(alerts).encode()
    head = "POST /api/v2/alerts HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()

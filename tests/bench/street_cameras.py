"""Many cameras on one agent: is each looked at five times a second, how old are readings, what do they take.

``MINUTES=20`` watches them for so long, beside a hub, and says how much of the memory's growth falls into the second
half: without its receipts the agent would keep what it says, and say it again.
"""

import contextlib
import json
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench import film, rig
from tests.bench.report import Figure

QUICK = os.environ.get("QUICK") == "1"
CAMERAS = 2 if QUICK else 16  # the aim on two cores
WATCH_S = 60 * float(os.environ.get("MINUTES", "0")) or (3.0 if QUICK else 12.0)
SETTLE_S = 1.0 if QUICK else 3.0
START_S = 15.0 if QUICK else 45.0  # who has not begun by then is not carried
FPS = 5
CARRIED = 0.95  # of the looks
AGENT = """agent = "edge-1"
area = "bench/bench/edge"
data = "edge"
[broker]
url = "{url}"
"""
CAMERA = """[[cameras]]
device = "camera-{number}"
profile = "parking_camera"
url = "street.mp4"
loop = true
zones = "zones.json"
"""
PAGE = os.sysconf("SC_PAGE_SIZE")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, pictures: Sequence[film.Image]) -> list[Figure]:
    """Return what so many cameras at 360p and five pictures a second take."""
    film.write_h264(folder / "street.mp4", pictures[:: 25 // FPS], fps=FPS)
    (folder / "zones.json").write_text(json.dumps(film.berths()), encoding="utf-8")
    with rig.broker(folder) as server, _hub(folder, server.url):
        config = folder / "agent.toml"
        cameras = "".join(CAMERA.format(number=number) for number in range(CAMERAS))
        config.write_text(AGENT.format(url=server.url) + cameras, encoding="utf-8")
        ear = Ear(server.port)
        try:
            with rig.program([sys.executable, "-m", "edge_agent", "run", str(config)]) as agent:
                with contextlib.suppress(TimeoutError):
                    rig.wait_until(ear.all_see, timeout_s=START_S, what="the first picture of every camera")
                time.sleep(SETTLE_S)
                return _watched(agent.pid, ear)
        finally:
            ear.stop()


def _hub(folder: Path, url: str) -> contextlib.AbstractContextManager[object]:
    return rig.hub(folder / "hub", url) if WATCH_S >= 60 else contextlib.nullcontext()


def _watched(agent: int, ear: "Ear") -> list[Figure]:
    ear.begin()
    before, cpu_s, began_s = _memory(agent), _cpu(agent), time.monotonic()
    time.sleep(WATCH_S / 2)
    middle = _memory(agent)
    time.sleep(WATCH_S / 2)
    passed_s = time.monotonic() - began_s
    cores, after = (_cpu(agent) - cpu_s) / passed_s, _memory(agent)
    looks, ages = ear.looks(), ear.ages()
    carried = sum(rate >= CARRIED * FPS for rate in looks)
    most = len(os.sched_getaffinity(0))
    about = f"{CAMERAS} cameras, 360p H.264, {FPS} pictures/s, {film.SPEC.berths} berths each; printed only"
    return [
        Figure("cameras carried", carried, "cameras", detail=f"of {about}; slowest {min(looks):.1f} looks/s"),
        Figure(
            "processor time of agent and workers", cores, "cores", detail=f"of {most}; {cores / CAMERAS:.3f} a camera"
        ),
        Figure(
            "cameras that would fill the cores", most * CAMERAS / cores, "cameras", detail="by processor time alone"
        ),
        Figure(
            "grab to MQTT, p95", _p95(ages), "ms", detail=f"{len(ages)} readings; p50 {statistics.median(ages):.0f} ms"
        ),
        Figure(
            "memory of agent and workers",
            after / 1e6,
            "MB",
            detail=f"{(after - before) / 1e6:+.1f} MB in {passed_s:.0f} s, the last half {(after - middle) / 1e6:+.1f}",
        ),
    ]


class Ear:
    """A client that notes every reading of a camera: how old it is, and how often was looked."""

    def __init__(self, port: int) -> None:
        self._ages: list[float] = []
        self._looks: dict[str, float] = {}
        self._sees: defaultdict[str, bool] = defaultdict(bool)
        self._packs: set[tuple[int, int]] = set()  # epoch, seq: without a hub's receipts the agent sends them again
        self._lock = threading.Lock()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-ear")
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("citynerve/1/agent/#", qos=0)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def all_see(self) -> bool:
        """Return whether every camera sees."""
        with self._lock:
            return sum(self._sees.values()) == CAMERAS

    def begin(self) -> None:
        """Forget the start."""
        with self._lock:
            self._ages.clear()

    def looks(self) -> list[float]:
        """Return the looks a second that each camera said last."""
        with self._lock:
            return list(self._looks.values()) or [0.0]

    def ages(self) -> list[float]:
        """Return ms from grab to here."""
        with self._lock:
            return list(self._ages) or [0.0]

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        now_us = time.time_ns() // 1000
        if not message.topic.endswith("/reading"):
            return
        pack = json.loads(message.payload)
        with self._lock:
            if (pack["epoch"], pack["seq"]) in self._packs:
                return
            self._packs.add((pack["epoch"], pack["seq"]))
            for fact in pack["facts"]:
                if fact["type"] != "reading":
                    continue
                self._ages.append((now_us - fact["t_us"]) / 1000)
                values = fact["values"]
                if "seeing" in values:
                    self._sees[fact["device"]] = bool(values["seeing"])
                if values.get("looks") is not None:
                    self._looks[fact["device"]] = values["looks"]


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _memory(pid: int) -> int:
    """Return the bytes that a process and its children hold."""
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in _family(pid)) * PAGE


def _cpu(pid: int) -> float:
    """Return the seconds of processor time of a process and its children."""
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in _family(pid)]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) * TICK_S


def _p95(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=20, method="inclusive")[18] if len(samples) > 1 else samples[0]

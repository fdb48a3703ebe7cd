"""One agent with 64 boxes at 50 Hz and 128 Modbus slaves: its CPU, and how late an alarm input is beside the boxes."""

import json
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles import topics
from device_profiles.profile import BoxLine
from device_profiles.wire import LANES, Lane, LaneReceipt, Reading, Receipt, decode_pack, encode
from edge_agent.infer.model import Batch, Model
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.ride import RideJudge
from edge_agent.sources.box.motion import load_motion_of
from simulators.box_line.line import BLOCK
from tests.bench import rig
from tests.bench.report import Figure, p99
from tests.bench.street import device_of, street_signal

LINES, SLAVES, BOXES = 16, 8, 64
BAUD = 38_400  # at 19,200 eight slaves take 176 of the 200 ms by the line alone (`edge-agent check`)
SECONDS = 30
SETTLE_S = 6.0
ROUNDS = 30
LIMIT_MS = 200.0  # no alarm input later than this
REAL_TIME = ("chrt", "--rr", "1")  # docs/operations.md; for the slaves too: they stand for other machines
ADDRESS = topics.AgentAddress("bench/bench/street", "edge-1")


def measure(folder: Path) -> list[Figure]:
    """Return the agent's share of a CPU and the latest alarm input, with the boxes and without them."""
    alone = _street(folder / "alone", boxes=0)
    full = _street(folder / "full", boxes=BOXES)
    detail = f"{BOXES} boxes at 50 Hz, {LINES} lines of {SLAVES} slaves at {BAUD} baud"
    priority = "real-time priority" if _real_time() else "no real-time priority: chrt is missing or not allowed"
    return [
        Figure("agent, Modbus alone: share of one CPU", alone.cpu, "CPU", detail=f"{LINES * SLAVES} slaves"),
        Figure("agent with boxes: share of one CPU", full.cpu, "CPU", detail=detail),
        Figure("agent with boxes: share of this machine", full.cpu / (psutil.cpu_count() or 1), "", detail=detail),
        Figure("alarm input seen, p99", p99(full.late_ms), "ms", detail=f"{len(full.late_ms)} inputs beside the boxes"),
        Figure("alarm input seen, p99, Modbus alone", p99(alone.late_ms), "ms"),
        Figure("latest alarm input / 200 ms", max(full.late_ms) / LIMIT_MS, "×", gate="<= 1", detail=priority),
        Figure("rides told by the boxes", full.rides, "rides", detail=f"in {SECONDS} s"),
        _inference(),
    ]


def _inference() -> Figure:
    """Return what the boxes' way through the model costs over bare ``session.run``, for the same windows."""
    motion = load_motion_of(BoxLine(model="lift_motion"))
    if not isinstance(motion.classify, Model):
        raise RuntimeError(f"{motion.name}: there is no model to measure")
    batches = _windows(motion.classify)
    session, name = motion.classify._session, motion.classify._input
    ways: list[Callable[[Batch], object]] = [motion.classify, lambda batch: session.run(None, {name: batch})]
    costs: tuple[list[float], ...] = ([], [])
    for _ in range(ROUNDS):  # in turn, so that a busy moment hits both
        for way, cost in zip(ways, costs, strict=True):
            began_ns = time.perf_counter_ns()
            for batch in batches:
                way(batch)
            cost.append((time.perf_counter_ns() - began_ns) / 1000 / len(batches))
    ours, bare = (statistics.median(cost) for cost in costs)
    detail = f"{ours:.1f} against {bare:.1f} µs a call, {sum(map(len, batches)) / len(batches):.1f} windows in each"
    return Figure("inference of boxes / bare session.run", ours / bare, "×", gate="<= 1.3", detail=detail)


def _windows(model: Model) -> list[Batch]:
    """Return the windows of one box in the street, call by call."""
    batches: list[Batch] = []

    def keep(batch: Batch) -> Batch:
        batches.append(batch)
        return model(batch)

    judge = RideJudge(RideLimits(), classify=keep)
    signal, _ = street_signal(random.Random(1))
    for start in range(0, len(signal) - BLOCK, BLOCK):
        times = [1_763_600_000_000_000 + index * 20_000 for index in range(start, start + BLOCK)]
        judge.take_acceleration(times, *np.array(signal[start : start + BLOCK]).T)
    return batches


class Measured:
    """What one run of the street gave."""

    def __init__(self, *, cpu: float, late_ms: list[float], rides: int) -> None:
        self.cpu = cpu
        self.late_ms = late_ms
        self.rides = rides


class Centre:
    """Receipts every pack, as a hub does, and keeps when the agent saw which alarm button."""

    def __init__(self, port: int) -> None:
        self.seen: dict[tuple[str, bool], list[int]] = {}  # device and button → times at which it was read
        self.events = 0
        self._last: dict[str, bool] = {}
        self._kept: dict[int, dict[Lane, int]] = {}  # epoch → highest seq of each lane
        self._lock = threading.Lock()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-centre")
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(topics.lane_topic(ADDRESS, lane), 1) for lane in LANES])
        self._client.loop_start()

    def receipt(self) -> None:
        """Say what has come."""
        with self._lock:
            kept = {epoch: dict(lanes) for epoch, lanes in self._kept.items()}
        for epoch, lanes in kept.items():
            word = Receipt(
                "bench", epoch, {lane: LaneReceipt(to) for lane, to in lanes.items()}, time.time_ns() // 1000
            )
            self._client.publish(topics.receipt_topic(ADDRESS), encode(word), qos=1)

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        pack = decode_pack(message.payload)
        if pack.seq is None:
            return
        with self._lock:
            lanes = self._kept.setdefault(pack.epoch, {})
            lanes[pack.lane] = max(lanes.get(pack.lane, 0), pack.seq)
        for fact in pack.facts:
            if isinstance(fact, Reading) and isinstance(pressed := fact.values.get("alarm_button"), bool):
                if self._last.get(fact.device) != pressed:
                    self.seen.setdefault((fact.device, pressed), []).append(fact.t_us)
                self._last[fact.device] = pressed
            self.events += getattr(fact, "kind", "") == "lift.ride"


def _real_time() -> list[str]:
    """Return what lets a program go before all ordinary ones; nothing where that is not allowed."""
    allowed = shutil.which(REAL_TIME[0]) and not subprocess.run([*REAL_TIME, "true"], capture_output=True).returncode
    return [*REAL_TIME] if allowed else []


def _street(folder: Path, *, boxes: int) -> Measured:
    folder.mkdir(parents=True)
    with rig.broker(folder) as server:
        centre = Centre(server.port)
        command = [*_real_time(), sys.executable, "-m", "tests.bench.street", str(folder), "--boxes", str(boxes)]
        command += ["--lines", str(LINES), "--slaves", str(SLAVES), "--baud", str(BAUD), "--seconds"]
        command.append(str(SECONDS + round(SETTLE_S)))
        street = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert street.stdout is not None
        assert street.stdin is not None
        street.stdout.readline()
        config = folder / "agent.toml"
        config.write_text(_config(folder, server.url, boxes=boxes), encoding="utf-8")
        with rig.program([*_real_time(), sys.executable, "-m", "edge_agent", "run", str(config)]) as agent:
            street.stdin.write("go\n")
            street.stdin.flush()
            _receipts(centre, SETTLE_S)
            used_s, began_s = _cpu_s(agent.pid), time.monotonic()
            _receipts(centre, SECONDS - 2)
            cpu = (_cpu_s(agent.pid) - used_s) / (time.monotonic() - began_s)
            street.communicate(timeout=60)
            _receipts(centre, 2)
        centre.stop()
    flips = json.loads((folder / "flips.json").read_text(encoding="utf-8"))
    return Measured(cpu=cpu, late_ms=_late_ms(flips, centre), rides=centre.events)


def _late_ms(flips: list[tuple[str, bool, int]], centre: Centre) -> list[float]:
    """Return ms from each flip to the answer that carried it. Raises RuntimeError when one was never seen."""
    late: list[float] = []
    for device, pressed, at_us in flips[:-5]:  # the last ones may not have been read before the end
        times = [t_us for t_us in centre.seen.get((device, pressed), []) if t_us >= at_us]
        if not times:
            raise RuntimeError(f"the button of {device} was never seen {'pressed' if pressed else 'free'}")
        late.append((min(times) - at_us) / 1000)
    return late


def _receipts(centre: Centre, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        centre.receipt()
        time.sleep(0.2)


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _config(folder: Path, url: str, *, boxes: int) -> str:
    text = f'agent = "{ADDRESS.agent}"\narea = "{ADDRESS.area}"\ndata = "edge"\n[broker]\nurl = "{url}"\n'
    for line in range(LINES):
        text += f'[[lines]]\nport = "{folder / f"line-{line}"}"\nbaud = {BAUD}\n'
        for unit in range(1, SLAVES + 1):
            text += f'[[lines.slaves]]\nunit = {unit}\ndevice = "{device_of(line, unit)}"\nprofile = "lift_terminal"\n'
    for box in range(boxes):
        text += f'[[boxes]]\nport = "{folder / f"box-{box}"}"\ndevice = "box-{box}"\n'
    return text

"""Intake with journal and ack against a bare paho subscriber, on the same queued messages, in turn."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles import topics
from tests.bench import drains, load, rig
from tests.bench.report import Figure

MESSAGES = 20_000
ROUNDS = 3


def measure(folder: Path) -> list[Figure]:
    """Return rate and CPU of both, and the ratio that is gated at 0.5."""
    rates: dict[str, list[float]] = {"bare": [], "intake": []}
    costs: dict[str, list[float]] = {"bare": [], "intake": []}
    for number in range(ROUNDS):
        for kind in rates:
            rate, cost = _drain(kind, folder / f"{kind}-{number}")
            rates[kind].append(rate)
            costs[kind].append(cost)
    ratios = [ours / bare for ours, bare in zip(rates["intake"], rates["bare"], strict=True)]
    median = statistics.median
    return [
        Figure(
            "bare paho subscriber, QoS 1",
            median(rates["bare"]),
            "msg/s",
            detail=f"{median(costs['bare']):.1f} CPU s / 100,000",
        ),
        Figure(
            "intake: journal, fsync, ack",
            median(rates["intake"]),
            "msg/s",
            detail=f"{median(costs['intake']):.1f} CPU s / 100,000",
        ),
        Figure(
            "intake / bare paho",
            median(ratios),
            "×",
            gate=">= 0.5",
            detail=f"median of {ROUNDS} pairs, {MESSAGES:,} packs each",
        ),
    ]


def _drain(kind: str, folder: Path) -> tuple[float, float]:
    folder.mkdir(parents=True)
    with rig.broker(folder) as server:
        drains.subscribe(server.port)
        _fill(server.port)
        command = [sys.executable, "-m", "tests.bench.drains", kind, "--port", str(server.port)]
        command += ["--count", str(MESSAGES), "--folder", str(folder)]
        output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    rate, cost = map(float, output.split())
    return rate, cost


def _fill(port: int) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-fill")
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(MESSAGES)
    client.connect("127.0.0.1", port)
    client.loop_start()
    epoch = int(time.time())
    for number in range(MESSAGES):
        agent, seq = number % 50, number // 50 + 1
        payload = load.packs_of(agent, seq=seq, epoch=epoch, readings=1, now_us=time.time_ns() // 1000)
        last = client.publish(topics.lane_topic(load.address(agent), "reading"), payload, qos=1)
    last.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()

"""Fact to alarm: from an Event put into a real outbox to its alarm at an MQTT client, with 2,000 readings/s flowing."""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device_profiles import topics
from device_profiles.clock import Clock
from device_profiles.wire import Event, Lane
from edge_agent.config import load_config
from edge_agent.outbox import Outbox
from edge_agent.uplink import Uplink
from tests.bench import rig
from tests.bench.probes import BrokerProbe, SyncProbe
from tests.bench.report import Figure, p99

ALARMS = 300
PERIOD_S = 0.1
RATE = 2_000  # readings a second
SETTLE_S = 3.0
DEVICES = 50


def measure(folder: Path) -> list[Figure]:
    """Return p50 and p99 of fact to alarm, the floor beside them, and the ratio that is gated at 5."""
    with rig.broker(folder) as server, rig.hub(folder / "hub", server.url):
        centre = Centre(server.port)
        seconds = 2 * SETTLE_S + ALARMS * PERIOD_S
        command = [sys.executable, "-m", "tests.bench.load", "--port", str(server.port)]
        command += ["--rate", str(RATE), "--seconds", str(seconds)]
        load = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(SETTLE_S)
        broker, disk = BrokerProbe(server.port), SyncProbe(folder)
        told = tell_alarms(folder, server.url, centre)
        broker.stop()
        disk.stop()
        sent = int(load.communicate(timeout=60)[0])
        rig.wait_until(
            lambda: rig.journalled(folder / "hub" / "data") >= sent / 10, timeout_s=30, what="journalling the load"
        )
        centre.stop()
    floor = p99(broker.samples_ms) + p99(disk.samples_ms)
    detail = f"{len(told)} alarms, {RATE:,} readings/s beside them"
    return [
        Figure("fact to alarm at a client, p50", statistics.median(told), "ms", detail=detail),
        Figure("fact to alarm at a client, p99", p99(told), "ms"),
        Figure("broker publish to subscribe, p99", p99(broker.samples_ms), "ms", detail="same run, same load"),
        Figure("fdatasync of a page, p99", p99(disk.samples_ms), "ms", detail="same run, same load"),
        Figure("fact to alarm p99 / (broker p99 + fsync p99)", p99(told) / floor, "×", gate="<= 5"),
    ]


class Centre:
    """A command centre: notes when which device's alarm was raised."""

    def __init__(self, port: int) -> None:
        self.raised: dict[str, int] = {}  # alarm's device and fact time → perf_counter_ns
        self.arrived = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bench-centre")
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topics.ALARM_FILTER, qos=1)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        now_ns = time.perf_counter_ns()
        if message.payload and (told := json.loads(message.payload))["type"].endswith("raised"):
            self.raised.setdefault(f"{told['data']['device']} {told['data']['t_fact_us']}", now_ns)
            self.arrived.set()


def tell_alarms(
    folder: Path, url: str, centre: Centre, *, alarms: int = ALARMS, before: Callable[[int], None] = lambda _: None
) -> list[float]:
    """Put stuck and released in turn for many lifts; return ms from each put to its alarm. Raises TimeoutError.

    ``before`` is told the number of each alarm that is put next.
    """
    config = folder / "agent.toml"
    config.write_text(rig.agent_config(url), encoding="utf-8")
    loaded = load_config(config)
    clock = Clock()
    outbox = Outbox(folder / "edge", agent="edge-1", clock=clock)
    uplink = Uplink(loaded, outbox, clock=clock)
    threads = [threading.Thread(target=work, daemon=True) for work in (outbox.run, uplink.run)]
    for thread in threads:
        thread.start()
    uplink.link.connected.wait(10)
    made: dict[str, int] = {}
    for number in range(alarms):
        before(number)
        device, t_us = f"lift-{number % DEVICES}", clock.wall_us()
        made[f"{device} {t_us}"] = time.perf_counter_ns()
        _put(outbox, Event(device, t_us, "lift.stuck_occupied", "life"))
        time.sleep(PERIOD_S / 2)
        _put(outbox, Event(device, clock.wall_us(), "lift.released", "info"))
        time.sleep(PERIOD_S / 2)
    rig.wait_until(lambda: len(centre.raised) >= alarms, timeout_s=30, what="telling every alarm")
    uplink.stop()
    threads[1].join()
    outbox.stop()
    threads[0].join()
    outbox.close()
    return [(centre.raised[key] - put_ns) / 1e6 for key, put_ns in made.items()]


def _put(outbox: Outbox, event: Event) -> None:
    lane: Lane = "event"
    outbox.put({lane: (event,)})

"""A flooded street node as a process of its own: a real outbox and uplink whose sources say far too much."""

import argparse
import json
import random
import re
import threading
import time
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.wire import Event, Fact, Reading
from edge_agent.config import load_config
from edge_agent.outbox import Outbox
from edge_agent.outbox.bounds import Bounds
from edge_agent.uplink import Uplink
from simulators.fleet.packs import NAMES
from tests.bench import rig

AGENT = "flooded-1"
AREA = "fleet/load/edge"
DEVICES = 50
BYTES = 16_000_000  # of the outbox: little, so that minutes of flood fill it
STEP_S = 0.05
ALARM_S = 0.5  # from one alarm to the next
CALIBRATION_S = 10.0
TIMES = 10  # the sustained rate
DRAIN_S = 120.0


class Sources:
    """What is said, and what came of it."""

    def __init__(self, outbox: Outbox) -> None:
        self.readings = 0
        self.told: list[str] = []  # device and time of each alarm that must come of it
        self._outbox = outbox
        self._chance = random.Random(1)
        self._alarm_s = 0.0
        self._values = [{name: self._chance.random() for name in NAMES} for _ in range(100)]
        self._alarms = 0

    def calibrate(self, seconds: float) -> float:
        """Keep the outbox a little ahead of the hub; return how many readings a second were receipted."""
        began, first = time.monotonic(), self.readings
        while time.monotonic() - began < seconds:
            if sum(self._outbox.depths().values()) < 100:
                self._say(200)
            time.sleep(STEP_S / 5)
        return (self.readings - first) / (time.monotonic() - began)

    def flood(self, rate: float, seconds: float) -> float:
        """Say ``rate`` readings a second, whatever becomes of them; return how many a second were said."""
        began, first = time.monotonic(), self.readings
        while (passed := time.monotonic() - began) < seconds:
            self._say(int(passed * rate) - (self.readings - first))
            self._alarm()
            time.sleep(STEP_S)
        return (self.readings - first) / (time.monotonic() - began)

    def _say(self, count: int) -> None:
        now_us, chance = time.time_ns() // 1_000, self._chance
        facts: list[Fact] = [
            Reading(f"meter-{number % DEVICES}", now_us + number, chance.choice(self._values))
            for number in range(count)
        ]
        self._outbox.put({self._outbox.reading_lane(): facts})
        self.readings += count

    def _alarm(self) -> None:
        if time.monotonic() >= self._alarm_s + ALARM_S:
            self._alarm_s = time.monotonic()
            device, t_us = f"lift-{self._alarms // 2 % DEVICES}", time.time_ns() // 1_000
            if self._alarms % 2:
                self._outbox.put({"event": [Event(device, t_us, "lift.released", "info")]})
            else:
                self._outbox.put({"event": [Event(device, t_us, "lift.stuck_occupied", "life")]})
                self.told.append(f"{device} {t_us}")
            self._alarms += 1


def main() -> None:
    """Calibrate, flood, drain, and print what was said."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("url", str), ("folder", Path), ("seconds", float)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    options = parser.parse_args()
    config = options.folder / "agent.toml"
    config.write_text(rig.agent_config(options.url, agent=AGENT, area=AREA), encoding="utf-8")
    clock = Clock()
    outbox = Outbox(options.folder / "edge", agent=AGENT, clock=clock, bounds=Bounds(max_bytes=BYTES))
    uplink = Uplink(load_config(config), outbox, clock=clock)
    threads = [threading.Thread(target=work, daemon=True) for work in (outbox.run, uplink.run)]
    for thread in threads:
        thread.start()
    uplink.link.connected.wait(30)
    sources = Sources(outbox)
    sustained = sources.calibrate(CALIBRATION_S)
    offered = sources.flood(TIMES * sustained, options.seconds)
    flooded = outbox.depths()
    _drain(outbox)
    uplink.stop()
    threads[1].join()
    outbox.stop()
    threads[0].join()
    said = {
        "readings": sources.readings, "told": sources.told, "sustained": sustained, "offered": offered,
        "thinned": outbox.thinned, "evicted": outbox.evicted, "flooded": flooded, "left": outbox.depths(),
        "peak_mb": _peak_mb(),
    }  # fmt: skip
    outbox.close()
    print(json.dumps(said), flush=True)


def _drain(outbox: Outbox) -> None:
    deadline = time.monotonic() + DRAIN_S
    while sum(outbox.depths().values()) and time.monotonic() < deadline:
        time.sleep(0.05)


def _peak_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1_000 if found else 0.0


if __name__ == "__main__":
    main()

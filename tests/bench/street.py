"""A busy street as a process of its own: Modbus lines full of lift terminals whose alarm buttons go, and boxes."""

import argparse
import json
import math
import random
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from device_profiles.profile import load_profiles
from simulators.box_line.codec import GRAVITY, BoxIdentity
from simulators.box_line.line import BLOCK, Axes, BoxLine
from simulators.modbus.image import RegisterImage, blank_cells, values_to_image
from simulators.modbus.line import Line
from simulators.modbus.slave import Slave
from simulators.modbus.timing import LineTiming

RATE_HZ = 50.0
FLIPS_HZ = 10.0
RIDE_S, REST_S = 12.0, 18.0  # of each box, up and down, over and over
PASCAL_M = -11.9
TICK_S = 0.01
QUIET = {"car_moving": False, "door_zone": True, "door_closed": True, "power_mains": True, "service_mode": 1}


def main() -> int:
    """Run the street; the flips of the alarm buttons go to FOLDER/flips.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, default in (("lines", 16), ("slaves", 8), ("boxes", 64), ("baud", 19200), ("seconds", 30)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    spec = load_profiles()["lift_terminal"].spec
    with ExitStack() as stack:
        slaves: dict[str, Slave] = {}
        for number in range(options.lines):
            mine = [Slave(unit, RegisterImage(blank_cells(spec))) for unit in range(1, options.slaves + 1)]
            for slave in mine:
                slave.image.update(values_to_image(spec, QUIET))
                slaves[device_of(number, slave.unit)] = slave
            timing = LineTiming(baud=options.baud)
            stack.enter_context(Line(mine, timing=timing, link=options.folder / f"line-{number}"))
        boxes = [
            BoxLine(BoxIdentity(f"LB-{number:05}", rate_hz=RATE_HZ), link=options.folder / f"box-{number}")
            for number in range(options.boxes)
        ]
        for box in boxes:
            stack.enter_context(box)
        print("ready", flush=True)
        sys.stdin.readline()  # the agent is up
        flips = _run(spec, slaves, boxes, seconds=options.seconds)
    (options.folder / "flips.json").write_text(json.dumps(flips), encoding="utf-8")
    return 0


def device_of(line: int, unit: int) -> str:
    """Return the device of a slave."""
    return f"lift-{line}-{unit}"


def _run(spec, slaves, boxes, *, seconds: int) -> list[tuple[str, bool, int]]:  # type: ignore[no-untyped-def]
    """Return (device, button, wall µs) of each flip."""
    chance, began_s = random.Random(1), time.monotonic()
    signal, heights = street_signal(chance)
    shift = [chance.randrange(len(signal)) for _ in boxes]
    late = [chance.randrange(BLOCK) for _ in boxes]  # their blocks do not all come at once
    said = [0] * len(boxes)
    flips: list[tuple[str, bool, int]] = []
    pressed = dict.fromkeys(slaves, False)
    devices = list(slaves)
    while (passed_s := time.monotonic() - began_s) < seconds:
        for number, box in enumerate(boxes):
            due = int(passed_s * RATE_HZ) + late[number]
            if due - said[number] >= BLOCK:
                at = [(shift[number] + index) % len(signal) for index in range(said[number], said[number] + BLOCK)]
                pascal = 101_000.0 + PASCAL_M * heights[at[-1]] + chance.gauss(0, 1)
                box.send([signal[index] for index in at], pascal)
                said[number] += BLOCK
        while len(flips) < passed_s * FLIPS_HZ:
            device = devices[len(flips) % len(devices)]
            pressed[device] = not pressed[device]
            slaves[device].image.update(values_to_image(spec, QUIET | {"alarm_button": pressed[device]}))
            flips.append((device, pressed[device], time.time_ns() // 1000))
        time.sleep(TICK_S)
    return flips


def street_signal(chance: random.Random) -> tuple[list[Axes], list[float]]:
    """Return what a box feels in a car that goes up and down again, and how high it is at each sample."""
    signal: list[Axes] = []
    heights: list[float] = []
    for sign in (1.0, -1.0):
        speed, height = 0.0, heights[-1] if heights else 0.0
        for index in range(round((RIDE_S + REST_S) * RATE_HZ)):
            rise = sign * _rise(index / RATE_HZ)
            speed += rise / RATE_HZ
            height += speed / RATE_HZ
            heights.append(height)
            signal.append((chance.gauss(0.2, 0.02), chance.gauss(0.1, 0.02), GRAVITY + rise + chance.gauss(0, 0.02)))
    return signal, heights


def _rise(t_s: float) -> float:
    """Return the acceleration of a car that rides for RIDE_S and then rests: two seconds of it at each end."""
    if t_s < 2:
        return 0.8 * math.sin(math.pi * t_s / 2) ** 2
    return -0.8 * math.sin(math.pi * (t_s - RIDE_S) / 2) ** 2 if RIDE_S - 2 < t_s < RIDE_S else 0.0


if __name__ == "__main__":
    sys.exit(main())

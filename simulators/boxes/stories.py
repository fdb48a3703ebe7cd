"""Random stretches of life for training and evaluation: ordinary rides, look-alikes, stops that should not be."""

import numpy as np

from simulators.boxes.day import Day, Recording
from simulators.boxes.lookalikes import LOOKALIKES
from simulators.boxes.sensors import Sensors, draw_sensors
from simulators.boxes.travel import Drive


def draw_drive(rng: np.random.Generator) -> Drive:
    """Return a drive between a goods lift and an express lift."""
    speed = float(np.exp(rng.uniform(np.log(0.5), np.log(10.0))))
    accel = float(rng.uniform(0.4, 1.5)) if speed > 0.8 else float(rng.uniform(0.4, 0.9))
    return Drive(speed, accel, float(rng.uniform(0.5, 2.0)))


def draw_floors(drive: Drive, rng: np.random.Generator) -> list[float]:
    """Return the heights of a building that such a drive is built into."""
    travel_m = min(400.0, max(2.6, drive.speed * rng.uniform(6, 60)))
    spacing = rng.uniform(2.6, 4.5)
    floors = [0.0, rng.uniform(2.6, 6.0)]
    while floors[-1] + spacing <= travel_m:
        floors.append(floors[-1] + spacing * (1.0 if rng.random() < 0.9 else rng.uniform(1.0, 2.0)))
    return floors


def rides(
    count: int, rng: np.random.Generator, *, sensors: Sensors | None = None, fans: bool = False, idle_s: float = 0.0
) -> Recording:
    """Return ``count`` ordinary rides in one building, ``idle_s`` on average between them."""
    day = Day(sensors or draw_sensors(rng), rng, fans=fans)
    drive = draw_drive(rng)
    floors = draw_floors(drive, rng)
    at = int(rng.integers(len(floors)))
    day.stand(rng.uniform(4, 15))
    for _ in range(count):
        to = _other(at, len(floors), rng)
        wait(day, rng, idle_s=idle_s)
        day.ride(drive, floors[to] - floors[at], occupied=rng.random() < 0.7)
        at = to
    wait(day, rng, idle_s=idle_s)
    day.stand(8)
    return day.record()


def stuck(
    rng: np.random.Generator, *, sensors: Sensors | None = None, before: int = 1, fans: bool = False
) -> Recording:
    """Return some ordinary rides and one that ends dead."""
    day = Day(sensors or draw_sensors(rng), rng, fans=fans)
    drive = draw_drive(rng)
    floors = draw_floors(drive, rng)
    day.stand(rng.uniform(4, 15))
    at = int(rng.integers(len(floors)))
    for _ in range(before):
        to = _other(at, len(floors), rng)
        wait(day, rng)
        day.ride(drive, floors[to] - floors[at])
        at = to
    wait(day, rng)
    to = _other(at, len(floors), rng)
    day.stop_short(drive, floors[to] - floors[at], decel=rng.uniform(2.5, 9.0), part=rng.uniform(0.35, 0.6))
    return day.record()


def lookalikes(kind: str, rng: np.random.Generator, *, sensors: Sensors | None = None) -> Recording:
    """Return one look-alike between rests."""
    sensors = sensors or draw_sensors(rng)
    day = Day(sensors, rng)
    day.stand(rng.uniform(3, 10))
    if kind == "jumping":
        day.load(5)
        day.jump(rng.uniform(6, 25))
    else:
        world, climb, turns = LOOKALIKES[kind](rng.uniform(6, 25), rate_hz=sensors.rate_hz, rng=rng)
        day.shake(world, climb=climb, turns=turns)
    day.stand(rng.uniform(6, 12))
    return day.record()


KINDS = (*LOOKALIKES, "jumping")


def wait(day: Day, rng: np.random.Generator, *, idle_s: float = 0.0) -> None:
    """Let people out and in, and perhaps let the car idle."""
    day.stand(rng.uniform(0.3, 2.0))
    day.load(rng.uniform(3, 12))
    if idle_s:
        day.stand(rng.exponential(idle_s))
    if rng.random() < 0.05:
        day.jump(rng.uniform(2, 8))
    day.stand(rng.uniform(0.3, 3.0))


def _other(at: int, count: int, rng: np.random.Generator) -> int:
    to = int(rng.integers(count - 1))
    return to if to < at else to + 1

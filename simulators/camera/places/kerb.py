"""A street with a row of berths along its kerb, and traffic that passes between them and the camera."""

import random
from collections.abc import Iterator

from simulators.camera.places.car_park import draw_stays, park
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Berth, Point, Scene, Spot, Stay, Track
from simulators.camera.scene.vehicles import draw_vehicle

LENS = Lens(focal_px=360.0, at=(0.0, -1.0, 12.5), pitch=42.0)
_BERTH_Y, _KERB_Y = 12.3, 13.5
_LENGTH, _WIDTH = 6.0, 2.3
_LANES = ((9.3, 1), (5.8, -1))  # y, direction
_EDGE_X = 40.0


def kerb(seed: int, *, duration_s: float = 600.0, berths: int = 5, busy: float = 1.0, traffic_s: float = 9.0) -> Scene:
    """Return a street; a vehicle passes every ``traffic_s`` on average, on each lane."""
    rng = random.Random(f"{seed}/kerb")
    places = [
        Berth(f"{number + 1}", (number - (berths - 1) / 2) * _LENGTH, _BERTH_Y, 0.0, _LENGTH, _WIDTH)
        for number in range(berths)
    ]
    stays: list[Stay] = []
    tracks: list[Track] = []
    for berth in places:
        for stay in draw_stays(berth.id, rng, duration_s=duration_s, mean_s=90.0 / busy, full=0.6):
            stays.append(stay)
            vehicle = draw_vehicle(rng)
            tracks.append(park(vehicle, berth, stay, aisle_y=_LANES[0][0], rng=rng))
    for lane in _LANES:
        tracks.extend(passing(rng, lane, duration_s=duration_s, every_s=traffic_s))
    lines = tuple(line for berth in places for line in _lines(berth))
    return Scene(
        "kerb", seed, tuple(places), (), tuple(tracks), tuple(stays), markings=lines, kerb_y=_KERB_Y, front_y=19.0
    )


def passing(rng: random.Random, lane: tuple[float, int], *, duration_s: float, every_s: float) -> Iterator[Track]:
    """Yield vehicles that drive through; now and then a lorry that hides what is behind it."""
    y, direction = lane
    t_s = -rng.expovariate(1 / every_s)
    while t_s < duration_s:
        vehicle = draw_vehicle(rng, make="lorry" if rng.random() < 0.12 else None)
        took_s = 2 * _EDGE_X / rng.uniform(7.0, 12.0)
        heading = 0.0 if direction > 0 else 3.14159
        ends = Spot(t_s, -_EDGE_X * direction, y, heading), Spot(t_s + took_s, _EDGE_X * direction, y, heading)
        yield Track(vehicle, ends)
        t_s += max(2.5, rng.expovariate(1 / every_s))


def _lines(berth: Berth) -> list[tuple[Point, Point]]:
    left, right = berth.x - _LENGTH / 2, berth.x + _LENGTH / 2
    near, far = berth.y - _WIDTH / 2, berth.y + _WIDTH / 2
    return [((left, near), (right, near)), ((left, near), (left, far)), ((right, near), (right, far))]

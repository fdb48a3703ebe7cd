"""A car park: two rows of berths at an aisle, in which vehicles come, stay and leave."""

import math
import random
from collections.abc import Iterator

from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import PARK_S, Berth, Point, Scene, Spot, Stay, Track, Vehicle
from simulators.camera.scene.vehicles import draw_vehicle

LENS = Lens(focal_px=560.0, at=(0.0, -8.0, 15.0), pitch=34.0)
_ROWS = ((9.5, -math.pi / 2), (20.5, math.pi / 2))  # y of the middle, heading
_AISLE_Y = 15.0
_LENGTH, _WIDTH = 5.0, 2.5
_FAR_X = 34.0
_SHORTEST_S = 25.0  # of a stay, and of a berth's time between two


def car_park(seed: int, *, duration_s: float = 600.0, berths: int = 16, busy: float = 1.0, full: float = 0.6) -> Scene:
    """Return a car park of two rows; ``busy`` shortens stays, ``full`` is the share of berths taken at the start."""
    rng = random.Random(f"{seed}/car-park")
    row = (berths + 1) // 2
    places = [
        Berth(f"{number + 1}", (number % row - (row - 1) / 2) * _WIDTH, *_ROWS[number // row], _LENGTH, _WIDTH)
        for number in range(berths)
    ]
    stays: list[Stay] = []
    tracks: list[Track] = []
    for berth in places:
        for stay in draw_stays(berth.id, rng, duration_s=duration_s, mean_s=110.0 / busy, full=full):
            stays.append(stay)
            tracks.append(park(draw_vehicle(rng), berth, stay, aisle_y=_AISLE_Y, rng=rng))
    lines = tuple(line for berth in places for line in _lines(berth))
    return Scene(
        "car-park", seed, tuple(places), (), tuple(tracks), tuple(stays), markings=lines, kerb_y=24.0, front_y=28.0
    )


def draw_stays(
    berth: str, rng: random.Random, *, duration_s: float, mean_s: float, full: float, gap_s: float | None = None
) -> Iterator[Stay]:
    """Yield the stays of one berth from before the start to the end."""
    free_s = mean_s * (1 - full) / full if gap_s is None else gap_s
    t_s = -mean_s * rng.random() if rng.random() < full else _SHORTEST_S / 2 + rng.expovariate(1 / free_s)
    while t_s < duration_s - _SHORTEST_S:
        stays_s = _SHORTEST_S - min(0.0, t_s) + 0.7 * rng.expovariate(1 / mean_s)
        yield Stay(berth, t_s, t_s + stays_s)
        t_s += stays_s + max(_SHORTEST_S, rng.expovariate(1 / free_s))


def park(vehicle: Vehicle, berth: Berth, stay: Stay, *, aisle_y: float, rng: random.Random) -> Track:
    """Return the way of a vehicle: along the aisle, into its berth, and on."""
    x, y, heading = berth.x + rng.uniform(-0.12, 0.12), berth.y + rng.uniform(-0.2, 0.2), berth.heading
    heading += rng.uniform(-0.04, 0.04) + (math.pi if rng.random() < 0.3 and abs(berth.heading) > 0.1 else 0.0)
    come, go = stay.from_s, stay.to_s
    out = math.remainder(heading, math.tau)
    return Track(
        vehicle,
        (
            Spot(come - PARK_S, -_FAR_X, aisle_y, 0.0),
            Spot(come - PARK_S / 2, berth.x - 2.5, aisle_y, 0.0),
            Spot(come, x, y, out),
            Spot(go, x, y, out),
            Spot(go + PARK_S / 2, berth.x + 2.5, aisle_y, 0.0),
            Spot(go + PARK_S, _FAR_X, aisle_y, 0.0),
        ),
    )


def _lines(berth: Berth) -> list[tuple[Point, Point]]:
    side = _WIDTH / 2
    ends = berth.y - _LENGTH / 2, berth.y + _LENGTH / 2
    return [((berth.x + s, ends[0]), (berth.x + s, ends[1])) for s in (-side, side)]

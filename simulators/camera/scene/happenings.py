"""What befalls a road, as the truth: what lies or stands where on it since when, and how large it is."""

import math
import random
from enum import StrEnum

import msgspec

from simulators.camera.scene.scene import Point


class Kind(StrEnum):
    """What it is; only the first two are what a road's alarm is for."""

    HOLE = "hole"
    FLOOD = "flood"  # a burst main
    PUDDLE = "puddle"  # after rain
    SHADOW = "shadow"  # of something that was put up, and stays
    PASSING_SHADOW = "passing_shadow"
    LORRY = "lorry"  # it stops and stays
    HEADLIGHTS = "headlights"  # of a car that stands beside and shines on the road
    GANG = "gang"  # people with cones, a van, and an open manhole
    TARPAULIN = "tarpaulin"
    SNOW = "snow"  # everywhere
    MENDED = "mended"  # whatever had befallen it before is put right: the road is as it was


GROWS_S: dict[Kind, float] = {  # until it is as large as it will be
    Kind.HOLE: 1.6, Kind.FLOOD: 5.0, Kind.PUDDLE: 12.0, Kind.SNOW: 25.0,
}  # fmt: skip
AREAS_M2: dict[Kind, tuple[float, float]] = {  # between these the seed draws
    Kind.HOLE: (1.6, 4.0), Kind.FLOOD: (9.0, 16.0), Kind.PUDDLE: (2.5, 5.0), Kind.SHADOW: (7.0, 12.0),
    Kind.PASSING_SHADOW: (7.0, 12.0), Kind.TARPAULIN: (3.0, 6.0), Kind.GANG: (0.5, 0.9),
}  # fmt: skip
CLASSES: dict[Kind, str] = {Kind.HOLE: "hole", Kind.FLOOD: "water", Kind.PUDDLE: "water"}  # what a camera should see
_GIVES_WAY = frozenset({Kind.HOLE, Kind.FLOOD, Kind.PUDDLE, Kind.LORRY, Kind.GANG, Kind.TARPAULIN})
_KEEPS_M = 1.5  # so far stays a vehicle's middle from the edge of what it drives round
_BEND_M = 6.0  # so early begins it
_LONG: dict[Kind, tuple[float, float]] = {
    Kind.LORRY: (0.0, 9.0),
    Kind.GANG: (3.5, 11.0),
}  # how far behind its middle, how early
_VEHICLE_M = 1.3  # half of one's width


class Happening(msgspec.Struct, frozen=True):
    """One thing on a road."""

    kind: Kind
    x: float  # m on the ground
    y: float
    heading: float  # of the road there, radians
    begin_s: float
    area_m2: float  # when it has grown
    seed: int = 0  # of its looks

    def grown(self, t_s: float) -> float:
        """Return its share of what it will be, of the area."""
        since_s = t_s - self.begin_s
        if since_s < 0:
            return 0.0
        return min(1.0, (since_s + 0.1) / GROWS_S[self.kind]) if self.kind in GROWS_S else 1.0

    def area_at(self, t_s: float) -> float:
        """Return how large it is, in m²."""
        return self.area_m2 * self.grown(t_s)

    def bent(self, x: float, y: float, heading: float, *, t_s: float) -> Point:
        """Return where a vehicle drives that would be at a place: it bends away from what it should not touch."""
        if self.kind not in _GIVES_WAY or self.grown(t_s) <= 0.0:
            return x, y
        ahead, left = (math.cos(heading), math.sin(heading)), (-math.sin(heading), math.cos(heading))
        back_m, bend_m = _LONG.get(self.kind, (0.0, _BEND_M))
        along = (self.x - x) * ahead[0] + (self.y - y) * ahead[1] - back_m * math.cos(heading - self.heading)
        across = (x - self.x) * left[0] + (y - self.y) * left[1]
        wide = (_VEHICLE_M if self.kind in _LONG else math.sqrt(self.area_m2 / math.pi)) + _KEEPS_M
        by = max(0.0, wide - abs(across)) * math.exp(-((along / bend_m) ** 4)) * (1 if across >= 0 else -1)
        return x + left[0] * by, y + left[1] * by


def draw_happening(
    kind: Kind, spots: tuple[Point, ...], *, heading: float, begin_s: float, seed: str, area_m2: float = 0.0
) -> Happening:
    """Return one at one of some spots, of the area that is asked for or one that the seed draws."""
    rng = random.Random(f"{seed}/{kind}")
    x, y = rng.choice(spots)
    low, high = AREAS_M2.get(kind, (6.0, 6.0))
    return Happening(kind, x, y, heading, begin_s, area_m2 or rng.uniform(low, high), rng.randrange(1 << 30))

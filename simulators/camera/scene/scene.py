"""A piece of the city with its truth: berths, lanes, and vehicles on their tracks; all is a function of the time."""

import bisect
import math
from typing import Literal

import msgspec

Make = Literal["car", "van", "lorry"]
Point = tuple[float, float]
PARK_S = 6.0  # city time from the lane into a berth
SIZES: dict[Make, tuple[float, float, float]] = {
    "car": (4.4, 1.8, 1.45),
    "van": (5.2, 2.0, 2.1),
    "lorry": (8.5, 2.4, 3.2),
}


class Vehicle(msgspec.Struct, frozen=True):
    """What it looks like."""

    make: Make
    colour: tuple[int, int, int]  # blue, green, red
    size: tuple[float, float, float]  # length, width, height in m


class Spot(msgspec.Struct, frozen=True):
    """Where a vehicle is at a moment: the middle of its footprint."""

    t_s: float
    x: float
    y: float
    heading: float  # radians from x to y


class Placed(msgspec.Struct, frozen=True):
    """A vehicle that is there now."""

    vehicle: Vehicle
    spot: Spot
    moving: bool


class Track(msgspec.Struct, frozen=True):
    """A vehicle's way; before its first and after its last spot it is not there."""

    vehicle: Vehicle
    spots: tuple[Spot, ...]

    def at(self, t_s: float) -> Placed | None:
        """Return where it is, straight between two spots."""
        if not self.spots[0].t_s <= t_s <= self.spots[-1].t_s:
            return None
        after = min(bisect.bisect_right(self.spots, t_s, key=lambda spot: spot.t_s), len(self.spots) - 1)
        one, two = self.spots[max(0, after - 1)], self.spots[after]
        part = 0.0 if two.t_s <= one.t_s else (t_s - one.t_s) / (two.t_s - one.t_s)
        turn = math.remainder(two.heading - one.heading, math.tau)
        x, y = one.x + part * (two.x - one.x), one.y + part * (two.y - one.y)
        return Placed(self.vehicle, Spot(t_s, x, y, one.heading + part * turn), (one.x, one.y) != (two.x, two.y))


class Berth(msgspec.Struct, frozen=True):
    """A space for one vehicle."""

    id: str
    x: float  # of its middle
    y: float
    heading: float  # of what stands in it
    length: float
    width: float

    @property
    def corners(self) -> list[Point]:
        """Its outline on the ground."""
        return rectangle(self.x, self.y, self.heading, self.length, self.width)


class Lane(msgspec.Struct, frozen=True):
    """A lane in which vehicles queue, from its head backwards along x."""

    id: str
    from_x: float  # its head
    to_x: float
    y: float  # of its middle
    width: float = 3.5

    @property
    def corners(self) -> list[Point]:
        """Its outline on the ground, the head's side first."""
        half = self.width / 2
        return [
            (self.from_x, self.y - half),
            (self.from_x, self.y + half),
            (self.to_x, self.y + half),
            (self.to_x, self.y - half),
        ]


class Surface(msgspec.Struct, frozen=True):
    """A piece of road whose surface is watched."""

    id: str
    corners: tuple[Point, ...]  # on the ground
    spots: tuple[Point, ...]  # where something may happen
    heading: float = 0.0  # of the traffic


class Stay(msgspec.Struct, frozen=True):
    """The truth of a berth: something stands in it from its arrival until it sets out."""

    berth: str
    from_s: float
    to_s: float


class Scene(msgspec.Struct, frozen=True):
    """All that can be seen and what is true of it."""

    kind: str
    seed: int
    berths: tuple[Berth, ...] = ()
    lanes: tuple[Lane, ...] = ()
    tracks: tuple[Track, ...] = ()
    stays: tuple[Stay, ...] = ()
    queue: tuple[tuple[float, float], ...] = ()  # (s, m): how long it is from then on
    markings: tuple[tuple[Point, Point], ...] = ()  # painted lines
    kerb_y: float = 30.0  # beyond it there is a pavement, and at its end a front of houses
    front_y: float = 36.0
    bounds: tuple[float, float, float, float] = (-40.0, -8.0, 40.0, 36.0)  # of the ground: x, y, x, y
    surfaces: tuple[Surface, ...] = ()

    def placed(self, t_s: float) -> list[Placed]:
        """Return the vehicles that are there."""
        return [placed for track in self.tracks if (placed := track.at(t_s)) is not None]

    def occupied(self, berth: str, t_s: float) -> float | None:
        """Return since when something stands in a berth; None: nothing does."""
        return next(
            (stay.from_s for stay in self.stays if stay.berth == berth and stay.from_s <= t_s < stay.to_s), None
        )

    def queue_m(self, t_s: float) -> float:
        """Return how far the queue reaches."""
        index = bisect.bisect_right(self.queue, t_s, key=lambda one: one[0]) - 1
        return self.queue[index][1] if index >= 0 else 0.0


def rectangle(x: float, y: float, heading: float, length: float, width: float) -> list[Point]:
    """Return the corners of a rectangle on the ground."""
    c, s = math.cos(heading), math.sin(heading)
    sides = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    return [(x + a * length / 2 * c - b * width / 2 * s, y + a * length / 2 * s + b * width / 2 * c) for a, b in sides]

"""Where things stand, and what stands near what: great circles on a sphere, found through a grid.

A distance is that of the haversine formula, written with the chord between two points of the sphere: the same length,
exact for metres as for kilometres. The grid is of those points in space, so it has neither poles nor a date line.
"""

import math
from collections.abc import Iterator

import msgspec

RADIUS_M = 6_371_008.8  # of the sphere: mean radius of WGS 84 (IUGG)
_CELL_M = 50.0  # about what rules ask for; a wider one looks through more cells

LatLon = tuple[float, float]  # degrees, WGS 84
_Vector = tuple[float, float, float]
_Cell = tuple[int, int, int]


class Spot(msgspec.Struct, frozen=True):
    """Something that stands somewhere."""

    key: str  # <area>/<device>, or report:<offset>
    at: LatLon | None = None
    asset: str = ""


def distance_m(a: LatLon, b: LatLon) -> float:
    """Return how far two points are from each other along the ground."""
    return _arc_m(_vector(a), _vector(b))


class Places:
    """The spots of a city. Where one is known to stand, distance counts; where not, a common asset."""

    def __init__(self) -> None:
        self._spots: dict[str, Spot] = {}
        self._vectors: dict[str, _Vector] = {}
        self._cells: dict[_Cell, set[str]] = {}
        self._of_asset: dict[str, set[str]] = {}
        self._near: dict[tuple[str, float], tuple[str, ...]] = {}  # what was asked since the last change

    def put(self, spot: Spot) -> None:
        """Place a spot, which may have stood elsewhere."""
        if self._spots.get(spot.key) == spot:
            return
        self.drop(spot.key)
        self._spots[spot.key] = spot
        if spot.asset:
            self._of_asset.setdefault(spot.asset, set()).add(spot.key)
        if spot.at is not None:
            vector = self._vectors[spot.key] = _vector(spot.at)
            self._cells.setdefault(_cell(vector), set()).add(spot.key)

    def drop(self, key: str) -> None:
        """Forget a spot."""
        self._near.clear()
        spot, vector = self._spots.pop(key, None), self._vectors.pop(key, None)
        if spot is not None and spot.asset:
            self._of_asset[spot.asset].discard(key)
        if vector is not None:
            self._cells[_cell(vector)].discard(key)

    def spot(self, key: str) -> Spot:
        """Return where something stands: nowhere, when it is not known."""
        return self._spots.get(key) or Spot(key)

    def near(self, key: str, within_m: float) -> tuple[str, ...]:
        """Return what stands within so many metres of a spot, itself among it, by key."""
        found = self._near.get((key, within_m))
        if found is None:
            found = self._near[key, within_m] = tuple(sorted({key, *self._look(key, within_m)}))
        return found

    def _look(self, key: str, within_m: float) -> Iterator[str]:
        spot, vector = self.spot(key), self._vectors.get(key)
        for other in self._of_asset.get(spot.asset, ()):
            if vector is None or other not in self._vectors:
                yield other
        for other in self._around(vector, within_m) if vector is not None else ():
            if vector is not None and _arc_m(vector, self._vectors[other]) <= within_m:
                yield other

    def _around(self, vector: _Vector, within_m: float) -> Iterator[str]:
        x, y, z = _cell(vector)
        steps = range(-math.ceil(within_m / _CELL_M), math.ceil(within_m / _CELL_M) + 1)
        for cell in ((x + i, y + j, z + k) for i in steps for j in steps for k in steps):
            yield from self._cells.get(cell, ())


def _vector(at: LatLon) -> _Vector:
    lat, lon = math.radians(at[0]), math.radians(at[1])
    return (
        RADIUS_M * math.cos(lat) * math.cos(lon),
        RADIUS_M * math.cos(lat) * math.sin(lon),
        RADIUS_M * math.sin(lat),
    )


def _cell(vector: _Vector) -> _Cell:
    x, y, z = (math.floor(each / _CELL_M) for each in vector)
    return x, y, z


def _arc_m(a: _Vector, b: _Vector) -> float:
    return 2 * RADIUS_M * math.asin(min(1.0, math.dist(a, b) / (2 * RADIUS_M)))

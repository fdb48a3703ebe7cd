"""Cut a lane into cells of about one vehicle, from its head to its far end."""

from math import atan2, cos, dist, log, sin

import msgspec
import numpy as np

from edge_agent.vision.ground import Ground, ground_of, homography
from edge_agent.vision.polygon import cut
from edge_agent.vision.zone import Point, Polygon, Zone

VEHICLE_M = 5.0  # what a stopped vehicle takes in a queue (DOMAIN.md, section 4)
SHAPE = 1.5  # a vehicle's place is so much longer than a lane is wide
MOST = 200  # cells of one lane


class Cell(msgspec.Struct, frozen=True):
    """One piece of a lane."""

    id: str  # "<zone>/<n>", 0 at the head
    polygon: Polygon  # pixels
    begin_m: float  # from the head of the lane
    end_m: float


def cells_of(zone: Zone) -> list[Polygon]:
    """Return the polygons of a lane's cells, in pixels, from its head on; any other zone is one cell."""
    return [cell.polygon for cell in lane_cells(zone)]


def lane_cells(zone: Zone) -> tuple[Cell, ...]:
    """Return a lane's cells with their places in metres: measured ones, or 5 m each when nobody measured.

    The cells are equally long on the ground. A lane of four points without a measured ground is taken for a
    rectangle seen in perspective; one of more points is cut evenly in the picture.
    """
    if zone.kind != "lane":
        return (Cell(f"{zone.id}/0", zone.polygon, 0.0, VEHICLE_M),)
    ground = ground_of(zone)
    plane = ground or _assumed(zone.polygon)
    flat = plane.to_m(zone.polygon)
    axis = _long_axis(flat) if ground or len(zone.polygon) != 4 else (1.0, 0.0)
    along = [_along(point, axis) for point in flat]
    begin, end = min(along), max(along)
    if along[0] - begin > end - along[0]:  # the first point is at the far end of the axis: count from there
        axis, begin, end = (-axis[0], -axis[1]), -end, -begin
    count = zone.cells or _count(zone.polygon, end - begin if ground else None)
    step = (end - begin) / count
    step_m = step if ground else VEHICLE_M
    strips = [_strip(flat, axis, begin + at * step, begin + (at + 1) * step) for at in range(count)]
    return tuple(
        Cell(f"{zone.id}/{at}", plane.to_px(strip), at * step_m, (at + 1) * step_m) for at, strip in enumerate(strips)
    )


def _assumed(polygon: Polygon) -> Ground:
    """Return the plane of a lane that nobody measured; of four points, one in which it is a rectangle."""
    if len(polygon) != 4:
        return Ground(np.eye(3))
    sides = [dist(polygon[at], polygon[(at + 1) % 4]) for at in range(4)]
    long = sides[0] + sides[2] >= sides[1] + sides[3]
    length, width = max(_pair(sides, 0), _pair(sides, 1)), min(_pair(sides, 0), _pair(sides, 1))
    corners: list[Point] = [(0, 0), (length, 0), (length, width), (0, width)]
    if not long:
        corners = [(0, 0), (0, width), (length, width), (length, 0)]
    return Ground(homography(polygon, corners))


def _pair(sides: list[float], first: int) -> float:
    return (sides[first] + sides[first + 2]) / 2


def _count(polygon: Polygon, length_m: float | None) -> int:
    if length_m is not None:
        return min(MOST, max(1, round(length_m / VEHICLE_M)))
    begin, end = _ends(polygon)
    width = begin if abs(begin - end) < 1e-6 * begin else (begin - end) / log(begin / end)
    return min(MOST, max(1, round(_length(polygon) / (SHAPE * width))))


def _ends(polygon: Polygon) -> tuple[float, float]:
    """Return how wide a lane is at both ends, in pixels; of more than four points, how wide on the average."""
    if len(polygon) == 4:
        sides = [dist(polygon[at], polygon[(at + 1) % 4]) for at in range(4)]
        short = 1 if sides[0] + sides[2] >= sides[1] + sides[3] else 0
        least = 0.05 * max(sides)  # a triangle's tip is no lane's width
        return max(least, sides[short]), max(least, sides[short + 2])
    axis = _long_axis(polygon)
    across = [_along(point, (-axis[1], axis[0])) for point in polygon]
    width = max(max(across) - min(across), 1e-6)
    return width, width


def _length(polygon: Polygon) -> float:
    if len(polygon) == 4:
        sides = [dist(polygon[at], polygon[(at + 1) % 4]) for at in range(4)]
        return max(_pair(sides, 0), _pair(sides, 1))
    along = [_along(point, _long_axis(polygon)) for point in polygon]
    return max(along) - min(along)


def _long_axis(polygon: Polygon) -> Point:
    """Return the direction of the longer side of the smallest rectangle round a polygon."""
    best: tuple[float, Point] = (float("inf"), (1.0, 0.0))
    for (x0, y0), (x1, y1) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        angle = atan2(y1 - y0, x1 - x0)
        one, two = (cos(angle), sin(angle)), (-sin(angle), cos(angle))
        spans = [max(found) - min(found) for found in ([_along(p, axis) for p in polygon] for axis in (one, two))]
        if spans[0] * spans[1] < best[0]:
            best = (spans[0] * spans[1], one if spans[0] >= spans[1] else two)
    return best[1]


def _strip(polygon: Polygon, axis: Point, begin: float, end: float) -> Polygon:
    part = cut(polygon, (axis[0], axis[1], -begin))
    return cut(part, (-axis[0], -axis[1], end))


def _along(point: Point, axis: Point) -> float:
    return point[0] * axis[0] + point[1] * axis[1]

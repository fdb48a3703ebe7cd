"""Geometry of polygons in a plane: area, crossing, cutting; nothing here knows pixels from metres."""

from collections.abc import Sequence
from itertools import combinations

from edge_agent.vision.zone import Point, Polygon

Box = tuple[float, float, float, float]  # left, top, right, bottom
Line = tuple[float, float, float]  # a, b, c: what has a·x + b·y + c ≥ 0 is kept


def area(polygon: Sequence[Point]) -> float:
    """Return the area, in squared units of the points."""
    pairs = zip(polygon, (*polygon[1:], *polygon[:1]), strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def cut(polygon: Sequence[Point], line: Line) -> Polygon:
    """Return the part on the kept side of a line; of a concave polygon the parts hang together by the line."""
    kept: list[Point] = []
    for at, point in enumerate(polygon):
        before = polygon[at - 1]
        here, there = _side(point, line), _side(before, line)
        if (here >= 0) is not (there >= 0):
            share = there / (there - here)
            kept.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
        if here >= 0:
            kept.append(point)
    return tuple(kept)


def inside(polygon: Sequence[Point], box: Box) -> Polygon:
    """Return the part of a polygon that lies in a box."""
    left, top, right, bottom = box
    lines: tuple[Line, ...] = ((1, 0, -left), (0, 1, -top), (-1, 0, right), (0, -1, bottom))
    part = tuple(polygon)
    for line in lines:
        part = cut(part, line) if part else ()
    return part


def overlap(polygon: Sequence[Point], box: Box) -> float:
    """Return which share of a polygon a box covers, 0 to 1.

    Nothing is cut at the frame: a vehicle half outside keeps its size, and so does a zone.
    """
    whole = area(polygon)
    return min(1.0, area(inside(polygon, box)) / whole) if whole > 0 else 0.0


def crosses_itself(polygon: Sequence[Point]) -> bool:
    """Return whether two sides that are no neighbours meet, or two neighbours lie on each other."""
    count = len(polygon)
    sides = [(polygon[at], polygon[(at + 1) % count]) for at in range(count)]
    for one, two in combinations(range(count), 2):
        if two - one == 1 or (one == 0 and two == count - 1):
            first, second = (two, one) if one == 0 and two == count - 1 and count > 2 else (one, two)
            if _folds(sides[first][0], sides[first][1], sides[second][1]):
                return True
        elif _meet(*sides[one], *sides[two]):
            return True
    return False


def _folds(before: Point, corner: Point, after: Point) -> bool:
    """Return whether a side goes back over the one before it."""
    back, on = (before[0] - corner[0], before[1] - corner[1]), (after[0] - corner[0], after[1] - corner[1])
    return back[0] * on[1] == back[1] * on[0] and back[0] * on[0] + back[1] * on[1] > 0


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    touching = zip(turns, ((a, b, c), (a, b, d), (c, d, a), (c, d, b)), strict=True)
    return any(turn == 0 and _between(*three) for turn, three in touching)


def _between(a: Point, b: Point, point: Point) -> bool:
    return min(a[0], b[0]) <= point[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= point[1] <= max(a[1], b[1])


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _side(point: Point, line: Line) -> float:
    return line[0] * point[0] + line[1] * point[1] + line[2]

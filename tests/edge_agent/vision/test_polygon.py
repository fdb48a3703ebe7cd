"""Polygons: areas and overlaps that hold wherever the frame ends."""

from math import cos, pi, sin

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge_agent.vision.polygon import area, crosses_itself, cut, inside, overlap
from edge_agent.vision.zone import Point

EDGE = 1e-6
coordinates = st.floats(-500, 1500).map(lambda one: round(one, 2))


@st.composite
def stars(draw: st.DrawFn) -> list[Point]:
    """Return a polygon whose points lie round a middle, convex or not."""
    count = draw(st.integers(3, 9))
    x, y = draw(coordinates), draw(coordinates)
    radii = draw(st.lists(st.floats(5, 200), min_size=count, max_size=count))
    return [(x + r * cos(2 * pi * at / count), y + r * sin(2 * pi * at / count)) for at, r in enumerate(radii)]


boxes = st.tuples(coordinates, coordinates, st.floats(1, 400), st.floats(1, 400)).map(
    lambda one: (one[0], one[1], one[0] + one[2], one[1] + one[3])
)


@given(stars(), boxes)
def test_a_part_is_no_more_than_the_whole(polygon: list[Point], box: tuple[float, float, float, float]) -> None:
    """Of the polygon, and of the box."""
    part = area(inside(polygon, box))
    assert 0 <= part <= area(polygon) + EDGE
    assert part <= (box[2] - box[0]) * (box[3] - box[1]) + EDGE
    assert 0 <= overlap(polygon, box) <= 1


@given(stars(), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1000, 1000))
def test_both_sides_of_a_line_are_the_whole(polygon: list[Point], a: float, b: float, c: float) -> None:
    """What is cut off is not lost."""
    assume(abs(a) + abs(b) > 0.01)
    parts = [cut(polygon, line) for line in ((a, b, c), (-a, -b, -c))]
    assert sum(area(part) for part in parts if part) == pytest.approx(area(polygon), rel=1e-6)


@given(stars(), coordinates, coordinates)
def test_a_shift_changes_nothing(polygon: list[Point], dx: float, dy: float) -> None:
    """A vehicle that is half outside the frame covers as much of a zone that is too as it would inside."""
    box = (polygon[0][0] - 60, polygon[0][1] - 60, polygon[0][0] + 60, polygon[0][1] + 60)
    moved = [(x + dx, y + dy) for x, y in polygon]
    there = overlap(moved, (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy))
    assert there == pytest.approx(overlap(polygon, box), abs=1e-6)


def test_a_zone_half_outside_the_frame_is_covered_by_half_a_vehicle() -> None:
    """Left of the frame there is road too."""
    assert overlap([(-50, 0), (50, 0), (50, 40), (-50, 40)], (-100, -10, 0, 50)) == pytest.approx(0.5)


@given(stars())
def test_a_star_does_not_cross_itself_and_two_swapped_points_do(polygon: list[Point]) -> None:
    """Whatever its shape; of four points in the wrong order the sides cross."""
    assert not crosses_itself(polygon)
    if len(polygon) == 4:
        assert crosses_itself([polygon[0], polygon[2], polygon[1], polygon[3]])


def test_touching_is_crossing() -> None:
    """A corner on another side, and a side that goes back on itself, part no inside from outside."""
    assert crosses_itself([(0, 0), (10, 0), (10, 10), (5, 0), (0, 10)])
    assert crosses_itself([(0, 0), (10, 0), (4, 0), (4, 8)])
    assert not crosses_itself([(0, 0), (5, 0), (10, 0), (10, 10)])

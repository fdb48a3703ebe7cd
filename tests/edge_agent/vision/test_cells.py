"""Lanes cut into cells: from the head on, without holes, equally long on the road."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.vision.cells import lane_cells
from edge_agent.vision.ground import Ground, ground_of, homography
from edge_agent.vision.polygon import area
from edge_agent.vision.zone import Polygon, Zone

PERSPECTIVE: Polygon = ((600, 700), (700, 700), (420, 200), (400, 200))
ROAD = ((0.0, 0.0), (3.5, 0.0), (3.5, 60.0), (0.0, 60.0))
GROUND = tuple((*px, *m) for px, m in zip(PERSPECTIVE, ROAD, strict=True))
BENT: Polygon = ((0, 0), (200, 0), (260, 60), (260, 90), (190, 30), (0, 30))


def _lane(polygon: Polygon, **more: object) -> Zone:
    return Zone("l", "lane", polygon, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", [
    _lane(PERSPECTIVE), _lane(PERSPECTIVE, ground=GROUND), _lane(PERSPECTIVE, cells=7), _lane(BENT),
    _lane(BENT, m_per_px=0.15), _lane(((0, 0), (90, 10), (5, 30))),
])  # fmt: skip
def test_cells_are_the_whole_lane(zone: Zone) -> None:
    """Together they have its area, in a row they have its length."""
    cells = lane_cells(zone)
    assert sum(area(cell.polygon) for cell in cells) == pytest.approx(area(zone.polygon), rel=0.01)
    assert [cell.id for cell in cells] == [f"l/{at}" for at in range(len(cells))]
    assert cells[0].begin_m == 0
    assert all(one.end_m == pytest.approx(two.begin_m) for one, two in pairwise(cells))


def test_a_measured_lane_has_cells_of_five_metres() -> None:
    """Sixty metres are twelve; in the picture the far ones are small."""
    cells = lane_cells(_lane(PERSPECTIVE, ground=GROUND))
    assert len(cells) == 12
    assert cells[-1].end_m == pytest.approx(60)
    heights = [max(y for _, y in cell.polygon) - min(y for _, y in cell.polygon) for cell in cells]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 5 * heights[-1]


def test_a_lane_in_perspective_is_cut_as_the_road_is() -> None:
    """Nobody measured it: as a rectangle that is seen so, its cells end where those of the measured one do."""
    measured = lane_cells(_lane(PERSPECTIVE, ground=GROUND))
    assumed = lane_cells(_lane(PERSPECTIVE, cells=12))
    assert np.allclose([cell.polygon for cell in assumed], [cell.polygon for cell in measured], atol=0.5)
    assert assumed[-1].end_m == pytest.approx(60)  # twelve vehicles of 5 m


def test_a_scale_is_a_length() -> None:
    """300 pixels of 0.1 m are 30 m: six cells."""
    cells = lane_cells(_lane(((0, 0), (0, 30), (300, 30), (300, 0)), m_per_px=0.1))
    assert len(cells) == 6
    assert cells[-1].end_m == pytest.approx(30)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("measured", [True, False])
def test_the_first_point_is_at_the_head(turn: int, way: int, measured: bool) -> None:
    """Whichever corner it is and whichever way round the points go."""
    points = [PERSPECTIVE[(turn + way * at) % 4] for at in range(4)]
    cells = lane_cells(_lane(tuple(points), ground=GROUND if measured else ()))
    near = turn in (0, 1)
    assert max(y for _, y in cells[0].polygon) == pytest.approx(700 if near else 200, abs=1 if near else 120)
    assert (max(y for _, y in cells[0].polygon) > max(y for _, y in cells[-1].polygon)) is near


def test_any_other_zone_is_one_cell() -> None:
    """A berth is not cut."""
    (cell,) = lane_cells(Zone("b", "berth", PERSPECTIVE))
    assert cell.polygon == PERSPECTIVE


@given(st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)), min_size=4, max_size=4), st.floats(1, 2000))
def test_a_homography_goes_there_and_back(shakes: list[tuple[float, float]], size: float) -> None:
    """Any quadrangle that is not folded: measured points come out as measured, and pixels come back."""
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    pixels = [(size * (x + dx), size * (y + dy)) for (x, y), (dx, dy) in zip(corners, shakes, strict=True)]
    ground = Ground(homography(pixels, ROAD))
    assert np.allclose(ground.to_m(pixels), ROAD, atol=1e-4)
    assert np.allclose(ground.to_px(ROAD), pixels, atol=1e-4 * size)


def test_more_points_than_four_are_fitted() -> None:
    """A measure that is off by centimetres is evened out."""
    exact = Ground(homography(PERSPECTIVE, ROAD))
    road = [(x, y) for x in (0.0, 3.5) for y in range(0, 61, 10)]
    shaken = [(x + 0.02 * (-1) ** at, y + 0.05 * (-1) ** at) for at, (x, y) in enumerate(road)]
    points = tuple((*px, *m) for px, m in zip(exact.to_px(road), shaken, strict=True))
    fitted = ground_of(_lane(PERSPECTIVE, ground=points))
    assert fitted is not None
    assert np.allclose(fitted.to_m(PERSPECTIVE), ROAD, atol=0.3)

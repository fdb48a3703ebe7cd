"""From pixels to metres on the ground and back: one scale, or the homography of points that somebody measured."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.zone import Point, Polygon, Zone

Matrix = NDArray[np.float64]
FLAT = 1e-9  # below it a matrix turns an area into a line


class Ground(msgspec.Struct, frozen=True):
    """A plane that the camera sees."""

    matrix: Matrix  # 3 × 3: pixels → metres

    def to_m(self, points: Iterable[Point]) -> Polygon:
        """Return where points of the picture lie on the ground."""
        return _through(self.matrix, points)

    def to_px(self, points: Iterable[Point]) -> Polygon:
        """Return where points of the ground lie in the picture."""
        back: Matrix = np.linalg.inv(self.matrix).astype(np.float64)
        return _through(back, points)

    def sees(self, points: Sequence[Point]) -> bool:
        """Return whether all the points lie on one side of the horizon."""
        depth = np.column_stack([np.asarray(points, float).reshape(-1, 2), np.ones(len(points))]) @ self.matrix[2]
        return bool((depth > 0).all() or (depth < 0).all())


def ground_of(zone: Zone) -> Ground | None:
    """Return the ground of a zone, None when nobody measured it. Raises ValueError when its points give none."""
    if zone.ground:
        return Ground(homography([one[:2] for one in zone.ground], [one[2:] for one in zone.ground]))
    if zone.m_per_px:
        return Ground(np.diag([zone.m_per_px, zone.m_per_px, 1.0]))
    return None


def homography(source: Sequence[Point], target: Sequence[Point]) -> Matrix:
    """Return the matrix that takes four points or more to others, by least squares. Raises ValueError."""
    before, after = _centred(source), _centred(target)
    rows = []
    for (x, y, _), (u, v, _) in zip(_lift(source) @ before.T, _lift(target) @ after.T, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]]
    _, strengths, ways = np.linalg.svd(np.asarray(rows))
    inner = ways[-1].reshape(3, 3)
    if strengths[7] < FLAT * strengths[0] or abs(np.linalg.det(inner)) < FLAT:
        raise ValueError("three of the points lie on one line")
    matrix: Matrix = np.linalg.inv(after) @ inner @ before
    matrix /= np.abs(matrix).max()
    return matrix


def _centred(points: Sequence[Point]) -> Matrix:
    """Return the matrix that moves points to the origin at a size of 1. Raises ValueError when they are one point."""
    cloud = np.asarray(points, float)
    middle = cloud.mean(axis=0)
    size = float(np.abs(cloud - middle).max())
    if size == 0:
        raise ValueError("the points are one point")
    return np.array([[1 / size, 0, -middle[0] / size], [0, 1 / size, -middle[1] / size], [0, 0, 1]])


def _lift(points: Sequence[Point]) -> Matrix:
    cloud = np.asarray(points, float)
    return np.column_stack([cloud, np.ones(len(cloud))])


def _through(matrix: Matrix, points: Iterable[Point]) -> Polygon:
    moved = _lift(list(points)) @ matrix.T
    return tuple((float(x / w), float(y / w)) for x, y, w in moved)

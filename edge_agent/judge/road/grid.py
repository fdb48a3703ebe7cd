"""A road zone's ground, cut into cells: which of them lie under something that stands or drives there."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import Box

Cells = NDArray[np.bool_]  # rows × columns
Points = NDArray[np.float64]  # n × 2, metres on the ground
SIDE_M = 0.5  # of a cell
MOST = 6_000  # cells of one zone: those of a larger one are larger


class Grid(msgspec.Struct, frozen=True):
    """The cells of one zone."""

    x_m: float  # of the first one's corner
    y_m: float
    side_m: float
    inside: Cells  # whether a cell's middle lies in the zone
    corners_px: NDArray[np.float64]  # (rows + 1) × (columns + 1) × 2: where the cells' corners lie in the frame

    @property
    def cell_m2(self) -> float:
        """Return the area of one cell."""
        return self.side_m**2

    def empty(self) -> Cells:
        """Return no cell."""
        return np.zeros(self.inside.shape, np.bool_)

    def under(self, points: Points) -> Cells:
        """Return the cells of the zone whose middles lie in the hull of some points."""
        found = self.empty()
        hull = hull_of(points)
        if len(hull) < 3:
            return found
        low, high = (self._at(each) for each in (hull.min(axis=0), hull.max(axis=0)))
        rows, columns = slice(low[0], high[0] + 1), slice(low[1], high[1] + 1)
        x, y = self.middles(rows, columns)
        within = np.ones(np.broadcast_shapes(x.shape, y.shape), np.bool_)
        for (ax, ay), (bx, by) in zip(hull, np.roll(hull, -1, axis=0), strict=True):
            within &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
        found[rows, columns] = within & self.inside[rows, columns]
        return found

    def beside(self, start: Points, end: Points, *, reach_m: float) -> Cells:
        """Return the cells that a way from one point to another passes at no more than a distance to its side."""
        way = end - start
        long_m = float(np.hypot(*way))
        if long_m <= 0:
            return self.empty()
        x, y = self.middles(slice(0, self.inside.shape[0]), slice(0, self.inside.shape[1]))
        ux, uy = way / long_m
        along = (x - start[0]) * ux + (y - start[1]) * uy
        aside = (y - start[1]) * ux - (x - start[0]) * uy
        return np.asarray((along >= 0) & (along <= long_m) & (np.abs(aside) <= reach_m) & self.inside)

    def middles(self, rows: slice, columns: slice) -> tuple[Points, Points]:
        """Return x of some columns' and y of some rows' middles, ready to be broadcast."""
        x = self.x_m + (np.arange(columns.start, columns.stop) + 0.5) * self.side_m
        y = self.y_m + (np.arange(rows.start, rows.stop) + 0.5) * self.side_m
        return x[None, :], y[:, None]

    def box(self, cells: Cells) -> Box:
        """Return the box of the frame in which some cells lie."""
        rows, columns = np.nonzero(cells)
        corners = np.concatenate([self.corners_px[rows + a, columns + b] for a in (0, 1) for b in (0, 1)])
        x0, y0 = np.floor(corners.min(axis=0)).astype(int)
        x1, y1 = np.ceil(corners.max(axis=0)).astype(int)
        return int(x0), int(y0), int(x1), int(y1)

    def _at(self, point: Points) -> tuple[int, int]:
        """Return row and column of a point, of one beyond the edge those at the edge."""
        column, row = np.floor((point - (self.x_m, self.y_m)) / self.side_m).astype(int)
        rows, columns = self.inside.shape
        return min(max(0, int(row)), rows - 1), min(max(0, int(column)), columns - 1)


def hull_of(points: Points) -> Points:
    """Return the corners of the convex hull, anticlockwise in x and y (Andrew's monotone chain, 1979)."""
    ordered = sorted(set(map(tuple, points.tolist())))
    if len(ordered) < 3:
        return np.asarray(ordered, float).reshape(-1, 2)
    halves = []
    for way in (ordered, ordered[::-1]):
        half: list[tuple[float, ...]] = []
        for point in way:
            while len(half) > 1 and _turn(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves += half[:-1]
    return np.asarray(halves, float)


def grown(cells: Cells) -> Cells:
    """Return some cells and those that touch them."""
    padded = np.pad(cells, 1)
    rows, columns = cells.shape
    found = np.zeros_like(cells)
    for a in range(3):
        for b in range(3):
            found |= padded[a : a + rows, b : b + columns]
    return found


def pieces_of(cells: Cells) -> list[Cells]:
    """Return the pieces that are two cells wide and more and hang together, the largest first."""
    square = cells[:-1, :-1] & cells[1:, :-1] & cells[:-1, 1:] & cells[1:, 1:]
    wide = np.zeros_like(cells)
    for a in (0, 1):
        for b in (0, 1):
            wide[a : a + square.shape[0], b : b + square.shape[1]] |= square
    found = []
    while wide.any():
        piece = np.zeros_like(wide)
        piece[np.unravel_index(int(np.argmax(wide)), wide.shape)] = True
        while (more := grown(piece) & wide).sum() > piece.sum():
            piece = more
        found.append(piece)
        wide &= ~piece
    return sorted(found, key=lambda one: -int(one.sum()))


def _turn(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

"""Where on the ground of a road zone something drives now: the foot of each thing that moves, in metres."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import Box
from edge_agent.judge.road.grid import MOST, SIDE_M, Cells, Grid, Points
from edge_agent.judge.road.passage import Mover
from edge_agent.vision.road.view import LEVEL_M, Mask, RoadView

PIXEL_M = 0.12  # what moves is looked at so coarsely
JOINED_M = 0.7  # parts of a thing that moves, no further apart
LEAST_M2 = 0.3  # a person
FOOT_M = 1.5  # of the ground behind the lower edge of what is seen belongs to it; the rest is its height
TRIM = 0.25  # of its width on each side is left out: a roof that sticks out, a shadow before it; the way covers it
COLUMNS = 5  # of its lower edge that are measured
RIM_PX = 4  # of the frame, round what is told to be changed
FILLED = 90  # of 255: share of a coarse pixel that moves


class Traffic:
    """Of one zone."""

    def __init__(self, view: RoadView) -> None:
        self.grid = grid_of(view)
        self._view = view
        pixel_m = LEVEL_M / view.level_px
        self._by = max(1, int(PIXEL_M / pixel_m))
        side = max(1, round(JOINED_M / (pixel_m * self._by))) | 1
        self._kernel = np.ones((side, side), np.uint8)
        self._size = max(1, view.size[0] // self._by), max(1, view.size[1] // self._by)
        self._m2 = cv2.resize(view.m2, self._size, interpolation=cv2.INTER_AREA) * (
            view.m2.size / (self._size[0] * self._size[1])
        )

    def movers(self, passing: Mask, *, but: Iterable[Box] = ()) -> tuple[Mover, ...]:
        """Return what moves, from the pixels of the view that do, but for boxes that were told to be changed.

        What lies there wavers when something passes beside it.
        """
        if not passing.any():
            return ()
        passing = passing.copy()
        for x0, y0, x1, y1 in but:
            around = self._view.in_view((x0 - RIM_PX, y0 - RIM_PX, x1 + RIM_PX, y1 + RIM_PX))
            passing[around] = 0
        coarse = cv2.resize(passing * np.uint8(255), self._size, interpolation=cv2.INTER_AREA)
        joined = cv2.morphologyEx((coarse > FILLED).astype(np.uint8), cv2.MORPH_CLOSE, self._kernel)
        outlines, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        found = []
        for outline in outlines:
            x, y, width, height = cv2.boundingRect(outline)
            there = self._m2[y : y + height, x : x + width]
            if width < 2 or float(there.sum()) < LEAST_M2:
                continue
            filled = np.zeros((height, width), np.uint8)
            cv2.drawContours(filled, [outline - np.array([x, y])], -1, 1, cv2.FILLED)
            area_m2 = float((there * filled).sum())
            if area_m2 >= LEAST_M2:
                found.append(Mover(self._foot(np.asarray(outline[:, 0], np.int32), x, width), area_m2))
        return tuple(found)

    def outline(self, box: Box) -> Points:
        """Return the corners of a box of the frame on the ground."""
        x0, y0, x1, y1 = box
        return self._to_m(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float))

    def _foot(self, outline: NDArray[np.int32], x: int, width: int) -> Points:
        """Return the lower edge of an outline on the ground, and how deep the ground is that it stands on."""
        lower = np.full(width, -1)
        np.maximum.at(lower, outline[:, 0] - x, outline[:, 1])
        columns = np.round(np.linspace(TRIM * (width - 1), (1 - TRIM) * (width - 1), COLUMNS)).astype(int)
        by_x, by_y = (
            self._view.shrink * full / coarse for full, coarse in zip(self._view.size, self._size, strict=True)
        )
        left, top = self._view.box[:2]
        pixels = np.column_stack([left + by_x * (x + columns + 0.5), top + by_y * (lower[columns] + 1)])
        edge = self._to_m(pixels)
        away = self._to_m(pixels - (0, by_y)) - edge
        away /= np.maximum(1e-9, np.hypot(away[:, 0], away[:, 1]))[:, None]
        return np.concatenate([edge, edge + FOOT_M * away])

    def _to_m(self, pixels: Points) -> Points:
        return np.asarray(self._view.ground.to_m(map(tuple, pixels.tolist())))


def grid_of(view: RoadView) -> Grid:
    """Return the cells of a zone's ground."""
    rows, columns = np.nonzero(view.mask)
    left, top = view.box[:2]
    seen = np.column_stack([left + view.shrink * (columns + 0.5), top + view.shrink * (rows + 0.5)])[::7]
    metres = np.asarray(view.ground.to_m(map(tuple, seen.tolist())))
    low, high = metres.min(axis=0), metres.max(axis=0)
    side_m = max(SIDE_M, float(np.sqrt(np.prod(high - low) / MOST)))
    shape = tuple(int(n) for n in np.ceil((high - low)[::-1] / side_m) + 1)
    x, y = (np.arange(n + 1) * side_m + at for n, at in zip(shape[::-1], low, strict=True))
    corners = _to_px(view, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    corners = np.clip(corners, (left, top), view.box[2:]).reshape(shape[0] + 1, shape[1] + 1, 2)
    middles = np.stack(np.meshgrid(x[:-1] + side_m / 2, y[:-1] + side_m / 2), axis=-1).reshape(-1, 2)
    inside = _inside(view, middles).reshape(shape)
    return Grid(float(low[0]), float(low[1]), side_m, inside, corners)


def _inside(view: RoadView, middles: Points) -> Cells:
    """Return which points of the ground lie in the zone; beyond the horizon none does."""
    pixels = _to_px(view, middles)
    places = np.floor((pixels - view.box[:2]) / view.shrink)
    columns, rows = np.clip(places, 0, np.array(view.size) - 1).astype(int).T
    fits = (places >= 0).all(axis=1) & (places < view.size).all(axis=1)
    return np.asarray(fits & (view.mask[rows, columns] > 0))


def _to_px(view: RoadView, metres: Iterable[Points]) -> Points:
    """Return points of the ground in the frame; those beyond the horizon are nowhere."""
    back = np.linalg.inv(view.ground.matrix)
    moved = np.column_stack([np.asarray(metres), np.ones(len(np.asarray(metres)))]) @ back.T
    x0, y0, x1, y1 = view.box
    middle = view.ground.matrix @ np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1.0])
    side = np.sign((back @ (middle / middle[2]))[2])
    depth = np.where(moved[:, 2] * side > 1e-12, moved[:, 2], np.inf)
    pixels = moved[:, :2] / depth[:, None]
    return np.where(np.isfinite(depth)[:, None], pixels, -1e6)

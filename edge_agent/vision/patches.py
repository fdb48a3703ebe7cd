"""Cut the zones of a frame into one batch of patches: a square round each polygon, dimmed outside of it."""

from collections.abc import Sequence
from itertools import cycle

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.zone import Polygon

Frame = NDArray[np.uint8]  # (height, width, 3), BGR

_SOFT = 1.0  # px: the edge of the light is no line of its own


class Patches:
    """All patches of one camera, in two batches that are allocated once."""

    def __init__(self, polygons: Sequence[Polygon], *, size: int, context: float, dim: float) -> None:
        """``context`` is what is shown round a polygon, as a share of its longer side; ``dim`` is its brightness."""
        batches = [np.zeros((len(polygons), size, size, 3), np.uint8) for _ in range(2)]
        self._batches = cycle(batches)  # one is filled while the model has the other; untouched rows take no memory
        self._shrink = _shrink([square(polygon, context=context)[2] for polygon in polygons], size)
        polygons = [tuple((x / self._shrink, y / self._shrink) for x, y in polygon) for polygon in polygons]
        squares = [square(polygon, context=context) for polygon in polygons]
        self._size = (size, size)
        self._squares = [_whole(*one) for one in squares]
        self._turns = [to_patch(one, size=size) for one in squares]
        lights = [light(polygon, turn, size=size, dim=dim) for polygon, turn in zip(polygons, self._turns, strict=True)]
        self._lights = np.array(lights, np.uint8).reshape(-1, size, size, 3)

    def cut(self, frame: Frame, which: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """Return the patches of ``which`` zones (None: all), as a view that the next cut but one overwrites."""
        chosen = list(range(len(self._squares))) if which is None else list(which)
        patches, size = next(self._batches)[: len(chosen)], self._size[0]
        if self._shrink > 1:  # once for all: it reads memory in its order, and averages where a patch would skip
            scaled = (frame.shape[1] // self._shrink, frame.shape[0] // self._shrink)
            frame = cv2.resize(frame, scaled, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        for patch, zone in zip(patches, chosen, strict=True):
            self._fill(patch, frame, zone)
        in_order = bool(chosen) and chosen == list(range(chosen[0], chosen[0] + len(chosen)))
        lights = self._lights[chosen[0] : chosen[-1] + 1] if in_order else self._lights[chosen]  # a view, or a copy
        flat = patches.reshape(-1, size, 3)
        cv2.multiply(flat, lights.reshape(-1, size, 3), dst=flat, scale=1 / 255)
        return patches

    def _fill(self, patch: NDArray[np.uint8], frame: Frame, zone: int) -> None:
        """Resize a square that lies in the frame; one that does not is warped, which takes half as long again."""
        left, top, right, bottom = self._squares[zone]
        if left >= 0 and top >= 0 and right <= frame.shape[1] and bottom <= frame.shape[0]:
            cv2.resize(frame[top:bottom, left:right], self._size, dst=patch, interpolation=cv2.INTER_LINEAR)
        else:
            cv2.warpAffine(frame, self._turns[zone], self._size, dst=patch, flags=cv2.INTER_LINEAR,
                           borderMode=cv2.BORDER_REPLICATE)  # fmt: skip


def _shrink(sides: Sequence[float], size: int) -> int:
    """Return by what to divide a frame first, when most of its squares are far larger than a patch."""
    if not sides:
        return 1
    return max(1, int(np.median(sides) / (1.25 * size)))


def _whole(x: float, y: float, side: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a square in whole pixels."""
    length = max(1, round(side))
    left, top = round(x - length / 2), round(y - length / 2)
    return left, top, left + length, top + length


def square(polygon: Polygon, *, context: float) -> tuple[float, float, float]:
    """Return centre x, centre y and side of the upright square round a polygon."""
    points = np.asarray(polygon, np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    return float(centre[0]), float(centre[1]), float(max(high - low)) * (1 + 2 * context)


def to_patch(one: tuple[float, float, float], *, size: int) -> NDArray[np.float64]:
    """Return the 2×3 matrix from the frame's pixels to the patch's."""
    x, y, side = one
    scale = size / max(side, 1.0)
    return np.array([[scale, 0, size / 2 - scale * x], [0, scale, size / 2 - scale * y]])


def light(polygon: Polygon, turn: NDArray[np.float64], *, size: int, dim: float) -> NDArray[np.uint8]:
    """Return how bright each pixel of a patch is shown: 255 in the polygon, ``dim`` of it elsewhere."""
    points = np.asarray(polygon, np.float64) @ turn[:, :2].T + turn[:, 2]
    mask = np.full((size, size), round(255 * dim), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    soft = cv2.GaussianBlur(mask, (0, 0), _SOFT).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(soft[:, :, None], 3, axis=2))

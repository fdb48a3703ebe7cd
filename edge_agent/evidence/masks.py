"""Mask a picture: people and vehicles by their whole boxes, and what is not road by blocks that show nobody."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import Box
from edge_agent.vision.patches import Frame
from edge_agent.vision.zone import Polygon

GREY = 128
BLOCKS = 32  # across the picture, of what lies outside: a face is less than one of them
LEAST_BLOCK = 12  # px
MARGIN = 0.04  # of the zone's longer side: so much round it is shown too
GROWN = 0.1  # of its longer side a box is grown, and by LEAST_GROWN px at least: a shadow's edge, a hand
LEAST_GROWN = 3
_DIFFERS = 22  # grey levels: noise of a camera by day is 3 to 8
_SMALL = 320  # px wide: what moves is looked for in pictures of at most this
_LEAST_AREA = 6  # px of those
_DROP = np.ones((2, 2), np.uint8)  # thinner is rain
_LIMBS = np.ones((9, 9), np.uint8)  # nearer together is one: legs, wheels, a dark coat


def mask(image: Frame, *, zone: Polygon, boxes: Iterable[Box], hidden: Iterable[Polygon] = ()) -> Frame:
    """Return a copy in which ``boxes`` and polygons of ``hidden`` are flat, and all beyond ``zone`` is coarse."""
    shown = _shown(image, zone)
    masked = _coarse(image)
    cv2.copyTo(image, shown, masked)
    for box in boxes:
        x0, y0, x1, y1 = grown(box, width=image.shape[1], height=image.shape[0])
        masked[y0:y1, x0:x1] = GREY
    for polygon in hidden:
        cv2.fillPoly(masked, [_points(polygon)], (GREY, GREY, GREY))
    return masked


def grown(box: Box, *, width: int, height: int) -> Box:
    """Return a box with some room round it, inside the picture."""
    x0, y0, x1, y1 = box
    by = max(LEAST_GROWN, round(GROWN * max(x1 - x0, y1 - y0)))
    return max(0, x0 - by), max(0, y0 - by), min(width, x1 + by), min(height, y1 + by)


def movers(image: Frame, stays: Sequence[Frame]) -> tuple[Box, ...]:
    """Return the boxes of what is in no picture of ``stays`` (before and after): it came and went, so it moved.

    All pictures have one size.
    """
    small = [_small(each) for each in (image, *stays)]
    apart = np.min([cv2.absdiff(small[0], stay).max(axis=2) for stay in small[1:]], axis=0)  # a red coat is grey too
    differs = np.where(apart > _DIFFERS, 255, 0).astype(np.uint8)
    thick = cv2.dilate(cv2.erode(differs, _DROP), _DROP, anchor=(0, 0))
    whole = cv2.morphologyEx(thick, cv2.MORPH_CLOSE, _LIMBS)
    count, _, stats, _ = cv2.connectedComponentsWithStats(whole)
    scale = image.shape[1] / small[0].shape[1]
    return tuple(_box(stats[at], scale) for at in range(1, count) if stats[at][cv2.CC_STAT_AREA] >= _LEAST_AREA)


def strangers(after: Frame, before: Frame, *, zone: Polygon) -> tuple[Box, ...]:
    """Return the boxes of what came beside the zone, where nobody judges: the middle of them is not on it."""
    points = _points(zone)
    middles = [(box, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)) for box in movers(after, [before])]
    return tuple(box for box, middle in middles if cv2.pointPolygonTest(points, middle, measureDist=False) < 0)


def scaled(boxes: Iterable[Box], scale: float) -> tuple[Box, ...]:
    """Return boxes in a picture that is ``scale`` times as large."""
    return tuple(
        (int(x0 * scale), int(y0 * scale), -int(-x1 * scale // 1), -int(-y1 * scale // 1)) for x0, y0, x1, y1 in boxes
    )


def _shown(image: Frame, zone: Polygon) -> NDArray[np.uint8]:
    """Return 255 for the pixels of a zone and its margin."""
    drawn = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(drawn, [_points(zone)], 255)
    xs, ys = zip(*zone, strict=True)
    margin = round(MARGIN * max(max(xs) - min(xs), max(ys) - min(ys)))
    if margin > 0:
        cv2.polylines(drawn, [_points(zone)], isClosed=True, color=255, thickness=2 * margin)
    return drawn


def _coarse(image: Frame) -> Frame:
    height, width = image.shape[:2]
    block = max(LEAST_BLOCK, width // BLOCKS)
    few = cv2.resize(image, (max(1, width // block), max(1, height // block)), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _small(image: Frame) -> Frame:
    factor = max(2, -(-image.shape[1] // _SMALL))  # JPEG has half the colours
    size = (max(1, image.shape[1] // factor), max(1, image.shape[0] // factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _box(stats: NDArray[np.int32], scale: float) -> Box:
    x, y, width, height = (int(each) for each in stats[:4])
    return scaled([(x, y, x + width, y + height)], scale)[0]


def _points(polygon: Polygon) -> NDArray[np.int32]:
    return np.round(np.array(polygon)).astype(np.int32)

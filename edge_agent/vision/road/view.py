"""Where a road zone lies in the picture, shrunk to what the ground needs, and how much ground each pixel shows."""

from math import ceil, floor

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import Box
from edge_agent.vision.ground import Ground, ground_of
from edge_agent.vision.polygon import area, inside
from edge_agent.vision.zone import Polygon, Zone
from edge_agent.vision.zones import Zones

Grey = NDArray[np.float32]
Mask = NDArray[np.uint8]
ACROSS = 640  # px: a frame is shrunk to about this width; noise and cost shrink with it
LEVEL_M = 5.0  # light is levelled over so much road: wider than a hole, narrower than a cloud's shadow
NO_SCALE = "it has no ground scale (m_per_px or ground), so that nothing on it can be measured"


class RoadView(msgspec.Struct, frozen=True):
    """One road zone in a camera's picture."""

    id: str
    box: Box  # of the frame's pixels; its sides divide by `shrink`
    shrink: int
    mask: Mask  # 1 in the zone, of the box shrunk
    m2: Grey  # square metres of ground that a shrunk pixel shows
    level_px: int  # LEVEL_M, in shrunk pixels, odd
    area_m2: float
    ground: Ground

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height of the shrunk box."""
        return self.mask.shape[1], self.mask.shape[0]

    def in_frame(self, box: Box) -> Box:
        """Return a box of shrunk pixels in pixels of the frame."""
        x, y, by = self.box[0], self.box[1], self.shrink
        return x + by * box[0], y + by * box[1], x + by * box[2], y + by * box[3]

    def in_view(self, box: Box) -> tuple[slice, slice]:
        """Return rows and columns of the shrunk pixels that a box of the frame touches."""
        x, y, by = self.box[0], self.box[1], self.shrink
        rows = slice(max(0, floor((box[1] - y) / by)), max(0, ceil((box[3] - y) / by)))
        return rows, slice(max(0, floor((box[0] - x) / by)), max(0, ceil((box[2] - x) / by)))


def view_of(zone: Zone, zones: Zones) -> RoadView | None:
    """Return the view of a road zone, None when nobody measured its ground. The zone is one that was read."""
    ground = ground_of(zone)
    if ground is None:
        return None
    shrink = max(1, round(zones.width / ACROSS))
    seen = inside(zone.polygon, (0, 0, zones.width, zones.height))
    box = _box(seen, shrink, zones)
    mask = _mask(seen, box, shrink)
    m2 = _m2(ground, box, mask.shape, shrink) * mask
    side_m = float(np.sqrt(max(1e-9, m2.sum() / max(1, int(mask.sum())))))
    level_px = 2 * int(min(max(mask.shape), max(7.0, LEVEL_M / side_m)) / 2) + 1
    return RoadView(zone.id, box, shrink, mask, m2, level_px, area(ground.to_m(seen)), ground)


def _box(seen: Polygon, shrink: int, zones: Zones) -> Box:
    points = np.asarray(seen)
    low, high = points.min(axis=0), points.max(axis=0)
    x0, y0 = (max(0, floor(one / shrink)) * shrink for one in low)
    x1 = min(zones.width // shrink, ceil(high[0] / shrink)) * shrink
    y1 = min(zones.height // shrink, ceil(high[1] / shrink)) * shrink
    return x0, y0, max(x1, x0 + shrink), max(y1, y0 + shrink)


def _mask(seen: Polygon, box: Box, shrink: int) -> Mask:
    mask: Mask = np.zeros(((box[3] - box[1]) // shrink, (box[2] - box[0]) // shrink), np.uint8)
    points = (np.asarray(seen) - np.array(box[:2])) / shrink - 0.5
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1, shift=4)
    return mask


def _m2(ground: Ground, box: Box, shape: tuple[int, ...], shrink: int) -> Grey:
    """Return the ground of each shrunk pixel: the Jacobian of the homography is det / w³."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    x, y = box[0] + (columns + 0.5) * shrink, box[1] + (rows + 0.5) * shrink
    matrix = ground.matrix
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    found: Grey = (abs(np.linalg.det(matrix)) * shrink**2 / np.maximum(np.abs(depth), 1e-9) ** 3).astype(np.float32)
    return found

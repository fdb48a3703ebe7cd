"""Small drawn roads for tests: asphalt with noise, what may happen to it, and a classifier that looks at the pixels."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge_agent.judge.road.blob import CLASSES, HOLE, SOUND, VEHICLE, Box
from edge_agent.vision.patches import Frame
from edge_agent.vision.zones import Zone, Zones

WIDTH, HEIGHT = 320, 240
POLYGON = ((20.0, 20.0), (300.0, 20.0), (300.0, 220.0), (20.0, 220.0))
ROAD = Zones(WIDTH, HEIGHT, (Zone("r", "road", POLYGON, m_per_px=0.05),))
HOLE_AT: Box = (140, 100, 170, 126)  # 1.95 m²
DARK, PAINT = 30, 220  # of a hole, of a vehicle
_ROAD = cv2.GaussianBlur(np.random.default_rng(9).normal(110, 30, (HEIGHT, WIDTH)), (0, 0), 2)
_DEPTH = np.random.default_rng(8).normal(DARK, 8, (HEIGHT, WIDTH))


def asphalt(seed: int = 0, *, hole: bool = False, car: Box | None = None, gain: float = 1.0) -> Frame:
    """Return a picture of the road with the noise of ``seed``."""
    road = _ROAD.copy()
    if hole:
        x0, y0, x1, y1 = HOLE_AT
        road[y0:y1, x0:x1] = _DEPTH[y0:y1, x0:x1]
    if car is not None:
        x0, y0, x1, y1 = car
        road[y0:y1, x0:x1] = PAINT
    noise = np.random.default_rng(seed).normal(0, 2, (HEIGHT, WIDTH, 3))
    picture: Frame = np.clip(road[:, :, None] * gain + noise, 0, 255).astype(np.uint8)
    return picture


class Brightness:
    """Dark is a hole, bright a vehicle, the rest is road; it counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def classify(self, after: Frame, before: Frame, boxes: Sequence[Box]) -> list[dict[str, float]]:
        """Return it."""
        assert after.shape == before.shape
        self.asked += len(boxes)
        return [_scores(float(np.percentile(after[y0:y1, x0:x1], 30))) for x0, y0, x1, y1 in boxes]


def _scores(grey: float) -> dict[str, float]:
    kind = HOLE if grey < 70 else VEHICLE if grey > 170 else SOUND
    return {name: 0.94 if name == kind else 0.01 for name in CLASSES}

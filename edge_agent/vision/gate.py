"""Decide which zones a frame is worth looking at: what moved, what was not looked at for long, life safety first."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.patches import Frame, square
from edge_agent.vision.zone import Polygon

_SMALL = 8  # px: a zone's thumbnail is so large
MOVED = 6.0  # grey levels between two thumbnails, after their means were levelled: noise stays below 3


class Gate:
    """Remembers what each zone looked like when it was last looked at."""

    def __init__(self, polygons: Sequence[Polygon], *, first: Sequence[bool], recheck_s: float, budget: int) -> None:
        """``first`` marks the zones of life safety; at most ``budget`` zones are chosen of one frame."""
        squares = [square(polygon, context=0.0) for polygon in polygons]
        self._boxes = [(x - side / 2, y - side / 2, x + side / 2, y + side / 2) for x, y, side in squares]
        self._first = list(first)
        self._recheck_us = round(recheck_s * 1e6)
        self._budget = budget
        self._seen: list[NDArray[np.float32] | None] = [None] * len(squares)
        self._looked_us = [0] * len(squares)

    def choose(self, frame: Frame, t_us: int) -> list[int]:
        """Return the zones to look at now, the most pressing first, and remember them as looked at."""
        now = [self._thumbnail(frame, zone) for zone in range(len(self._boxes))]
        due = [zone for zone, small in enumerate(now) if self._is_due(zone, small, t_us)]
        due.sort(key=lambda zone: (not self._first[zone], self._looked_us[zone]))  # then who waited longest
        chosen = due[: self._budget]
        for zone in chosen:
            self._seen[zone], self._looked_us[zone] = now[zone], t_us
        return chosen

    def forget(self) -> None:
        """Look at everything again: the picture was lost."""
        self._seen = [None] * len(self._boxes)

    def _is_due(self, zone: int, small: NDArray[np.float32], t_us: int) -> bool:
        seen = self._seen[zone]
        if seen is None or not 0 <= t_us - self._looked_us[zone] < self._recheck_us:
            return True
        return float(np.abs(small - seen).max()) > MOVED

    def _thumbnail(self, frame: Frame, zone: int) -> NDArray[np.float32]:
        """Return a zone in a few pixels without its mean: a cloud before the sun is no motion."""
        height, width = frame.shape[:2]
        left, top, right, bottom = (int(edge) for edge in self._boxes[zone])
        part = frame[max(0, top) : max(1, min(height, bottom)), max(0, left) : max(1, min(width, right))]
        if part.size == 0:
            return np.zeros((_SMALL, _SMALL), np.float32)
        step = max(1, min(part.shape[:2]) // (4 * _SMALL))
        grey = cv2.cvtColor(np.ascontiguousarray(part[::step, ::step]), cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA).astype(np.float32)
        return small - float(small.mean())

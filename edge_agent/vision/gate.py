"""Decide which zones a frame is worth looking at: what moved, what was not looked at for long, life safety first."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.patches import Frame
from edge_agent.vision.zone import Polygon

_SIDE = 8  # a zone is remembered by so many samples across and down
_ACROSS = 320  # px: of the small picture that samples are taken from
MOVED = 6.0  # grey levels between two samples, after a zone's means were levelled: noise stays below 4


class Gate:
    """Remembers what each zone looked like when it was last looked at."""

    def __init__(self, polygons: Sequence[Polygon], *, size: tuple[int, int], first: Sequence[bool], recheck_s: float,
                 budget: int) -> None:  # fmt: skip
        """Take frames of ``size`` (width, height); ``first`` marks life safety; at most ``budget`` zones are chosen."""
        scale = min(1.0, _ACROSS / size[0])
        self._small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        places = [_samples(polygon, scale, self._small) for polygon in polygons]
        self._places = np.array(places, np.int64).reshape(len(polygons), _SIDE * _SIDE)
        self._first = list(first)
        self._recheck_us = round(recheck_s * 1e6)
        self._budget = budget
        self._seen = np.zeros(self._places.shape, np.float32)
        self._looked_us: list[int | None] = [None] * len(polygons)

    def choose(self, frame: Frame, t_us: int) -> list[int]:
        """Return the zones to look at now, the most pressing first, and remember them as looked at."""
        now = self._now(frame)
        moved = (np.abs(now - self._seen).max(axis=1) > MOVED).tolist() if len(now) else []
        due = [zone for zone, moves in enumerate(moved) if moves or self._is_due(zone, t_us)]
        due.sort(key=lambda zone: (not self._first[zone], self._looked_us[zone] or 0))  # then who waited longest
        chosen = due[: self._budget]
        self._seen[chosen] = now[chosen]
        for zone in chosen:
            self._looked_us[zone] = t_us
        return chosen

    def forget(self) -> None:
        """Look at everything again: the picture was lost."""
        self._looked_us = [None] * len(self._looked_us)

    def _is_due(self, zone: int, t_us: int) -> bool:
        looked_us = self._looked_us[zone]
        return looked_us is None or not 0 <= t_us - looked_us < self._recheck_us

    def _now(self, frame: Frame) -> NDArray[np.float32]:
        """Return each zone's samples without their mean: a cloud before the sun is no motion."""
        small = cv2.resize(frame, self._small, interpolation=cv2.INTER_LINEAR)
        grey = cv2.blur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3))
        now = grey.ravel()[self._places].astype(np.float32)
        level: NDArray[np.float32] = now - now.mean(axis=1, keepdims=True)
        return level


def _samples(polygon: Polygon, scale: float, small: tuple[int, int]) -> NDArray[np.int64]:
    """Return where in the small picture a zone is sampled: a grid over the box round it, inside the picture."""
    points = np.asarray(polygon, float) * scale
    low, high = points.min(axis=0), points.max(axis=0)
    steps = (np.arange(_SIDE) + 0.5) / _SIDE
    x = (low[0] + steps * (high[0] - low[0])).astype(np.int64).clip(0, small[0] - 1)
    y = (low[1] + steps * (high[1] - low[1])).astype(np.int64).clip(0, small[1] - 1)
    places: NDArray[np.int64] = (y[:, None] * small[0] + x[None, :]).ravel()
    return places

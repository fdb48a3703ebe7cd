"""The road as it was minutes ago: what came so slowly that it was learned as the road is still seen against that."""

import math
from collections.abc import Mapping

import cv2
import msgspec
import numpy as np

from edge_agent.vision.patches import Frame
from edge_agent.vision.road.background import Background
from edge_agent.vision.road.parts import LARGE_M2
from edge_agent.vision.road.view import Grey, Mask, RoadView

STEP_S = 150.0  # between two pictures that are kept: the older one of two is 150 to 300 s old
SETTLED_S = 20.0  # from the first look to the first picture
CHECK_S = 5.0  # between two comparisons
LEAST_M2 = 0.4  # of what is compared, without its rim
ALIKE = 0.85  # correlation of what a place is with what it was, from which on only its light has changed
WIDE_M = 0.5  # a shadow's edge moves by less in that time
TRIES, REST_S = 4, 30.0  # what is said to be sound road may be a hole's beginning: it is put back so often, so late
NEAR_S = 4.0  # looks that are farther apart show another light


class Moment(msgspec.Struct):
    """What was known then."""

    picture: Frame  # of the road as it was
    slow: dict[str, Grey]  # zone → its slow background


class Past:
    """Of one camera."""

    def __init__(self) -> None:
        self._moments: list[Moment] = []  # two, the older first
        self._tries: dict[str, Mask] = {}  # zone → how often each pixel was put back
        self._rest_s: dict[str, Grey] = {}  # zone → until when each is left alone
        self._last_s, self._kept_s, self._checked_s = -math.inf, 0.0, 0.0

    def look(self, t_s: float) -> bool:
        """Take in that the road is looked at; return whether it is time to compare."""
        if t_s - self._last_s > NEAR_S:
            self._moments, self._kept_s = [], t_s + SETTLED_S - STEP_S
        self._last_s = t_s
        return t_s - self._checked_s >= CHECK_S

    def keep(self, picture: Frame, backgrounds: Mapping[str, Background], t_s: float) -> None:
        """Keep what is known now, when it is time to."""
        self._checked_s = t_s
        if t_s - self._kept_s >= STEP_S:
            self._moments = [*self._moments[-1:], Moment(picture.copy(), {n: b.slow for n, b in backgrounds.items()})]
            self._kept_s = t_s

    def forget(self, zone: str) -> None:
        """Drop what was known of a zone: it is learned anew."""
        for moment in self._moments:
            moment.slow.pop(zone, None)
        self._tries.pop(zone, None)

    def accept(self, zone: str, background: Background, where: Mask, at: tuple[slice, slice]) -> None:
        """Take in that these pixels are said to be sound road: when they were put back often enough, for good."""
        tries = self._tries.get(zone)
        if tries is None or not (put_back := np.median(tries[at][where > 0])):
            return
        self._rest_s[zone][at][where > 0] = self._last_s + REST_S
        if put_back >= TRIES:
            tries[at][where > 0] = 0
            for moment in self._moments:
                if zone in moment.slow:
                    cv2.copyTo(background.slow[at], where, moment.slow[zone][at])

    def undo(self, zone: str, view: RoadView, background: Background, before: Frame) -> bool:
        """Put back what a zone was, in its background and in ``before``, where it has slowly become something else."""
        old = self._moments[0] if self._moments else None
        if old is None or zone not in old.slow:
            return False
        rest_s = self._rest_s.setdefault(zone, np.zeros(view.mask.shape, np.float32))
        able = (rest_s <= self._last_s).view(np.uint8)
        there = _slow_changes(view, background, old.slow[zone], able)
        if not there.any():
            return False
        self._tries[zone] = there + self._tries.get(zone, np.zeros_like(there))
        light = background.undo(old.slow[zone], there)
        x0, y0, x1, y1 = view.box
        size = x1 - x0, y1 - y0
        gain = cv2.resize(np.exp(light), size, interpolation=cv2.INTER_LINEAR)
        lit = np.clip(old.picture[y0:y1, x0:x1] * gain[:, :, None], 0, 255).astype(np.uint8)
        cv2.copyTo(lit, cv2.resize(there, size, interpolation=cv2.INTER_NEAREST), before[y0:y1, x0:x1])
        return True


def _slow_changes(view: RoadView, background: Background, old: Grey, able: Mask) -> Mask:
    """Return the parts that may be a hole, with their rims: large enough, no strip along a shadow's edge, darker.

    What is brighter has dried or melted; what keeps its structure is damp, or in another light.
    """
    differs, apart = background.differs(old)
    found = np.zeros_like(differs)
    outlines, _ = cv2.findContours(differs & able, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        rows, columns = slice(y, y + height), slice(x, x + width)
        filled = np.zeros((height + 2, width + 2), np.uint8)
        cv2.drawContours(filled, [outline - np.array([x - 1, y - 1])], -1, 1, cv2.FILLED)
        mask = filled[1:-1, 1:-1]
        area_m2 = float((view.m2[rows, columns] * mask).sum())
        side_m = float(np.sqrt(area_m2 / max(1, int(mask.sum()))))
        wide_m = 2 * float(cv2.distanceTransform(filled, cv2.DIST_L2, 3).max()) * side_m
        if not LEAST_M2 <= area_m2 <= 2 * LARGE_M2 or wide_m < WIDE_M:
            continue
        if apart[rows, columns][mask > 0].mean() < 0 and background.kept(old, mask, rows, columns) < ALIKE:
            found[rows, columns] |= mask
    return found

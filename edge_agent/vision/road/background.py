"""The slow and the fast background of one road zone: what it looked like, and what differs from that and stays."""

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import Box
from edge_agent.vision.road.steady import Shift, Steady
from edge_agent.vision.road.view import Grey, Mask, RoadView

SLOW_S = 20.0  # light, dust and wear change slower than this
YOUNG = 4.0  # looks whose plain mean the slow background is at first
NEAR, FAR = 0.027, 0.038  # of the logarithm of brightness: below it noise, above it a change; between them its rim
NEAR_NOISE, FAR_NOISE = 2.0, 3.0  # the same in means of what the zone's noise is now
SLOWLY = 0.06  # the same of what came so slowly that it was learned: a weaker change would be taken for light
WINDOW = 7  # px over which a difference is summed up: a hole's parts are darker and brighter than the road
SAMPLES = 4_000  # pixels that stand for a zone
STEADY = 0.12  # so much may a pixel that stays waver
RIM = np.ones((9, 9), np.uint8)
PASSED_S = 2.0  # what has looked the same for so long is no traffic that passes
FOLLOW = 0.3  # of a look's difference is taken into what stays
OUTLIER = 0.25  # no change of light, but of what is there
DARKEST = 12  # grey levels that are added: a dark pixel's noise is no change
_LOG = np.log(np.arange(256, dtype=np.float32) + DARKEST)

Pixels = NDArray[np.uint8]


class Background:
    """Of one zone; all its pictures are the zone's box, shrunk, as logarithms of brightness."""

    def __init__(self, view: RoadView) -> None:
        self.looks = 0.0  # that the slow one was learned from
        self.share = 0.0  # of the zone that differs now
        self._view = view
        self._inside = view.mask.astype(bool)
        places = np.flatnonzero(view.mask)
        self._sample = places[:: max(1, len(places) // SAMPLES)]  # of which medians are taken
        self._slow: Grey = np.zeros(view.mask.shape, np.float32)
        self._fast = self._slow.copy()  # difference from the slow one, of what is there now
        self._since = self._slow.copy()  # s; first look that showed what is there now
        self._now = self._light = self._slow
        self._last_s = 0.0
        self._steady = Steady(view.size)
        self._kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self.strength = self._slow  # of the difference now
        self.level = NEAR  # above which it is a change
        self.stays: Mask = np.zeros(view.mask.shape, np.uint8)  # what differs and stays
        self.moves: Mask = self.stays.copy()  # what differs and does not
        self.passing: Mask = self.stays  # what differs in the newest picture alone, and came lately

    def sway(self, grey: Pixels) -> Shift | None:
        """Return how far a picture of the zone's shrunk box lies beside the background; None when nobody can tell."""
        if not self.looks:
            return None
        now = cv2.LUT(self._steady.cut(grey), _LOG).astype(np.float32, copy=False)
        return self._steady.shift(now, self._steady.cut(self._slow))

    def look(self, grey: Pixels, t_s: float, *, newest: Pixels | None = None) -> None:
        """Take in the zone's shrunk box at a time that does not go back; ``newest`` is it with what only falls or runs.

        What is in the newest picture alone moves: it is no change, and no picture of the road either.
        """
        now = cv2.LUT(grey, _LOG).astype(np.float32, copy=False)
        if not self.looks:
            self._slow, self.looks, self._last_s = now.copy(), 1.0, t_s
            self._since[:] = t_s
            return
        apart, light = self._level(now, self._slow)
        changed = self._changed(apart)
        self._settle(apart, t_s)
        fresh = (self._since >= np.float32(t_s)).view(np.uint8)
        self.moves = cv2.bitwise_and(changed, fresh).astype(np.uint8)
        self.stays = (changed - self.moves).astype(np.uint8)
        self.share = float(changed.sum()) / max(1, int(self._view.mask.sum()))
        self._now, self._light = now, light
        self.passing = self.moves
        if newest is not None and newest is not grey:
            passing = self._passing(newest)
            self.moves |= passing & (changed == 0)
            self.passing = passing & ~self._stood(t_s) if passing.any() else passing
        self._learn(apart, changed, t_s)

    def since_s(self, where: Mask, rows: slice, columns: slice) -> float:
        """Return when most of what stays at these pixels began to look as it does."""
        return float(np.median(self._since[rows, columns][where > 0]))

    def likeness(self, where: Mask, rows: slice, columns: slice) -> float:
        """Return how much the structure at these pixels is what it was, -1 to 1: light changes none of it."""
        return _alike(self._now[rows, columns][where > 0], self._slow[rows, columns][where > 0])

    def accept(self, where: Mask, rows: slice, columns: slice) -> None:
        """Learn these pixels as what belongs there."""
        slow, fast = self._slow[rows, columns], self._fast[rows, columns]
        slow[where > 0] += fast[where > 0]
        fast[where > 0] = 0

    @property
    def slow(self) -> Grey:
        """Return a copy of the slow background."""
        return self._slow.copy()

    def differs(self, old: Grey) -> tuple[Mask, Grey]:
        """Return where the slow background clearly differs from an older one in the same light, and by how much."""
        apart = self._level(self._slow, old)[0]
        strength = _strength(apart)
        least = max(SLOWLY, FAR_NOISE * self._median(strength))
        unchanged = (self.stays | self.moves) == 0
        found: Mask = ((strength > least) & self._inside & unchanged).view(np.uint8)
        return found, apart

    def kept(self, old: Grey, where: Mask, rows: slice, columns: slice) -> float:
        """Return how much the slow background's structure at these pixels is that of an older one, -1 to 1."""
        return _alike(self._slow[rows, columns][where > 0], old[rows, columns][where > 0])

    def undo(self, old: Grey, where: Mask) -> Grey:
        """Put an older background back at these pixels: what is there now is a change of it. Return the light since."""
        apart, light = self._level(self._slow, old)
        apart *= where
        self._slow -= apart
        self._fast += apart
        return light

    def begin_anew(self, keep: Iterable[Box]) -> None:
        """Take what is there now as the road, but for boxes of the frame where it was told to be changed."""
        road = self._now.copy()
        self._fast[:] = 0
        for box in keep:
            at = self._view.in_view(box)
            road[at] = self._slow[at] + self._light[at]
            self._fast[at] = self._now[at] - road[at]
        self._slow, self.looks = road, 1.0

    def _level(self, now: Grey, known: Grey) -> tuple[Grey, Grey]:
        """Return how the zone differs from what is known, and which part of it is light: a smooth change."""
        apart: Grey = now - known
        middle = self._median(apart)
        apart -= middle
        usual = cv2.bitwise_and(cv2.inRange(apart, -OUTLIER, OUTLIER), self._view.mask)
        weight = usual.astype(np.float32)
        side = (self._view.level_px, self._view.level_px)
        smooth = cv2.boxFilter(apart * weight, -1, side, normalize=False)
        count = cv2.boxFilter(weight, -1, side, normalize=False)
        light: Grey = (smooth / np.maximum(count, 0.1 * side[0] * side[1])).astype(np.float32)
        apart -= light
        light += middle
        return apart, light

    def _changed(self, apart: Grey) -> Mask:
        """Return which pixels differ by more than noise: those that surely do, and what hangs on them."""
        strength = _strength(apart)
        noise = self._median(strength)
        self.strength, self.level = strength, max(NEAR, NEAR_NOISE * noise)
        near = ((strength > self.level) & self._inside).view(np.uint8)
        near = cv2.morphologyEx(near, cv2.MORPH_OPEN, self._kernel)
        sure = ((strength > max(FAR, FAR_NOISE * noise)) & self._inside).view(np.uint8)
        if not sure.any():
            return np.zeros_like(sure)
        count, labels = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_16U)
        has = np.zeros(count, np.uint8)
        has[labels[sure > 0]] = 1
        has[0] = 0
        changed: Mask = has[labels]
        return changed

    def _passing(self, newest: Pixels) -> Mask:
        """Return which pixels of the newest picture differ from the road in this light."""
        now = cv2.LUT(newest, _LOG).astype(np.float32, copy=False)
        apart = cv2.absdiff(cv2.blur(now, (3, 3)), cv2.blur(self._slow + self._light, (3, 3)))
        differs = ((apart > max(FAR, FAR_NOISE * self.level)) & self._inside).view(np.uint8)
        return cv2.morphologyEx(differs, cv2.MORPH_OPEN, self._kernel).astype(np.uint8, copy=False)

    def _stood(self, t_s: float) -> Mask:
        """Return which pixels differ and have looked the same for a while, and their rim, which wavers."""
        stood = self.stays & (self._since < np.float32(t_s - PASSED_S)).view(np.uint8)
        return cv2.dilate(stood, RIM).astype(np.uint8, copy=False) if stood.any() else stood

    def _median(self, values: Grey) -> float:
        return float(np.median(values.ravel()[self._sample])) if len(self._sample) else 0.0

    def _settle(self, apart: Grey, t_s: float) -> None:
        """Follow what is there now; what differs from that begins there now."""
        off = cv2.absdiff(cv2.blur(apart, (3, 3)), cv2.blur(self._fast, (3, 3))) > STEADY
        self._since[off] = t_s
        cv2.accumulateWeighted(apart, self._fast, FOLLOW)
        cv2.copyTo(apart, off.view(np.uint8), self._fast)

    def _learn(self, apart: Grey, changed: Mask, t_s: float) -> None:
        """Follow the road where it is unchanged, and its light everywhere."""
        passed_s, self._last_s = max(0.0, t_s - self._last_s), max(t_s, self._last_s)
        weight = max(1 / (self.looks + 1) if self.looks < YOUNG else 0.0, 1 - math.exp(-passed_s / SLOW_S))
        self.looks += 1
        step = apart * (changed == 0)
        step += self._light
        step *= weight
        self._slow += step


def _strength(apart: Grey) -> Grey:
    """Return by how much the surroundings of each pixel differ."""
    power = np.maximum(cv2.boxFilter(apart * apart, -1, (WINDOW, WINDOW)), 0)  # its sums are rounded below 0
    return np.sqrt(power).astype(np.float32, copy=False)


def _alike(one: Grey, two: Grey) -> float:
    """Return the correlation of two pieces."""
    one, two = one - one.mean(), two - two.mean()
    return float((one * two).sum() / max(1e-6, float(np.sqrt((one * one).sum() * (two * two).sum()))))

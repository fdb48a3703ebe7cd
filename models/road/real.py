"""Take pairs from a real camera at two moments: a vehicle came, a vehicle left, or only light, wind and time passed."""

from itertools import permutations

import cv2
import msgspec
import numpy as np

from berth.frames import Frame, Labelled
from edge_agent.vision.road.patch import Box
from road.paste import Canvas, Points, Rng

ALIKE = 0.55  # correlation of two moments of one place: what it shows is still there
BLOTS = 16.0  # grey levels: asphalt that dries or gets damp differs by less, whoever came by more
Pair = tuple[Canvas, Canvas, Box]  # before, after, the box in both
Seen = list[tuple[Labelled, Frame]]


class Space(msgspec.Struct):
    """A space at two moments, free at the first."""

    before: Frame
    after: Frame
    polygon: Points
    came: bool  # a vehicle


class Moments:
    """Frames of cameras that stand still."""

    def __init__(self, pictures: Seen) -> None:
        pools: dict[str, Seen] = {}
        for one, picture in pictures:
            pools.setdefault(f"{one.file.parent}/{one.camera}", []).append((one, picture))
        self._pools = [pool for pool in pools.values() if len(pool) > 1]
        spaces = [one for pool in self._pools for one in _spaces(pool)]
        self._came = [one for one in spaces if one.came]

    def vehicle(self, rng: Rng, *, left: bool) -> Pair | None:
        """Return a space into which a vehicle came, or which it left."""
        if not self._came:
            return None
        one = self._came[rng.integers(len(self._came))]
        low, high = one.polygon.min(axis=0), one.polygon.max(axis=0)
        frames = (one.after, one.before) if left else (one.before, one.after)
        return cut(*frames, (*low, *high))

    def same(self, rng: Rng) -> Pair | None:
        """Return a place that shows the same at both moments; rather one where the pixels differ."""
        if not self._pools:
            return None
        pool = self._pools[rng.integers(len(self._pools))]
        first, second = rng.choice(len(pool), 2, replace=False)
        before, after = pool[first][1], pool[second][1]
        tried = [_somewhere(before, rng) for _ in range(20)]
        tried.sort(key=lambda box: -_off(before, after, box))
        chosen = next((box for box in tried if _alike(before, after, box)), None)
        return None if chosen is None else cut(before, after, chosen)


def _spaces(pool: Seen) -> list[Space]:
    found = []
    for (one, before), (other, after) in permutations(pool, 2):
        later = {space.id: space.occupied for space in other.spaces}
        found += [Space(before, after, np.array(space.polygon), bool(later[space.id])) for space in one.spaces
                  if space.occupied is False and later.get(space.id) is not None]  # fmt: skip
    return found


def _somewhere(frame: Frame, rng: Rng) -> tuple[float, ...]:
    wide = float(np.exp(rng.uniform(np.log(18), np.log(110))))
    high = wide * float(rng.uniform(0.4, 1.4))
    x, y = rng.uniform(0, frame.shape[1] - wide), rng.uniform(0, frame.shape[0] - high)
    return float(x), float(y), float(x) + wide, float(y) + high


def _off(before: Frame, after: Frame, box: tuple[float, ...]) -> float:
    x0, y0, x1, y1 = (int(side) for side in box)
    return float(cv2.absdiff(before[y0:y1, x0:x1], after[y0:y1, x0:x1]).mean())


def _alike(before: Frame, after: Frame, box: tuple[float, ...]) -> bool:
    x0, y0, x1, y1 = (int(side) for side in box)
    greys = [cv2.GaussianBlur(cv2.cvtColor(one[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY), (0, 0), 1.5).astype(float)
             for one in (before, after)]  # fmt: skip
    off = greys[1] - greys[0]
    if np.abs(off - np.median(off)).max() < BLOTS:
        return True
    return bool(np.corrcoef(greys[0].ravel(), greys[1].ravel())[0, 1] > ALIKE)


def cut(before: Frame, after: Frame, box: tuple[float, ...]) -> Pair:
    """Return the surroundings of a box in both frames, as much as its square shows."""
    x0, y0, x1, y1 = (round(float(side)) for side in box)
    reach = round(1.2 * max(x1 - x0, y1 - y0))
    left, top = max(0, x0 - reach), max(0, y0 - reach)
    part = np.s_[top : y1 + reach, left : x1 + reach]
    return before[part], after[part], (x0 - left, y0 - top, x1 - left, y1 - top)

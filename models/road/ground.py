"""Give pieces of road to draw on: of car parks, of road photographs beside their potholes, or drawn."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from road.draw import SIZE, as_bytes, rough_of
from road.paste import Canvas, Rng, photographs

LONGEST = 420  # px of a photograph that is kept
TRIES = 8
GAUDY = 75  # saturation: grass, bushes and paint have more


class Grounds:
    """Car parks' frames and photographs of roads."""

    def __init__(self, frames: list[Canvas], data: Path, *, held: bool) -> None:
        self._frames = frames
        self._roads = [_small(picture, boxes) for _, picture, boxes in photographs(data, held=held)]

    def some(self, rng: Rng, *, gaudy: bool = False) -> Canvas:
        """Return a canvas of road; ``gaudy``: of whatever stands beside it too."""
        if gaudy and self._frames:
            side = int(np.exp(rng.uniform(np.log(40), np.log(330))))
            pieces = [_piece(self._frames[rng.integers(len(self._frames))], side, rng) for _ in range(3)]
            return _sized(max(pieces, key=lambda one: float(one.std())))
        sort, made = rng.random(), None
        if sort < 0.5 and self._frames:
            made = self._park(rng)
        elif sort < 0.8 and self._roads:
            made = self._road(rng)
        canvas = drawn(rng) if made is None else made
        canvas = canvas[:, ::-1] if rng.random() < 0.5 else canvas
        return np.ascontiguousarray(canvas).astype(np.uint8)

    def _park(self, rng: Rng) -> Canvas | None:
        for _ in range(TRIES):
            frame = self._frames[rng.integers(len(self._frames))]
            side = int(np.exp(rng.uniform(np.log(40), np.log(330))))
            piece = _piece(frame, side, rng)
            if _is_grey(piece):
                return _sized(piece)
        return None

    def _road(self, rng: Rng) -> Canvas | None:
        """Return a piece without a pothole."""
        for _ in range(TRIES):
            road, taken = self._roads[rng.integers(len(self._roads))]
            side = int(rng.uniform(0.15, 0.6) * min(road.shape[:2]))
            y = int(rng.integers(road.shape[0] // 3, max(road.shape[0] // 3 + 1, road.shape[0] - side)))
            x = int(rng.integers(0, road.shape[1] - side))
            piece = road[y : y + side, x : x + side]
            if min(piece.shape[:2]) > 24 and not taken[y : y + side, x : x + side].any() and _is_grey(piece):
                return _sized(piece)
        return None


def drawn(rng: Rng) -> Canvas:
    """Return asphalt that nobody photographed, sometimes with a line or a kerb."""
    tone = rng.uniform(45, 190) * rng.normal(1, 0.03, 3)
    fall = rng.uniform(-0.15, 0.15)
    slope = np.linspace(1 - fall, 1 + fall, SIZE)[:, None, None]
    grain = rng.normal(0, rng.uniform(0.5, 9), (SIZE, SIZE, 1))
    canvas = tone * slope + rough_of(rng, rng.uniform(1, 9)) + grain
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        ends = rng.uniform(-20, SIZE + 20, (2, 2)).astype(int).tolist()
        paint = np.array([[225, 225, 225], [60, 190, 230], [150, 150, 155]])[rng.integers(3)] * rng.uniform(0.6, 1)
        cv2.line(canvas, ends[0], ends[1], paint.tolist(), int(rng.integers(2, 16)), cv2.LINE_AA)
    return as_bytes(canvas)


def _small(picture: Canvas, boxes: list[list[float]]) -> tuple[Canvas, NDArray[np.bool_]]:
    """Return a photograph made smaller, and where its potholes are."""
    scale = min(1.0, LONGEST / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    taken = np.zeros(small.shape[:2], bool)
    for x, y, w, h in boxes:
        rows, columns = ((np.array([at - side / 2, at + side / 2]) * whole).astype(int).clip(0)
                         for at, side, whole in ((y, h, taken.shape[0]), (x, w, taken.shape[1])))  # fmt: skip
        taken[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = True
    return small, taken


def _piece(frame: Canvas, side: int, rng: Rng) -> Canvas:
    y, x = (int(rng.integers(0, whole - side)) for whole in frame.shape[:2])
    return frame[y : y + side, x : x + side]


def _is_grey(piece: Canvas) -> bool:
    hue = cv2.cvtColor(cv2.resize(piece, (16, 16), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2HSV)
    return bool(np.quantile(hue[:, :, 1], 0.9) < GAUDY)


def _sized(piece: Canvas) -> Canvas:
    way = cv2.INTER_AREA if piece.shape[0] > SIZE else cv2.INTER_LINEAR
    return cv2.resize(piece, (SIZE, SIZE), interpolation=way).astype(np.uint8)

"""Whether pixels come again that were there before: noise never repeats, so what does is no picture of now."""

import zlib
from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
COLUMNS, ROWS = 8, 6
STEP = 3  # every third pixel of every third row, as they are: an average would lose the noise
MEMORY = 240  # looks that are remembered; a loop that is longer is not noticed
SHARE = 0.9  # of the tiles that can tell: a clock in the picture goes on
LEAST = 4  # tiles that can tell
DARK, BRIGHT = 4, 250  # a tile that clips has no noise
TEXTURE = 0.6  # grey levels; a tile that is smoother may be coded without any noise
HABIT, KNOWN, USUAL = 300, 50, 10  # looks: remembered, needed to know a habit, of them that may repeat by chance
HALF = 0.5  # of the tiles


class Repeats:
    """Remembers what each tile has shown."""

    def __init__(self) -> None:
        self._seen: list[deque[int]] = [deque(maxlen=MEMORY) for _ in range(COLUMNS * ROWS)]
        self._late: list[deque[int]] = [deque(maxlen=MEMORY) for _ in range(COLUMNS * ROWS)]  # since the key frame
        self._habit: deque[bool] = deque(maxlen=HABIT)  # half of the tiles were those of an earlier look since then

    def forget(self) -> None:
        """A recording begins again: its pixels come again too."""
        for tile in (*self._seen, *self._late):
            tile.clear()

    def take(self, image: Image, *, key: bool = True) -> bool | None:
        """Return whether this picture was there before, None when no tile can tell.

        ``key``: it does not build on an earlier one. Until the next key frame a coder may leave out what has hardly
        changed, noise and all: then only a stream that never did so tells by it that it stands still.
        """
        if key:
            self._begin_anew()
        pixels = image[::STEP, ::STEP, 1]
        able = old = late = 0
        for number, tile in enumerate(_tiles(pixels)):
            digest = zlib.crc32(np.ascontiguousarray(tile).data)
            mean, deviation = cv2.meanStdDev(tile)
            if DARK < float(mean[0, 0]) < BRIGHT and float(deviation[0, 0]) > TEXTURE:
                able += 1
                old += digest in self._seen[number]
                late += digest in self._late[number]
            self._late[number].append(digest)
        return None if able < LEAST else self._again(old / able, late / able)

    def _again(self, old: float, late: float) -> bool | None:
        self._habit.append(late >= HALF)
        if old >= SHARE:
            return True
        if max(old, late) < SHARE:
            return False
        return True if len(self._habit) >= KNOWN and sum(self._habit) <= USUAL else None

    def _begin_anew(self) -> None:
        for seen, late in zip(self._seen, self._late, strict=True):
            seen.extend(late)
            late.clear()


def _tiles(pixels: Image) -> list[Image]:
    return [part for row in np.array_split(pixels, ROWS) for part in np.array_split(row, COLUMNS, axis=1)]

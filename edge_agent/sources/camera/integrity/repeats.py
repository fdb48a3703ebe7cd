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


class Repeats:
    """Remembers what each tile has shown."""

    def __init__(self) -> None:
        self._seen: list[deque[int]] = [deque(maxlen=MEMORY) for _ in range(COLUMNS * ROWS)]

    def forget(self) -> None:
        """A recording begins again: its pixels come again too."""
        for tile in self._seen:
            tile.clear()

    def take(self, image: Image) -> bool | None:
        """Return whether this picture was there before, None when no tile can tell."""
        pixels = image[::STEP, ::STEP, 1]
        able = again = 0
        for seen, tile in zip(self._seen, _tiles(pixels), strict=True):
            digest = zlib.crc32(np.ascontiguousarray(tile).data)
            mean, deviation = cv2.meanStdDev(tile)
            if DARK < float(mean[0, 0]) < BRIGHT and float(deviation[0, 0]) > TEXTURE:
                able += 1
                again += digest in seen
            seen.append(digest)
        return None if able < LEAST else again >= SHARE * able


def _tiles(pixels: Image) -> list[Image]:
    return [part for row in np.array_split(pixels, ROWS) for part in np.array_split(row, COLUMNS, axis=1)]

"""By how much a camera on its pole sways: how far a zone lies beside where its background shows it, and back."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.road.view import Grey

WINDOW = 256  # px, wide and high, of the zone's middle; it sways as a whole
TEXTURE = 15  # px; what is smoother is light
CLIP = 0.15  # of the logarithm of brightness: a vehicle weighs no more than the road's cracks
SURE = 0.2  # response of the phase correlation
MOST_PX = 10.0  # from one end of a sway to the other; more is none: the camera was moved
LEAST_PX = 0.15
BETTER = 0.97  # of the difference is left once it is put back; a shadow's edge that wanders leaves more

Picture = NDArray[Any]
Shift = tuple[float, float]  # right and down
STILL: Shift = (0.0, 0.0)


class Steady:
    """Of one zone; pictures are shrunk logarithms of brightness of one size."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = min(size[0], WINDOW), min(size[1], WINDOW)
        left, top = (size[0] - width) // 2, (size[1] - height) // 2
        self._part = slice(top, top + height), slice(left, left + width)
        self._able = min(width, height) >= TEXTURE
        self._fade = cv2.createHanningWindow((width, height), cv2.CV_32F) if self._able else None

    def cut(self, picture: Picture) -> Picture:
        """Return the part of a picture of the zone by which its sway is seen."""
        return picture[self._part]

    def shift(self, now: Grey, known: Grey) -> Shift | None:
        """Return how far ``now`` lies beside ``known``, both cut, in shrunk pixels; None when nobody can tell."""
        if self._fade is None:
            return None
        old, new = _texture(known), _texture(now)
        (dx, dy), response = cv2.phaseCorrelate(old, new, self._fade)
        far = max(abs(dx), abs(dy))
        if response < SURE or far > MOST_PX:
            return None
        found = float(dx), float(dy)
        if far < LEAST_PX:
            return STILL
        return found if _apart(put_back(new, found), old) < BETTER * _apart(new, old) else None


def put_back(picture: Picture, shift: Shift) -> Picture:
    """Return a picture displaced back by a shift; the picture itself when it is none."""
    if shift == STILL:
        return picture
    way = np.array([[1, 0, -shift[0]], [0, 1, -shift[1]]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    return cv2.warpAffine(picture, way, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _apart(one: Picture, two: Picture) -> float:
    return float(cv2.mean(cv2.absdiff(one, two))[0])


def _texture(part: Grey) -> Grey:
    found: Grey = np.clip(part - cv2.blur(part, (TEXTURE, TEXTURE)), -CLIP, CLIP).astype(np.float32)
    return found

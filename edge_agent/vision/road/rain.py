"""Take falling rain and snow out of a zone's pictures: what a pixel shows in one look of three is not the road."""

import cv2
import numpy as np
from numpy.typing import NDArray

NEAR_S = 4.0  # looks that are farther apart show different light, and are taken as they are

Pixels = NDArray[np.uint8]


class Rain:
    """Of one zone."""

    def __init__(self) -> None:
        self._last: list[Pixels] = []  # two looks
        self._last_s = 0.0
        self._looks = 0

    @property
    def began(self) -> bool:
        """Whether the last picture was the first one without rain: what was learned before it had some in it."""
        return self._looks == 3

    def without(self, grey: Pixels, t_s: float) -> Pixels:
        """Return each pixel's middle value of the last three looks; of fewer, and of looks far apart, the newest."""
        if not 0 <= t_s - self._last_s <= NEAR_S:
            self._last.clear()
        self._last_s = t_s
        self._last = [*self._last[-2:], grey]
        self._looks = min(4, max(self._looks + 1, len(self._last)))
        if len(self._last) < 3:
            return grey
        one, two, three = self._last
        return np.asarray(cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), three)), np.uint8)

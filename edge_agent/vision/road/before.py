"""The picture of a road as it was, without what changed: a picture waits until it is known what in it was new."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge_agent.judge.road.blob import Box
from edge_agent.vision.patches import Frame
from edge_agent.vision.road.rain import NEAR_S
from edge_agent.vision.road.view import Mask

RENEW_S = 1.0  # it is renewed so often
LOOKS = 2  # that a picture waits: rain is taken out of three looks, so that a change is seen only after it came
SOFT = np.ones((7, 7), np.uint8)  # a change's rim, which is no picture of the road any more

Changed = Sequence[tuple[Box, Mask]]  # a zone's box in the frame, and what in it, shrunk, differs or moves


class Before:
    """Of one camera."""

    def __init__(self) -> None:
        self._picture: Frame | None = None
        self._last_us = 0
        self._far = False  # from the look before: then no rain is taken out, and what is new is seen at once
        self._waiting: Frame | None = None
        self._changed: list[tuple[Box, Mask]] = []  # in what waits
        self._since_us = 0
        self._looks = 0  # since then

    @property
    def picture(self) -> Frame:
        """Return the road as it was."""
        assert self._picture is not None, "nobody has looked yet"
        return self._picture

    def look(self, image: Frame, t_us: int) -> None:
        """Take in that the road is looked at; the first look shows it as it was."""
        if self._picture is None:
            self._picture, self._last_us = image.copy(), t_us
        self._far, self._last_us = not 0 <= t_us - self._last_us <= NEAR_S * 1e6, t_us
        self._looks += 1

    def due(self, t_us: int) -> bool:
        """Return whether this picture is wanted."""
        return self._far or self._waiting is None or (
            self._looks >= LOOKS and not 0 <= t_us - self._since_us < RENEW_S * 1e6)  # fmt: skip

    def renew(self, image: Frame, changed: Changed, t_us: int) -> None:
        """Take in a picture of the road where it was seen before: what has waited is how it was, but for changes."""
        if self._far:
            self._waiting = None
            self._take(image.copy(), changed)
            return
        if self._waiting is not None:
            self._take(self._waiting, [*self._changed, *changed])
        self._waiting, self._changed, self._since_us, self._looks = image.copy(), list(changed), t_us, 0

    def forget(self) -> None:
        """Drop what waits: the road is not seen any more."""
        self._waiting = None

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._last_us += step_us
        self._since_us += step_us

    def _take(self, fresh: Frame, changed: Changed) -> None:
        for (x0, y0, x1, y1), mask in changed:
            if mask.any():
                soft = cv2.dilate(mask, SOFT)
                whole = cv2.resize(soft, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
                cv2.copyTo(self.picture[y0:y1, x0:x1], whole, fresh[y0:y1, x0:x1])
        self._picture = fresh

"""The whole picture of a camera, small: whether it still shows the place on which the zones are drawn."""

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.road.steady import STILL, Shift, put_back
from edge_agent.vision.structure import Bands, Grey, bands_of, likeness, shift_of, shifted, small_grey

SLOW_S = 60.0  # what it shows is followed so slowly; faults are faster
CHECK_S = 0.9  # between two comparisons while nothing is in question; shorter than it takes to tell a hole
LEAST_PX = 0.8  # of the 320 of the small picture: a road's lines beside themselves look like changes
SWAY_PX = 5.0  # so far may a pole in the wind swing from one end to the other
BETTER = 0.03  # by so much more like is it there than in place
LOST = 0.25  # likeness below which it shows something else


class Showing(StrEnum):
    """What a look at the whole picture says."""

    SAME = "same"
    MOVED = "moved"  # the same place, displaced
    OTHER = "other"  # nothing of what it showed


class Whole:
    """Of one camera."""

    def __init__(self) -> None:
        self._known: Grey | None = None
        self._bands: Bands | None = None
        self._t_s = self._checked_s = 0.0
        self._showing = Showing.SAME
        self.sway: Shift = STILL  # of the last picture, in its pixels
        self._misjudged = False  # it was more than was thought: then every picture is looked at

    def look(self, image: NDArray[np.uint8], t_s: float, *, sway: Shift = STILL) -> Showing:
        """Take in a picture; most of those that come fast are not looked at.

        ``sway`` is how far it is thought to lie beside its place, in its pixels. What only sways is the same: `sway`
        then says by how much, also when that was thought to be less.
        """
        doubtful = self._showing is not Showing.SAME or self._misjudged
        self.sway = sway
        if self._known is not None and not doubtful and 0 <= t_s - self._checked_s < CHECK_S:
            return self._showing
        grey = small_grey(image)
        if self._known is None or self._bands is None:
            self._take(grey, t_s)
            return Showing.SAME
        self._checked_s = t_s
        by = grey.shape[1] / image.shape[1]
        steadied = put_back(grey, (by * self.sway[0], by * self.sway[1]))
        self._showing, beside = _compare(bands_of(steadied), self._bands)
        whole = by * sway[0] + beside[0], by * sway[1] + beside[1]
        self._misjudged = self._showing is Showing.MOVED and math.hypot(*whole) <= SWAY_PX
        if self._misjudged:
            self._showing, self.sway = Showing.SAME, (whole[0] / by, whole[1] / by)
            steadied = put_back(grey, whole)
        if self._showing is Showing.SAME:
            weight = 1 - math.exp(-max(0.0, t_s - self._t_s) / SLOW_S)
            self._take(self._known + weight * (steadied - self._known), t_s)
        return self._showing

    def begin_anew(self, image: NDArray[np.uint8], t_s: float) -> None:
        """Take what is shown now as what it shows."""
        self._showing = Showing.SAME
        self._take(small_grey(image), t_s)

    def _take(self, grey: Grey, t_s: float) -> None:
        self._known, self._bands, self._t_s = grey, bands_of(grey), t_s
        self._checked_s = t_s


def _compare(now: Bands, known: Bands) -> tuple[Showing, Shift]:
    """Return what it shows, and how far beside its place."""
    here = likeness(now.coarse, known.coarse)
    dx, dy, _ = shift_of(now.coarse, known.coarse)
    there = likeness(shifted(now.coarse, -dx, -dy), known.coarse) if math.hypot(dx, dy) >= LEAST_PX else here
    if there >= max(LOST, here + BETTER):
        return Showing.MOVED, (dx, dy)
    return Showing.SAME if here >= LOST else Showing.OTHER, STILL

"""What a camera usually shows: learned slowly, and not while anything is wrong."""

import math

from edge_agent.vision.structure import Bands, Grey, bands_of

SLOW_S = 30.0  # weather and light change slower than this, faults faster
STILL_S = 0.7  # what moves is gone from a mean over this


class Background:
    """Two means: of the last moment, without noise and traffic, and of the last half minute."""

    def __init__(self) -> None:
        self.known: Bands | None = None
        self.still: Bands | None = None
        self.age_s = 0.0  # so long it was learned from
        self._mean: Grey | None = None
        self._t_s = 0.0

    def see(self, grey: Grey, t_s: float) -> float:
        """Take in a picture of now; return the seconds since the last one."""
        passed_s = 0.0 if self._mean is None else min(2.0, max(0.0, t_s - self._t_s))
        self._t_s = t_s
        if self._mean is None or self._mean.shape != grey.shape:
            self._mean = grey.copy()
        else:
            self._mean += _weight(passed_s, STILL_S) * (grey - self._mean)
        self.still = bands_of(self._mean)
        return passed_s

    @property
    def picture(self) -> Grey | None:
        """The picture of the last moment without what moves."""
        return self._mean

    def learn(self, now: Bands, passed_s: float) -> None:
        """Take in what is there as what belongs there."""
        if self.known is None or self.known.coarse.shape != now.coarse.shape:
            self.known = Bands(now.fine.copy(), now.coarse.copy())
            self.age_s = 0.0
            return
        # a young background is a plain mean
        weight = _weight(passed_s, min(SLOW_S, max(1.0, self.age_s)))
        self.age_s += passed_s
        self.known = Bands(
            self.known.fine + weight * (now.fine - self.known.fine),
            self.known.coarse + weight * (now.coarse - self.known.coarse),
        )

    def forget(self) -> None:
        """Another size, another camera: begin anew."""
        self.known = self.still = self._mean = None
        self.age_s = 0.0


def _weight(passed_s: float, over_s: float) -> float:
    return 1.0 - math.exp(-passed_s / over_s)

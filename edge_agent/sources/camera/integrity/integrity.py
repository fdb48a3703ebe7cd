"""Decide from a camera's pictures what is wrong with them; seconds and pictures in, states out."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.sources.camera.integrity.background import Background
from edge_agent.sources.camera.integrity.holding import Hold, Holding
from edge_agent.sources.camera.integrity.placing import Place, place_of
from edge_agent.sources.camera.integrity.repeats import Repeats
from edge_agent.sources.camera.streams.trouble import Trouble
from edge_agent.vision.structure import WIDTH, Bands, Grey, Match, bands_of, match, sharpness_in_place, small_grey

Image = NDArray[np.uint8]

HOLDS: Mapping[Trouble, Hold] = MappingProxyType(
    {
        Trouble.SIZE: Hold(0.0, 0.0),
        Trouble.FROZEN: Hold(1.2, 0.6),
        Trouble.BLACK: Hold(1.0, 0.6),
        Trouble.COVERED: Hold(1.0, 0.8),
        Trouble.MOVED: Hold(5.0, 2.0),
        Trouble.DEFOCUSED: Hold(4.0, 2.0),
    }
)
BLACK_MAX, BLACK_DEVIATION = 24.0, 2.5  # grey levels of the small picture; a night has lamps
COVERED_SHARE = 0.6  # of what can be missed
FLAT_SHARE = 0.5  # of what is lost shows nothing at all: a cover; else it shows something else
KNOWN_SHARE = 0.08  # of the blocks must have structure, or nothing can be missed
REFER_S = 1.0  # between two comparisons with the reference
PLACE_S = 0.35  # between two looks at whether it moved, which cost most; what is moved is named after seconds
PLACE_LOST = 0.3  # of what can be missed: then at once
YOUNG_S = 3.0  # a background of less tells nothing
FIRST_FLAT = 0.5  # grey levels; the mean of a coarse band that shows nothing
BLURRED, SHARP = 0.55, 0.7  # fine structure in proportion to coarse
ELSEWHERE = 0.75  # so much of it is there, though not in place: the camera was turned, and is not out of focus


def shows_nothing(image: Image) -> bool:
    """Return whether a picture by itself, of which nothing else is known, has no structure at all."""
    return _is_flat(bands_of(small_grey(image)))


class Verdict(msgspec.Struct, frozen=True):
    """What is wrong after a picture."""

    states: Mapping[Trouble, bool | None]
    data: Mapping[Trouble, dict[str, Any]]  # what was measured of those that hold or may be about to

    suspected: bool  # something may be about to hold, or to end

    @property
    def doubted(self) -> bool:
        """Whether the picture must not be believed."""
        return any(self.states.values())


class Integrity:
    """Follows one camera. Times are seconds of any clock that does not step."""

    def __init__(
        self, *, size: tuple[int, int] | None = None, reference: Bands | None = None, frozen_s: float | None = None
    ) -> None:
        """``size``: width and height that pictures must have; ``reference``: where the camera is to look."""
        self._size = size
        self._reference = reference
        holds = dict(HOLDS)
        if frozen_s is not None:
            holds[Trouble.FROZEN] = Hold(frozen_s, HOLDS[Trouble.FROZEN].off_s)
        self._holdings = {trouble: Holding(hold) for trouble, hold in holds.items()}
        self._repeats = Repeats()
        self._background = Background()
        self._data: dict[Trouble, dict[str, Any]] = {}
        self._elsewhere = False  # fine structure is there, and not in place
        self._placed: Place | None = None  # against what it usually shows
        self._placed_s = -PLACE_S
        self._referred: bool | None = None  # what the reference said last
        self._referred_s = -REFER_S

    def take(self, image: Image, t_s: float, *, anew: bool = False, key: bool = True) -> Verdict:
        """Take in a picture; ``anew``: a recording begins again with it; ``key``: it builds on no earlier one."""
        if anew:
            self._repeats.forget()
        doubts: dict[Trouble, bool | None] = dict.fromkeys(HOLDS)
        doubts[Trouble.SIZE] = self._another_size(image)
        if not doubts[Trouble.SIZE]:
            self._doubt(image, doubts, t_s, key=key)
        states = {trouble: self._holdings[trouble].take(doubt, t_s) for trouble, doubt in doubts.items()}
        suspected = {one: self._data.get(one, {}) for one in states if self._holdings[one].suspected}
        return Verdict(states, suspected, bool(suspected))

    @property
    def picture(self) -> Grey | None:
        """A picture of what the camera usually shows, while nothing is wrong and enough was seen."""
        if self._background.age_s < 3 * YOUNG_S or any(one.suspected for one in self._holdings.values()):
            return None
        return self._background.picture

    def _another_size(self, image: Image) -> bool:
        found = (image.shape[1], image.shape[0])
        self._size = self._size or found
        self._data[Trouble.SIZE] = {"found": list(found), "expected": list(self._size)}
        return found != self._size

    def _doubt(self, image: Image, doubts: dict[Trouble, bool | None], t_s: float, *, key: bool) -> None:
        grey = small_grey(image)
        doubts[Trouble.BLACK] = _is_black(grey)
        doubts[Trouble.FROZEN] = False if doubts[Trouble.BLACK] else self._repeats.take(image, key=key)
        passed_s = self._background.see(grey, t_s)
        if doubts[Trouble.BLACK] or doubts[Trouble.FROZEN]:
            return  # neither says anything of the rest, nor is it what belongs there
        now, still, known = bands_of(grey), self._background.still, self._background.known
        assert still is not None
        if known is None or self._background.age_s < YOUNG_S:
            self._at_first(now, still, doubts, t_s)
        else:
            found = match(now, known, still=still)
            self._compare(found, now, known, doubts)
            self._place(found, still, known, doubts, t_s)
        if not any(one.suspected for one in self._holdings.values()) and not any(doubts.values()):
            self._background.learn(still, passed_s)

    def _at_first(self, now: Bands, still: Bands, doubts: dict[Trouble, bool | None], t_s: float) -> None:
        """Nothing is known but the reference: say what it shows, and what needs no knowledge."""
        flat = _is_flat(now)
        doubts[Trouble.COVERED] = flat
        if not flat:
            doubts[Trouble.MOVED] = self._by_reference(still, t_s)

    def _compare(self, found: Match, now: Bands, known: Bands, doubts: dict[Trouble, bool | None]) -> None:
        if found.known < KNOWN_SHARE:
            return
        lost = found.lost >= COVERED_SHARE
        hidden = lost and found.flat >= FLAT_SHARE * found.lost
        self._data[Trouble.COVERED] = {"lost": round(found.lost, 2), "flat": round(found.flat, 2)}
        doubts[Trouble.COVERED] = hidden
        if lost:
            return
        blurred = self._holdings[Trouble.DEFOCUSED].state is True
        sharpness, least = found.fine_over_coarse, SHARP if blurred else BLURRED
        if sharpness < least:  # a mean over a moment in which the camera swayed is soft: the picture itself is not
            sharpness = max(sharpness, sharpness_in_place(now, known))
        self._data[Trouble.DEFOCUSED] = {"sharpness": round(sharpness, 2)}
        soft = sharpness < least
        self._elsewhere = soft and found.fine_left >= ELSEWHERE
        doubts[Trouble.DEFOCUSED] = soft and not self._elsewhere

    def _place(self, found: Match, still: Bands, known: Bands, doubts: dict[Trouble, bool | None], t_s: float) -> None:
        if doubts[Trouble.COVERED] or self._holdings[Trouble.COVERED].state:
            return
        if t_s - self._placed_s >= PLACE_S or found.lost >= PLACE_LOST or self._placed is None:
            self._placed, self._placed_s = place_of(still, known, closely=self._elsewhere), t_s
        place = self._placed
        moved = place.moved
        if moved is None and found.lost >= COVERED_SHARE:
            moved = True  # it shows something, and nothing of what it showed
        if moved:
            self._data[Trouble.MOVED] = self._way(place)
        doubts[Trouble.MOVED] = moved or self._by_reference(still, t_s) or moved

    def _by_reference(self, still: Bands, t_s: float) -> bool | None:
        """Return whether it looks elsewhere than on the reference; looked at now and then."""
        if self._reference is None or self._reference.coarse.shape != still.coarse.shape:
            return None
        if t_s - self._referred_s >= REFER_S:
            self._referred_s = t_s
            place = place_of(still, self._reference)
            self._referred = place.moved
            if place.moved and self._usually_there():
                self._referred = False  # it sways, and the reference shows one end of that
            if self._referred:
                self._data[Trouble.MOVED] = {**self._way(place), "against": "reference"}
        return self._referred

    def _usually_there(self) -> bool:
        """Return whether it looks on the average where the reference does."""
        known, reference = self._background.known, self._reference
        if known is None or reference is None or self._background.age_s < YOUNG_S:
            return False
        return place_of(known, reference).moved is False

    def _way(self, place: Place) -> dict[str, Any]:
        if place.shift is None or self._size is None:
            return {"way": "nowhere", "likeness": round(place.likeness, 2)}
        dx, dy = (round(one * self._size[0] / WIDTH) for one in place.shift)
        return {"way": "shifted" if dx or dy else "turned", "dx": dx, "dy": dy}


def _is_black(grey: Grey) -> bool:
    return float(np.percentile(grey, 99.5)) < BLACK_MAX and float(grey.std()) < BLACK_DEVIATION


def _is_flat(bands: Bands) -> bool:
    return float(np.abs(bands.coarse).mean()) < FIRST_FLAT

"""Whether a camera still looks where it did: its structure is found at another place, or nowhere."""

import msgspec

from edge_agent.sources.camera.integrity.structure import Bands, likeness, shift_of, shifted

LEAST_PX = 3.2  # of the 320 of the small picture: 1 % of the width; a pole in the wind moves less on average
SURE = 0.35  # likeness at the place where it is found
BETTER = 0.15  # by so much more like than in place
IN_PLACE = 0.3  # likeness that says: it looks where it did
NOWHERE = 0.12  # less like than any weather makes it


class Place(msgspec.Struct, frozen=True):
    """What one look says."""

    moved: bool | None  # None: this picture cannot tell
    shift: tuple[float, float] | None = None  # small pixels, right and down, when it is known
    likeness: float = 0.0  # in place


def place_of(now: Bands, known: Bands) -> Place:
    """Compare the still picture of ``now`` with what is ``known``."""
    here = likeness(now.coarse, known.coarse)
    dx, dy, _ = shift_of(now.coarse, known.coarse)
    far = max(abs(dx), abs(dy)) >= LEAST_PX
    if far:
        there = likeness(shifted(now.coarse, -dx, -dy), known.coarse)
        if there >= SURE and there >= here + BETTER:
            return Place(True, (dx, dy), here)
    return Place(False if here >= IN_PLACE else None, None, here)

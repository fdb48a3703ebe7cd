"""A part of a road's surface that does not look as it did, and what it is likely to be."""

import msgspec

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels of the frame; x1 and y1 lie outside of it

HOLE, WATER, VEHICLE, PERSON, OBJECT, SHADOW, SOUND = CLASSES = (
    "hole",
    "water",
    "vehicle",
    "person",
    "object",
    "shadow",
    "sound",
)


class Blob(msgspec.Struct, frozen=True):
    """One change of one zone that does not move."""

    box: Box
    area_m2: float  # on the ground
    since_us: int  # first look that showed it as it is now
    scores: dict[str, float] = {}  # class → probability; empty: nobody could tell

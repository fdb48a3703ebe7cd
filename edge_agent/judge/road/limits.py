"""The times, looks, probabilities and area that a profile gives the judge of a road's surface."""

import msgspec

SECOND = 1_000_000
LEAST_M2 = 0.5  # no smaller change is looked for (DOMAIN.md 3)


class RoadLimits(msgspec.Struct, frozen=True):
    """Times in microseconds."""

    stays_us: int = 3 * SECOND  # a hole or water once it has stayed for so long (DOMAIN.md 3)
    looks: int = 3  # in which it was named, at the least
    object_us: int = 10 * SECOND  # whatever else does not belong there, once it has stayed for so long
    object_looks: int = 6
    far_us: int = 6 * SECOND  # looks that are farther apart: between them the light is another, and cars come and go
    far_looks: int = 8  # then so many have to agree
    sure: float = 0.5  # mean probability of a class that is believed
    doubt: float = 0.35  # mean probability of what only passes, above which no object is told
    gone_us: int = 10 * SECOND  # what was told and is not seen for so long is gone
    gone_looks: int = 5
    pinned_us: int = 86_400 * SECOND  # what a judge before this one told, and nobody has seen since
    lost_us: int = 2 * SECOND  # the same for what was not told
    lost_looks: int = 2
    area_m2: float = LEAST_M2  # what is smaller is not told


PLAIN = RoadLimits(
    stays_us=0, looks=1, object_us=0, object_looks=1, far_looks=1, gone_us=0, gone_looks=1, lost_us=0, lost_looks=1
)  # each look alone

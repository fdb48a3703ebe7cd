"""The times that a profile gives the judge of berths."""

import msgspec

SECOND = 1_000_000


class BerthLimits(msgspec.Struct, frozen=True):
    """Limits in microseconds; both 0: each look decides alone."""

    confirm_us: int = 5 * SECOND  # free ↔ occupied once the looks have agreed for so long
    stays_us: int = 1200 * SECOND  # of looks farther apart: a berth stays as it is so long, on the average
    unseen_us: int = 3600 * SECOND  # a vehicle that nobody saw for longer may be another one: a stay of its own
    lost_us: int = 5 * SECOND  # unknown once nobody could tell for so long; at the least two looks


PLAIN = BerthLimits(confirm_us=0, lost_us=0)  # no hysteresis

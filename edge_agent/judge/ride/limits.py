"""The times and lengths that a profile gives the judge of boxes."""

import msgspec

SECOND = 1_000_000


class RideLimits(msgspec.Struct, frozen=True):
    """Limits in microseconds, metres and m/s; the defaults suit lifts of 0.5 to 10 m/s and 2.6 to 400 m."""

    stay_us: int = 20 * SECOND  # the car stays this long where no ride should end: stuck
    late_us: int = 500_000  # samples may arrive this much out of order
    jump_us: int = 60 * SECOND  # a sample further from the last one means that the box's clock jumped
    floor_m: float = 0.35  # this near to a floor is at it
    travel_m: float = 600.0  # no shaft is higher

"""The times and lengths that a profile gives the judge of queues."""

import msgspec

SECOND = 1_000_000


class QueueLimits(msgspec.Struct, frozen=True):
    """Limits in microseconds, metres and m/s."""

    stop_us: int = 4 * SECOND  # a cell holds a stopped vehicle once it was full for so long without motion
    stays_us: int = 120 * SECOND  # of looks farther apart than that: it holds one for so long, on the average
    lost_us: int = 5 * SECOND  # a cell is unknown once nobody could tell for so long
    vehicle_m: float = 5.0  # what a stopped vehicle takes (DOMAIN.md, section 4)
    gap_m: float = 12.0  # so much free road between two stopped vehicles parts no queue
    form_m: float = 15.0  # a shorter line of stopped vehicles is no queue
    form_us: int = 20 * SECOND  # and neither is one that has gone sooner
    over_us: int = 20 * SECOND  # a queue is over once it was shorter for so long
    window_us: int = 120 * SECOND  # growth is measured over so long
    rise_m: float = 12.0  # and is none below this rise: two cells
    grow_mps: float = 0.1  # it grows from here on; at half of it it does not any more

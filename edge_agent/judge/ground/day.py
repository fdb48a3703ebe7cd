"""How much the ground has settled within a sliding day, from means of half hours: gaps and outliers do no harm."""

import msgspec

BIN_US = 1_800_000_000
DAY_US = 48 * BIN_US
MOST = 96  # means; a ground that moves all the time has more than 48
LEAST = 2  # samples that make a mean worth comparing with

Bin = tuple[int, float, int]  # its beginning in µs, mean in mm, samples


class Day(msgspec.Struct, frozen=True):
    """The half hours of the last day that have samples, the oldest first."""

    bins: tuple[Bin, ...] = ()


def add(day: Day, t_us: int, mm: float, *, apart: bool = False) -> Day:
    """Return the day with one more sample; ``apart``: it has nothing in common with those before it."""
    kept = tuple(one for one in day.bins if t_us - DAY_US <= one[0] + BIN_US and one[0] <= t_us)
    if not kept or t_us - kept[-1][0] >= BIN_US or (apart and len(kept) < MOST):
        return Day((*kept, (t_us, mm, 1)))
    began_us, mean, count = kept[-1]
    return Day((*kept[:-1], (began_us, mean + (mm - mean) / (count + 1), count + 1)))


def change_mm(day: Day, t_us: int, mm: float) -> float | None:
    """Return the greatest change, with its sign, from any half hour of the last day until now; None: none is known."""
    means = (mean for at, mean, count in day.bins if t_us - DAY_US <= at + BIN_US and count >= LEAST)
    return max((mm - mean for mean in means), key=abs, default=None)


def shift(day: Day, step_us: int) -> Day:
    """Return the day after the clock was set."""
    return Day(tuple((began_us + step_us, mean, count) for began_us, mean, count in day.bins))

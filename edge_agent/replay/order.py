"""Bring a recording's rows into the order in which they were sampled."""

from collections import Counter
from itertools import pairwise

import msgspec
import numpy as np

from edge_agent.replay.recording import Series

BACK_US = 1_000_000  # a clock that goes back by more was set, if it then goes on for long
LONG = 100  # rows


class Ordered(msgspec.Struct, frozen=True):
    """A series without doubles, and what was done to it."""

    series: Series
    done: Counter[str]  # word → rows or places


def in_order(series: Series) -> Ordered:
    """Return the series sorted by time, each row once.

    Where the clock went back and on over times that were there already, rows of two instants have one time: these
    stay in the order of the file, and the judge sees the jump.
    """
    once, doubled = _without_doubles(series)
    steps = np.diff(once.t_us)
    if not (steps < 0).any():
        return Ordered(once, Counter({"doubled": doubled} if doubled else {}))
    jumps = _jumps(once)
    if jumps:
        return Ordered(once, Counter({"doubled": doubled, "clock set back": jumps}))
    order = np.argsort(once.t_us, kind="stable")
    done = Counter({"doubled": doubled, "unsorted": int((steps < 0).sum())})
    return Ordered(Series(once.t_us[order], once.values[order]), done)


def _without_doubles(series: Series) -> tuple[Series, int]:
    if not len(series.t_us):
        return series, 0
    whole = np.column_stack([series.t_us.astype(np.float64) - float(series.t_us[0]), series.values])
    _, first = np.unique(whole, axis=0, return_index=True, equal_nan=True)
    keep = np.sort(first)
    return Series(series.t_us[keep], series.values[keep]), len(series.t_us) - len(keep)


def _jumps(series: Series) -> int:
    """Return how often the clock was set back, 0 when the rows are only out of order."""
    cuts = np.flatnonzero(np.diff(series.t_us) < -BACK_US) + 1
    parts = np.split(series.t_us, cuts)
    if not len(cuts) or len(cuts) > 20 or any(len(part) < LONG for part in parts):
        return 0
    lap = 0
    for before, part in pairwise(parts):
        both = int(((part >= before.min()) & (part <= before.max())).sum())
        lap += both >= LONG // 2
    return lap

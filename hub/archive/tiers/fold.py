"""Fold points into minutes and minutes into hours: the same input gives the same bucket, however often it is folded."""

import operator
import sys
from collections.abc import Iterable, Sequence
from functools import partial, reduce
from typing import cast

from device_profiles.wire import Value
from hub.archive import EVENT_PREFIX, Point
from hub.archive.tiers import HOUR_US, MINUTE_US, Bucket

# in their order: so it is what one by one makes. From 3.12 on `sum` adds more exactly than that
_sum = sum if sys.version_info < (3, 12) else partial(reduce, operator.add)


class Sums:
    """What a bucket is made from while it is being made."""

    __slots__ = ("count", "high", "last", "last_us", "low", "numbers", "total")

    def __init__(self) -> None:
        self.count = self.numbers = 0
        self.low = self.high = self.total = 0.0
        self.last: float | str | None = None
        self.last_us = -1

    def say(self, value: Value, t_us: int) -> None:
        """Take in a point, which is later than those before."""
        self.count += 1
        self.last_us = t_us
        if not isinstance(value, int | float):
            self.last = value
            return
        self.last = number = float(value)  # a bool is an int
        self.total += number
        if not self.numbers:
            self.low = self.high = number
        elif number < self.low:
            self.low = number
        elif number > self.high:
            self.high = number
        self.numbers += 1

    def say_all(self, values: Sequence[Value], t_us: int) -> None:
        """Take in points, each later than the one before, the last of them at ``t_us``: the same as one by one."""
        if set(map(type, values)) != {float}:
            for value in values:
                self.say(value, t_us)
            return
        self.say_floats(cast(Sequence[float], values), t_us)

    def say_floats(self, numbers: Sequence[float], t_us: int) -> None:
        """Take in points likewise, all of them floats."""
        low, high = min(numbers), max(numbers)
        if not self.numbers or low < self.low:
            self.low = low
        if not self.numbers or high > self.high:
            self.high = high
        self.total = _sum(numbers, self.total)
        self.count += len(numbers)
        self.numbers += len(numbers)
        self.last, self.last_us = numbers[-1], t_us

    def add(self, *, count: int, last: float | str | None, last_us: int) -> None:
        """Take in ``count`` points, the last of them at ``last_us``."""
        self.count += count
        if last_us >= self.last_us:
            self.last, self.last_us = last, last_us

    def add_numbers(self, numbers: int, *, low: float, high: float, mean: float) -> None:
        """Take in so many numbers."""
        self.low = min(self.low, low) if self.numbers else low
        self.high = max(self.high, high) if self.numbers else high
        self.total += mean * numbers
        self.numbers += numbers

    def bucket(self, subject: str, field: str, t_us: int) -> Bucket:
        """Return what was taken in."""
        low, high, mean = (self.low, self.high, self._mean()) if self.numbers else (None, None, None)
        return Bucket(subject, field, t_us, self.count, self.numbers, low, high, mean, self.last, self.last_us)

    def _mean(self) -> float:
        """Return the mean, which rounding (or a sum beyond all floats) must not carry outside low and high."""
        return min(self.high, max(self.low, self.total / self.numbers))


class Minutes:
    """The minutes of one subject's values, from points that come in the order of time for each field."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, int], Sums] = {}

    def add(self, points: Iterable[Point]) -> None:
        """Take points in; events are in no tier."""
        for point in points:
            if point.field.startswith(EVENT_PREFIX):
                continue
            key = (point.subject, point.field, point.t_us - point.t_us % MINUTE_US)
            sums = self._sums.setdefault(key, Sums())
            sums.say(point.value, point.t_us)

    def buckets(self) -> list[Bucket]:
        """Return them in the order of subject, field and time."""
        return [sums.bucket(*key) for key, sums in sorted(self._sums.items(), key=lambda item: item[0])]


def hours(minutes: Iterable[Bucket]) -> list[Bucket]:
    """Return the hours of ``minutes``, which come in the order of time for each field."""
    made: dict[tuple[str, str, int], Sums] = {}
    for minute in minutes:
        sums = made.setdefault((minute.subject, minute.field, minute.t_us - minute.t_us % HOUR_US), Sums())
        sums.add(count=minute.count, last=minute.last, last_us=minute.last_us)
        if minute.low is not None and minute.high is not None and minute.mean is not None:
            sums.add_numbers(minute.numbers, low=minute.low, high=minute.high, mean=minute.mean)
    return [sums.bucket(*key) for key, sums in sorted(made.items(), key=lambda item: item[0])]

"""A set of whole numbers kept as disjoint ranges: which sequence numbers of a lane are known."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable


class Ranges:
    """Disjoint, sorted, never touching ranges of numbers from 1 on."""

    __slots__ = ("_firsts", "_lasts", "count")

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self.count = 0  # numbers in the set
        for first, last in pairs:
            self.add(first, last)

    def add(self, first: int, last: int | None = None) -> int:
        """Put ``first``..``last`` (or one number) in; return how many were not in before."""
        lasts = self._lasts
        if last is None:
            if lasts and first == lasts[-1] + 1:  # the next one, as nearly always
                lasts[-1] = first
                self.count += 1
                return 1
            last = first
        if first < 1 or last < first:
            raise ValueError(f"{first}..{last} is no range of numbers from 1 on")
        left = bisect_left(self._lasts, first - 1)  # the ranges left..right-1 overlap or touch
        right = bisect_right(self._firsts, last + 1)
        held = sum(self._lasts[i] - self._firsts[i] + 1 for i in range(left, right))
        if left < right:
            first, last = min(first, self._firsts[left]), max(last, self._lasts[right - 1])
        self._firsts[left:right] = [first]
        self._lasts[left:right] = [last]
        added = last - first + 1 - held
        self.count += added
        return added

    def __contains__(self, number: int) -> bool:
        if self._lasts and number > self._lasts[-1]:  # the next one, as nearly always
            return False
        index = bisect_left(self._lasts, number)
        return index < len(self._firsts) and self._firsts[index] <= number

    @property
    def to(self) -> int:
        """The greatest number up to which there is no gap, 0 when 1 is not in."""
        return self._lasts[0] if self._firsts and self._firsts[0] == 1 else 0

    @property
    def highest(self) -> int:
        """The greatest number in the set, 0 when it is empty."""
        return self._lasts[-1] if self._lasts else 0

    @property
    def missing(self) -> int:
        """How many numbers below the highest are not in the set."""
        return self.highest - self.count

    def pairs(self) -> list[tuple[int, int]]:
        """Return the ranges, ascending."""
        return list(zip(self._firsts, self._lasts, strict=True))

    def gaps(self, below: int | None = None, *, limit: int | None = None) -> list[tuple[int, int]]:
        """Return what is missing below ``below`` (default: the highest), ascending, at most ``limit`` gaps."""
        below = self.highest if below is None else min(below, self.highest)
        found: list[tuple[int, int]] = []
        free = 1
        for first, last in zip(self._firsts, self._lasts, strict=True):
            if free >= below or len(found) == limit:
                break
            if first > free:
                found.append((free, min(first, below) - 1))
            free = last + 1
        return found

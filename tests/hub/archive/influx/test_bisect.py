"""Bisect: only what is refused alone stays out."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.archive.influx.bisect import bisect
from hub.archive.influx.server import Refused
from hub.errors import StoreDown


class Store:
    """A server that refuses a request with one of ``bad`` in it; it may have taken the others, or none of them."""

    def __init__(self, bad: set[int], *, partial: bool = False) -> None:
        self.bad = bad
        self.partial = partial
        self.taken: set[int] = set()
        self.requests = 0

    def write(self, items: Sequence[int]) -> None:
        """Take all, or refuse."""
        self.requests += 1
        good = set(items) - self.bad
        if len(good) == len(set(items)) or self.partial:
            self.taken |= good
        if len(good) < len(set(items)):
            raise Refused(400, f"not {min(set(items) & self.bad)}")


def none(item: int) -> Sequence[int]:
    """Return no parts."""
    return ()


@given(count=st.integers(0, 60), bad=st.sets(st.integers(0, 59)), partial=st.booleans())
def test_exactly_the_bad_ones_stay_out(count: int, bad: set[int], partial: bool) -> None:
    """Whatever is bad and wherever it stands; each with the words that were said of it."""
    store = Store(bad, partial=partial)
    found = list(bisect(range(count), store.write, none))
    assert [item for item, _ in found] == sorted(item for item in bad if item < count)
    assert all(refused.words == f"not {item}" for item, refused in found)
    assert store.taken == set(range(count)) - bad


@pytest.mark.parametrize("bad", [0, 2_500, 4_999])
def test_one_bad_point_costs_few_requests(bad: int) -> None:
    """One in 5,000 costs two requests for each halving."""
    store = Store({bad})
    assert [item for item, _ in bisect(range(5_000), store.write, none)] == [bad]
    assert store.requests <= 2 * math.ceil(math.log2(5_000)) + 1


def test_what_has_parts_is_cut_into_them() -> None:
    """A line that is refused alone is written field by field."""
    store = Store({3, 103})
    found = list(bisect([3], store.write, lambda item: [1, 2, 103, 4] if item == 3 else []))
    assert [item for item, _ in found] == [103]
    assert store.taken == {1, 2, 4}


def test_a_server_that_is_away_ends_it() -> None:
    """What is not about the points is for the caller."""

    def write(items: Sequence[int]) -> None:
        raise StoreDown("influxdb", "gone")

    with pytest.raises(StoreDown):
        list(bisect([1, 2], write, none))

"""Ranges behave like a plain set of numbers."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.ranges import Ranges

PAIRS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)).map(lambda p: (p[0], p[0] + p[1])), max_size=30)


@given(PAIRS)
def test_like_a_set(pairs: list[tuple[int, int]]) -> None:
    """Adding, membership, counts, the gapless prefix and the gaps agree with a set."""
    ranges, model = Ranges(), set[int]()
    for first, last in pairs:
        new = set(range(first, last + 1))
        assert ranges.add(first, last) == len(new - model)
        model |= new
    highest = max(model, default=0)
    assert ranges.highest == highest
    assert ranges.count == len(model)
    assert [n for n in range(80) if n in ranges] == sorted(model)
    missing = set(range(1, highest + 1)) - model
    assert ranges.missing == len(missing)
    assert ranges.to == min(missing, default=highest + 1) - 1
    assert {n for first, last in ranges.gaps() for n in range(first, last + 1)} == missing
    assert Ranges(ranges.pairs()).pairs() == ranges.pairs()


@given(PAIRS, st.integers(0, 80))
def test_gaps_below(pairs: list[tuple[int, int]], below: int) -> None:
    """Gaps below a number are the numbers missing below it, in order, and never touch."""
    ranges = Ranges(pairs)
    gaps = ranges.gaps(below)
    missing = {n for n in range(1, min(below, ranges.highest)) if n not in ranges}
    assert {n for first, last in gaps for n in range(first, last + 1)} == missing
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(gaps))
    assert ranges.gaps(below, limit=1) == gaps[:1]


def test_order_does_not_split() -> None:
    """A pack out of order closes its gap."""
    ranges = Ranges([(1, 3), (5, 5)])
    ranges.add(4)
    assert ranges.pairs() == [(1, 5)]


@pytest.mark.parametrize(("first", "last"), [(0, 4), (5, 4), (-1, -1)])
def test_no_range(first: int, last: int) -> None:
    """What is no range of numbers from 1 on is refused."""
    with pytest.raises(ValueError, match="no range"):
        Ranges().add(first, last)

"""The tail holds the newest records without a gap, inside its bounds, and gives them as the file would."""

from hypothesis import given
from hypothesis import strategies as st

from hub.journal.records import Record
from hub.journal.tail import Tail


def records(first: int, count: int, size: int = 10) -> list[Record]:
    """Return records with these offsets."""
    return [Record(offset, 1, "pack", "a", 1, "reading", offset, b"x" * size) for offset in range(first, first + count)]


def offsets(found: list[Record]) -> list[int]:
    """Return their offsets."""
    return [record.offset for record in found]


def test_gives_what_follows_an_offset() -> None:
    """From the middle, from before its first, behind its last."""
    tail = Tail()
    tail.extend(records(5, 4))
    assert offsets(tail.after(4, 10)) == [5, 6, 7, 8]
    assert offsets(tail.after(6, 1)) == [7]
    assert tail.after(8, 10) == []  # nothing newer: the file may know of another process's
    assert tail.after(3, 10) == []  # 4 is in the file only


def test_a_record_of_another_process_begins_a_new_run() -> None:
    """What the tail has never spans an offset that somebody else wrote."""
    tail = Tail()
    tail.extend(records(1, 3))
    tail.extend(records(5, 2))  # 4 was an act
    assert tail.after(2, 10) == []
    assert offsets(tail.after(4, 10)) == [5, 6]


def test_a_cut_is_a_cut() -> None:
    """What the journal has deleted is gone here too."""
    tail = Tail()
    tail.extend(records(1, 5))
    tail.cut(4)
    assert tail.after(0, 10) == []
    assert offsets(tail.after(3, 10)) == [4, 5]
    tail.cut(100)
    assert tail.after(4, 10) == []


class Reader:
    """A follower that has read so far."""

    def __init__(self, position: int) -> None:
        self.position = position


def test_what_a_follower_has_not_read_is_held_longer() -> None:
    """Up to the greater bound; once all have read it, only the newest stay."""
    tail, quick, slow = Tail(kept_records=3, most_records=8), Reader(0), Reader(0)
    tail.followers += [quick, slow]
    tail.extend(records(1, 6))
    assert offsets(tail.after(0, 10)) == [1, 2, 3, 4, 5, 6]
    quick.position, slow.position = 6, 2
    tail.extend(records(7, 1))
    assert tail.after(1, 10) == []
    assert offsets(tail.after(2, 10)) == [3, 4, 5, 6, 7]
    tail.extend(records(8, 6))
    assert offsets(tail.after(5, 10)) == [6, 7, 8, 9, 10, 11, 12, 13]  # the bound, though 3 was not read
    quick.position = slow.position = 13
    tail.extend(records(14, 1))
    assert tail.after(10, 10) == []
    assert offsets(tail.after(11, 10)) == [12, 13, 14]


def test_a_follower_holds_no_more_bytes_than_the_greater_bound() -> None:
    """Few records of many bytes are bounded too."""
    tail, slow = Tail(kept_bytes=100, most_bytes=250), Reader(0)
    tail.followers.append(slow)
    tail.extend(records(1, 4, size=80))
    assert offsets(tail.after(1, 10)) == [2, 3, 4]
    slow.position = 3
    tail.extend(records(5, 1, size=80))
    assert tail.after(2, 10) == []
    assert offsets(tail.after(4, 10)) == [5]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 200)), max_size=20))
def test_invariant_06_the_tail_is_bounded(batches: list[tuple[int, int]]) -> None:
    """However much is written: so many records, so many bytes, and always the newest."""
    tail, last = Tail(most_records=25, most_bytes=2_000), 0
    for count, size in batches:
        tail.extend(records(last + 1, count, size))
        last += count
        held = next((found for first in range(last + 1) if (found := tail.after(first, 1_000))), [])
        assert len(held) <= 25
        assert sum(len(record.body) for record in held) <= 2_000
        assert offsets(held) == list(range(last - len(held) + 1, last + 1))

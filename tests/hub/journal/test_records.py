"""Records: what one row of the journal says, and whether any is missing."""

import pytest

from hub.journal.records import NEW_LIFE, Record, is_whole, tick_row


@pytest.mark.parametrize(
    ("after", "offsets", "whole"),
    [
        (0, [], True),
        (0, [1, 2, 3], True),
        (4, [5, 6], True),
        (4, [6, 7], False),
        (4, [5, 7], False),
        (4, [5, NEW_LIFE + 1, NEW_LIFE + 2], True),
        (4, [5, NEW_LIFE + 2], False),
        (NEW_LIFE + 9, [3 * NEW_LIFE + 1], True),
    ],
)
def test_only_a_new_life_leaves_numbers_out(after: int, offsets: list[int], whole: bool) -> None:
    """A restored journal begins behind a multiple; any other hole is a loss."""
    row = tick_row(1)
    records = [Record(n, row.received_us, row.kind, "", 0, "", None, row.body) for n in offsets]
    assert is_whole(after, records) is whole

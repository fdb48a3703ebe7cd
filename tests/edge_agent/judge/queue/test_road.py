"""The queue on a road that is cut into pieces: where it lies, and what of it nobody saw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.road import find_queue
from tests.edge_agent.judge.queue.rig import pieces_of


@pytest.mark.parametrize(
    ("word", "length_m", "vehicles", "at_least"),
    [
        ("....", 0, 0, False),
        ("####.", 20, 4, False),
        ("####", 20, 4, True),
        ("####?", 20, 4, True),
        ("##..##.", 30, 4, False),  # 10 m free do not part a queue
        ("##...###.", 15, 3, False),  # 15 m do: the longer one counts
        ("##????##.", 40, 4, True),
        ("?##.", 10, 2, False),
    ],
)
def test_the_longest_line_is_the_queue(word: str, length_m: float, vehicles: int, at_least: bool) -> None:
    """From its first to its last stopped vehicle."""
    queue = find_queue(pieces_of(0, word), QueueLimits())
    assert queue is not None
    assert (queue.queue_m, queue.vehicles, queue.at_least) == (length_m, vehicles, at_least)


def test_what_nobody_sees_has_no_length() -> None:
    """Not 0: unknown."""
    assert find_queue(pieces_of(0, "???."), QueueLimits()) is None
    assert find_queue([], QueueLimits()) is None


@given(st.text("#.?", min_size=1, max_size=40))
def test_a_queue_is_never_longer_than_its_road(word: str) -> None:
    """Whatever the cells say: it lies on the road, and what was unseen of it is a part of it."""
    queue = find_queue(pieces_of(0, word), QueueLimits())
    if queue is not None:
        assert 0 <= queue.head_m <= queue.tail_m <= 5 * len(word)
        assert queue.queue_m == queue.tail_m - queue.head_m
        assert queue.unseen_m < max(queue.queue_m, 1)
        assert queue.vehicles <= word.count("#")

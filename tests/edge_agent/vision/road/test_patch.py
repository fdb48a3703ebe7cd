"""A pair of patches is cut round a box from the frame after and the frame before; unknown is said honestly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.vision.road.patch import LABELS, SIZE, UNKNOWN, named, pair

AFTER = np.zeros((120, 200, 3), np.uint8)
BEFORE = np.full((120, 200, 3), 90, np.uint8)
AFTER[40:60, 80:120] = 200


def test_the_frame_after_lies_above_the_frame_before() -> None:
    """The box is in the middle of its square, with the road round it."""
    made = pair(AFTER, BEFORE, (80, 40, 120, 60))
    assert made.shape == (2 * SIZE, SIZE, 3)
    assert made[SIZE // 2, SIZE // 2].tolist() == [200, 200, 200]
    assert made[2, 2].tolist() == [0, 0, 0]
    assert (made[SIZE:] == 90).all()


def test_a_box_that_fills_the_square_is_as_wide_as_its_share() -> None:
    """Of 40 px and 0.4 of them on each side, the box takes 64 / 1.8 px."""
    bright = (pair(AFTER, BEFORE, (80, 40, 120, 60))[SIZE // 2, :, 0] > 100).sum()
    assert bright == pytest.approx(64 / 1.8, abs=1)


@given(st.tuples(*[st.integers(-900, 900)] * 4))
def test_any_box_gives_a_pair(box: tuple[int, int, int, int]) -> None:
    """Beyond the frame, of no size or turned round: the frame's border goes on."""
    assert pair(AFTER, BEFORE, box).shape == (2 * SIZE, SIZE, 3)


def test_what_is_not_sure_is_unknown() -> None:
    """Below one half no class is believed, nor when nothing was scored."""
    flat = dict.fromkeys(LABELS, 1 / len(LABELS))
    assert named(flat) == UNKNOWN
    assert named({}) == UNKNOWN
    assert named({**dict.fromkeys(LABELS, 0.05), "water": 0.7}) == "water"

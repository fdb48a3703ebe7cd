"""Zones are cut into patches upright, dimmed outside, from the part of the frame that they name."""

import numpy as np

from edge_agent.vision.patches import Patches

FRAME = np.full((120, 160, 3), 200, np.uint8)


def test_a_patch_shows_its_zone_in_the_middle() -> None:
    """What is bright inside of the zone is dimmed outside of it."""
    (patch,) = Patches([((60, 40), (100, 40), (100, 80), (60, 80))], size=64, context=0.2, dim=0.5).cut(FRAME)
    assert patch[32, 32].tolist() == [200, 200, 200]
    assert patch[2, 2].tolist() == [100, 100, 100]
    assert patch[32, 2].tolist() == [100, 100, 100]


def test_a_patch_is_upright_and_keeps_its_sides() -> None:
    """A mark left above in the zone is left above in the patch, at the same share of its longer side."""
    frame = FRAME.copy()
    frame[30:35, 40:45] = (0, 0, 255)
    (patch,) = Patches([((40, 30), (120, 30), (120, 70), (40, 70))], size=64, context=0.0, dim=1.0).cut(frame)
    rows, columns = np.nonzero((patch[:, :, 2] > 150) & (patch[:, :, 1] < 60))
    assert abs(columns.mean() - 1.5) < 1
    assert abs(rows.mean() - 17.5) < 1


def test_some_zones_are_cut_into_one_batch_without_copies() -> None:
    """Two batches are allocated once, one is filled while the model has the other; rows come in the order asked for."""
    frame = FRAME.copy()
    frame[:, 80:] = 50
    left, right = ((10, 10), (40, 10), (40, 40), (10, 40)), ((110, 10), (140, 10), (140, 40), (110, 40))
    patches = Patches([left, right], size=32, context=0.0, dim=1.0)
    cut = patches.cut(frame, [1])
    assert not np.shares_memory(cut, patches.cut(FRAME, [1]))
    assert np.shares_memory(cut, patches.cut(frame, [1]))
    assert cut.shape == (1, 32, 32, 3)
    assert cut[0, 16, 16, 0] == 50
    assert [one[16, 16, 0] for one in patches.cut(frame, [1, 0])] == [50, 200]


def test_a_zone_beyond_the_edge_repeats_the_edge() -> None:
    """Nothing is black that only lies outside."""
    (patch,) = Patches([((-30, -30), (20, -30), (20, 20), (-30, 20))], size=32, context=0.2, dim=1.0).cut(FRAME)
    assert patch.min() == 200


def test_a_large_zone_is_shrunk_with_the_frame_first() -> None:
    """What it shows, and where, stays the same; fine structure is averaged instead of skipped."""
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[:, ::2] = 200  # every other column
    frame[100:200, 100:200] = 255
    (patch,) = Patches([((100, 100), (500, 100), (500, 500), (100, 500))], size=64, context=0.0, dim=1.0).cut(frame)
    assert patch[3:12, 3:12].min() == 255
    assert abs(int(patch[40, 40, 0]) - 100) < 25
    assert abs(int(patch[20, 20, 0]) - 100) < 25

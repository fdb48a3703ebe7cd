"""Cars pasted into photographs: where the truth says so, and nowhere else."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from simulators.camera.drawing.photographs import PhotographRenderer, read_photographs
from tests.real_data import DATA
from tests.simulators.camera.drawing.photographed import car_park


def test_cars_are_pasted_where_the_truth_says(tmp_path: Path) -> None:
    """The free space turns red while it is taken, what has no label never changes, the real car stays."""
    renderer = PhotographRenderer(read_photographs(car_park(tmp_path)), seed=1, duration_s=2000)
    assert sorted(renderer.zones()) == ["1", "2"]
    states = set()
    for t_s in range(0, 2000, 50):
        picture = renderer.frame(t_s)
        taken = renderer.occupied("2", t_s) is not None
        states.add(taken)
        assert (picture[70, 110, 2] > 180) is np.bool_(taken)
        assert picture[70, 40, 2] > 180
        assert abs(float(picture[45:95, 165:195].mean()) - 110) < 3
    assert states == {True, False}


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    """One line that names it."""
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="no photograph"):
        read_photographs(tmp_path)


def test_real_photographs(tmp_path: Path) -> None:
    """PKLot: most free spaces get a car now and then, and the picture changes there."""
    folder = DATA / "images" / "pklot_ufpr05" / "sequence1"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    renderer = PhotographRenderer(read_photographs(folder), seed=1)
    taken = [name for name in renderer.stays if renderer.occupied(name, 300.0) is not None]
    assert 3 < len(taken) < len(renderer.stays)
    before, now = renderer.photograph.picture.astype(int), renderer.frame(300.0)
    for name in taken:
        x, y = np.mean(renderer.zones()[name], axis=0).astype(int)
        assert np.abs(now[y - 8 : y + 8, x - 8 : x + 8] - before[y - 8 : y + 8, x - 8 : x + 8]).mean() > 6, name

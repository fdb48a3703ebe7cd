"""Integrity on photographs of real car parks, weeks apart (PKLot, CC BY 4.0)."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.sources.camera.integrity.placing import place_of
from edge_agent.vision.structure import Bands, bands_of, match, small_grey
from tests.real_data import DATA

IMAGES = DATA / "images"
FRAMES = sorted((IMAGES / "pklot_ufpr05").rglob("*.png"))
OTHERS = sorted((IMAGES / "pklot_other_cameras").glob("*.jpg"))
pytestmark = pytest.mark.skipif(
    not FRAMES or not OTHERS, reason=f"real data is not there: {IMAGES} (CITYNERVE_DATA names its folder)"
)


def _bands(path: Path, *, part: float = 0.0, degrees: float = 0.0, sigma: float = 0.0) -> Bands:
    picture = cv2.imread(str(path))
    assert picture is not None
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[0, 2] += part * width
    moved = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    if sigma:
        moved = cv2.GaussianBlur(moved, (0, 0), sigma)
    return bands_of(small_grey(np.asarray(moved, np.uint8)))


def test_weeks_and_other_light_move_no_camera_and_a_knock_does() -> None:
    """Against one frame of one morning."""
    reference = _bands(FRAMES[0])
    assert [place_of(_bands(path), reference).moved for path in FRAMES] == [False] * len(FRAMES)
    for part, degrees in ((0.02, 0.0), (0.05, 1.0), (0.14, 4.0), (0.3, 0.0)):
        found = place_of(_bands(FRAMES[-1], part=part, degrees=degrees), reference)
        assert found.moved is True
        assert found.shift is not None
        assert abs(found.shift[0] - part * 320) < 2
    assert place_of(_bands(OTHERS[0]), reference).moved is not False


def test_a_lens_out_of_focus_is_told_from_morning_haze() -> None:
    """Sharpness falls with the blur, whatever there is to see."""
    for path in (FRAMES[0], FRAMES[-1], *OTHERS):
        sharp = _bands(path)
        assert match(_bands(path, sigma=8.0), sharp).fine_over_coarse < 0.2
        assert match(sharp, sharp).fine_over_coarse == pytest.approx(1.0)

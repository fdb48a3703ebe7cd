"""The committed road model is sound, is refused when it differs, and tells holes from what looks like holes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.infer.model import Refusal, load_model
from edge_agent.infer.registry import models_folder
from edge_agent.vision.road.patch import LABELS, UNKNOWN, RoadPatch, load_road_patch, named
from tests.edge_agent.infer.spoilt import SpoiltModel, refusal

BOX = (120, 70, 200, 110)


@pytest.fixture(scope="module")
def model() -> RoadPatch:
    """Return the committed model."""
    return load_road_patch()


@pytest.fixture
def spoilt(tmp_path: Path) -> SpoiltModel:
    """Return a copy of the model."""
    return SpoiltModel(tmp_path, "road_patch")


def _road() -> np.ndarray:
    rng = np.random.default_rng(3)
    coarse = cv2.resize(rng.normal(105, 5, (30, 54, 1)), (320, 180))[:, :, None]
    return (coarse + rng.normal(0, 4, (180, 320, 3))).clip(0, 255).astype(np.uint8)


def _hole(road: np.ndarray) -> np.ndarray:
    """Return the road with a collapse: its far wall of earth is lit, its bottom is dark, rubble lies round it."""
    rng = np.random.default_rng(4)
    angles = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    outline = np.column_stack([np.cos(angles), np.sin(angles)]) * (1 + rng.normal(0, 0.1, 30))[:, None] * (38, 18)
    holed = road.copy()
    cv2.fillPoly(holed, [(outline + np.array((160, 90))).astype(np.int32)], (70, 84, 92), cv2.LINE_AA)
    cv2.fillPoly(holed, [(outline * 0.85 + np.array((160, 95))).astype(np.int32)], (22, 26, 30), cv2.LINE_AA)
    return holed


def test_the_committed_model_is_small_and_gives_a_probability_for_each_label(model: RoadPatch) -> None:
    """It is below 1 MB; probabilities add up to 1, for more boxes than one run takes."""
    assert (models_folder() / "road_patch.onnx").stat().st_size < 1_000_000
    told = model.classify(_hole(_road()), _road(), [BOX] * 11)
    assert [tuple(one) for one in told] == [LABELS] * 11
    assert all(sum(one.values()) == pytest.approx(1, abs=1e-3) for one in told)
    assert model.classify(_road(), _road(), []) == []


def test_a_hole_a_shadow_and_the_road_itself_are_told_apart(model: RoadPatch) -> None:
    """The same outline, broken in or only darker; nothing at all is sound."""
    road = _road()
    shade = road.copy()
    darker = np.zeros(road.shape[:2], np.float32)
    cv2.ellipse(darker, (160, 90), (38, 18), 0, 0, 360, 0.45, -1)
    shade = (shade * (1 - cv2.GaussianBlur(darker, (0, 0), 2)[:, :, None])).astype(np.uint8)
    told = [named(*model.classify(after, road, [BOX])) for after in (_hole(road), shade, road)]
    assert (told[0], told[2]) == ("hole", "sound")
    assert told[1] in ("shadow", "water")  # a round shadow on drawn asphalt may be taken for a wet place, never a hole


def test_a_hole_that_was_there_before_is_sound(model: RoadPatch) -> None:
    """It is the change that is asked for; and when the hole is filled, that is no hole either."""
    holed = _hole(_road())
    assert named(*model.classify(holed, holed, [BOX])) == "sound"
    assert named(*model.classify(_road(), holed, [BOX])) == "sound"


def test_what_shows_nothing_is_unknown(model: RoadPatch) -> None:
    """Noise over noise."""
    rng = np.random.default_rng(5)
    noise = [rng.integers(0, 256, (180, 320, 3), np.uint8) for _ in range(2)]
    assert named(*model.classify(*noise, [BOX])) == UNKNOWN


def test_frames_of_two_sizes_are_no_pair(model: RoadPatch) -> None:
    """The camera was changed in between."""
    with pytest.raises(ValueError, match="no pair"):
        model.classify(_road(), _road()[:90], [BOX])


def test_invariant_11_a_model_that_differs_is_refused(spoilt: SpoiltModel) -> None:
    """By one byte, or by one label."""
    spoilt.edit(r'labels = \["hole", "water"', 'labels = ["water", "hole"')
    assert load_model("road_patch", folder=spoilt.folder).labels[0] == "water"
    assert refusal(lambda: load_road_patch(spoilt.folder)) is Refusal.LABELS
    spoilt.flip(spoilt.file.stat().st_size // 2)
    assert refusal(lambda: load_road_patch(spoilt.folder)) is Refusal.DIGEST

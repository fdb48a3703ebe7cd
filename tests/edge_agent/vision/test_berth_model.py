"""The committed berth model is sound, is refused when one byte differs, and says nothing of what shows nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.infer.model import Refusal, load_model
from edge_agent.infer.registry import models_folder
from edge_agent.vision.looker import load_looker
from edge_agent.vision.zones import Zone, Zones
from tests.edge_agent.infer.spoilt import SpoiltModel, refusal

ZONES = Zones(320, 180, (Zone("1", "berth", ((100, 60), (180, 60), (180, 120), (100, 120))),))


@pytest.fixture
def spoilt(tmp_path: Path) -> SpoiltModel:
    """Return a copy of the model."""
    return SpoiltModel(tmp_path, "berth")


def test_the_committed_model_is_small_and_tells_its_golden_samples_apart() -> None:
    """It is below 1 MB; of its two rendered samples one is occupied and one is free, surely."""
    model = load_model("berth")
    assert (models_folder() / "berth.onnx").stat().st_size < 1_000_000
    assert [one.output[1] > 0.8 for one in model.entry.golden] == [True, False]
    assert model(np.zeros((3, 64, 64, 3), np.uint8)).shape == (3, 2)


def test_invariant_11_one_flipped_byte_is_refused(spoilt: SpoiltModel) -> None:
    """By the digest."""
    spoilt.flip(spoilt.file.stat().st_size // 2)
    assert refusal(lambda: load_model("berth", folder=spoilt.folder)) is Refusal.DIGEST


def test_invariant_11_another_model_under_the_same_name_is_refused(spoilt: SpoiltModel) -> None:
    """Its digest may be right: its input is not."""
    shutil.copy(models_folder() / "lift_motion.onnx", spoilt.file)
    spoilt.sign()
    assert refusal(lambda: load_model("berth", folder=spoilt.folder)) is Refusal.INPUT


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r'labels = \["free", ', 'labels = ["free", "closed", ', Refusal.LABELS),
        (r'vehicles = \["occupied"\]', 'vehicles = ["car"]', Refusal.LABELS),
        (r'vehicles = \["occupied"\]', "vehicles = []", Refusal.LABELS),
        (r"output = \[", "output = [0.5, ", Refusal.GOLDEN),
        (r'picture = "[^"]+"', 'picture = "AAAA"', Refusal.GOLDEN),
        (r'picture = "[^"]+"', "noise = 3", Refusal.GOLDEN),
        (r'type = "tensor\(uint8\)"', 'type = "tensor(float)"', Refusal.INPUT),
    ],
)
def test_an_entry_that_says_something_else_is_refused(
    spoilt: SpoiltModel, pattern: str, text: str, expected: Refusal
) -> None:
    """What the entry says must be what the model is."""
    spoilt.edit(pattern, text)
    assert refusal(lambda: load_model("berth", folder=spoilt.folder)) is expected


@pytest.mark.parametrize("level", [0, 255])
def test_a_frame_that_shows_nothing_is_unknown(level: int) -> None:
    """Black and white everywhere."""
    score = load_looker(ZONES).look(np.full((180, 320, 3), level, np.uint8))["1"]
    assert score is None

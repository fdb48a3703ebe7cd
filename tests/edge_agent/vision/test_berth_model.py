"""The committed berth model is sound, is refused when one byte differs, and says nothing of what shows nothing."""

import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.infer.model import ModelRefused, Refusal, load_model
from edge_agent.infer.registry import models_folder
from edge_agent.vision.looker import load_looker
from edge_agent.vision.zones import Zone, Zones

ZONES = Zones(320, 180, (Zone("1", "berth", ((100, 60), (180, 60), (180, 120), (100, 120))),))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the models that may be spoilt."""
    for name in ("models.toml", "berth.onnx"):
        shutil.copy(models_folder() / name, tmp_path / name)
    return tmp_path


def _edit(folder: Path, pattern: str, text: str) -> None:
    """Change the first match in the berth's entry."""
    registry = folder / "models.toml"
    before, berth = registry.read_text(encoding="utf-8").split("[berth]\n")
    registry.write_text(f"{before}[berth]\n{re.sub(pattern, text, berth, count=1)}", encoding="utf-8")


def test_the_committed_model_is_small_and_tells_its_golden_samples_apart() -> None:
    """It is below 1 MB; of its two rendered samples one is occupied and one is free, surely."""
    model = load_model("berth")
    assert (models_folder() / "berth.onnx").stat().st_size < 1_000_000
    assert [one.output[1] > 0.8 for one in model.entry.golden] == [True, False]
    assert model(np.zeros((3, 64, 64, 3), np.uint8)).shape == (3, 2)


def test_invariant_11_one_flipped_byte_is_refused(folder: Path) -> None:
    """By the digest."""
    path = folder / "berth.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(bytes(content))
    with pytest.raises(ModelRefused) as refused:
        load_model("berth", folder=folder)
    assert refused.value.refusal is Refusal.DIGEST


def test_invariant_11_another_model_under_the_same_name_is_refused(folder: Path) -> None:
    """Its digest may be right: its input is not."""
    shutil.copy(models_folder() / "lift_motion.onnx", folder / "berth.onnx")
    digest = hashlib.sha256((folder / "berth.onnx").read_bytes()).hexdigest()
    _edit(folder, r'sha256 = "[0-9a-f]+"', f'sha256 = "{digest}"')
    with pytest.raises(ModelRefused) as refused:
        load_model("berth", folder=folder)
    assert refused.value.refusal is Refusal.INPUT


@pytest.mark.parametrize(
    ("pattern", "text", "refusal"),
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
def test_an_entry_that_says_something_else_is_refused(folder: Path, pattern: str, text: str, refusal: Refusal) -> None:
    """What the entry says must be what the model is."""
    _edit(folder, pattern, text)
    with pytest.raises(ModelRefused) as refused:
        load_model("berth", folder=folder)
    assert refused.value.refusal is refusal


@pytest.mark.parametrize("level", [0, 255])
def test_a_frame_that_shows_nothing_is_unknown(level: int) -> None:
    """Black and white everywhere."""
    score = load_looker(ZONES).look(np.full((180, 320, 3), level, np.uint8))["1"]
    assert score is None

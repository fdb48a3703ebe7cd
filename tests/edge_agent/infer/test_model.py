"""A model is loaded only when it is what models.toml says of it."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from device_profiles.errors import ConfigError
from edge_agent.infer.model import ModelRefused, Refusal, load_model
from edge_agent.infer.motion import load_motion
from edge_agent.infer.registry import models_folder, read_entry
from edge_agent.judge.ride.window import CHANNELS, LABELS, WINDOW
from tests.edge_agent.infer.spoilt import SpoiltModel, refusal

NAME = "lift_motion"
LAST_LAYER = b"net.body.12.weight\x4a\x80\x07"  # its name in ONNX, then 896 bytes of raw data


@pytest.fixture
def spoilt(tmp_path: Path) -> SpoiltModel:
    """Return a copy of the model."""
    return SpoiltModel(tmp_path, NAME)


def _flip_a_weight(spoilt: SpoiltModel) -> None:
    """Turn the sign of the greatest weight of the last layer."""
    content = spoilt.file.read_bytes()
    start = content.index(LAST_LAYER) + len(LAST_LAYER)
    weights = struct.unpack_from(f"<{32 * len(LABELS)}f", content, start)
    greatest = max(range(len(weights)), key=lambda number: abs(weights[number]))
    spoilt.flip(start + 4 * greatest + 3, bits=0x80)


def test_the_committed_model_is_sound() -> None:
    """It passes its checks, is below 300 kB, and gives probabilities for any number of windows."""
    model = load_motion()
    assert model.labels == LABELS
    assert (models_folder() / "lift_motion.onnx").stat().st_size < 300_000
    given = model(np.zeros((3, len(CHANNELS), WINDOW), dtype=np.float32))
    assert given.shape == (3, len(LABELS))
    assert given.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_invariant_11_a_flipped_weight_is_refused(spoilt: SpoiltModel) -> None:
    """By the digest; and by the golden outputs, when somebody signed it anew."""
    _flip_a_weight(spoilt)
    assert refusal(lambda: load_model(NAME, folder=spoilt.folder)) is Refusal.DIGEST
    spoilt.sign()
    assert refusal(lambda: load_model(NAME, folder=spoilt.folder)) is Refusal.GOLDEN


def test_a_file_that_is_no_model_is_refused(spoilt: SpoiltModel) -> None:
    """Also when its digest is right."""
    spoilt.file.write_bytes(b"no model")
    spoilt.sign()
    assert refusal(lambda: load_motion(spoilt.folder)) is Refusal.UNREADABLE


def test_a_missing_file_is_refused(spoilt: SpoiltModel) -> None:
    """A model that is not there is no crash."""
    spoilt.file.unlink()
    assert refusal(lambda: load_motion(spoilt.folder)) is Refusal.MISSING


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"shape = \[3, 48\]", "shape = [3, 64]", Refusal.INPUT),
        (r'name = "windows"', 'name = "pictures"', Refusal.INPUT),
        (r'"still", ', "", Refusal.LABELS),
        (r'"still"', '"idle"', Refusal.LABELS),
        (r"output = \[", "output = [0.5, ", Refusal.GOLDEN),
    ],
)
def test_invariant_11_another_input_is_refused(spoilt: SpoiltModel, pattern: str, text: str, expected: Refusal) -> None:
    """What the entry says must be what the model is."""
    spoilt.edit(pattern, text)
    assert refusal(lambda: load_motion(spoilt.folder)) is expected


def test_an_unknown_key_names_file_and_key(spoilt: SpoiltModel) -> None:
    """models.toml is read strictly."""
    spoilt.edit(r"\A", "extra = 1\n")
    with pytest.raises(ConfigError, match=r"models\.toml: \.?lift_motion\.extra"):
        read_entry(NAME, folder=spoilt.folder)


@pytest.mark.parametrize("much", ["inf", "nan", "-1", "100"])
def test_a_tolerance_that_tolerates_anything_is_refused(spoilt: SpoiltModel, much: str) -> None:
    """Golden samples would say nothing; of no number at all the samples themselves fail."""
    spoilt.edit(r"tolerance = \S+", f"tolerance = {much}")
    with pytest.raises((ConfigError, ModelRefused), match=r"tolerance|golden"):
        load_motion(spoilt.folder)


def test_runtime_never_imports_torch() -> None:
    """Neither the agent's command nor the model needs what trained it."""
    code = (
        "import sys, edge_agent.cli; from edge_agent.infer.motion import load_motion; load_motion();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'onnx', 'simulators')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""A model is loaded only when it is what models.toml says of it."""

import hashlib
import re
import shutil
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

NAME = "lift_motion"
LAST_LAYER = b"net.body.12.weight\x4a\x80\x07"  # its name in ONNX, then 896 bytes of raw data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the models that may be spoilt."""
    for name in ("models.toml", "lift_motion.onnx"):
        shutil.copy(models_folder() / name, tmp_path / name)
    return tmp_path


def _sign_anew(folder: Path) -> None:
    """Write the digest of the file as it is now."""
    digest = hashlib.sha256((folder / "lift_motion.onnx").read_bytes()).hexdigest()
    _edit(folder, r'sha256 = "[0-9a-f]+"', f'sha256 = "{digest}"')


def _edit(folder: Path, pattern: str, text: str) -> None:
    registry = folder / "models.toml"
    registry.write_text(re.sub(pattern, text, registry.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def _flip_a_weight(folder: Path) -> None:
    """Turn the sign of the greatest weight of the last layer."""
    path = folder / "lift_motion.onnx"
    content = bytearray(path.read_bytes())
    start = content.index(LAST_LAYER) + len(LAST_LAYER)
    weights = struct.unpack_from(f"<{32 * len(LABELS)}f", content, start)
    greatest = max(range(len(weights)), key=lambda number: abs(weights[number]))
    content[start + 4 * greatest + 3] ^= 0x80
    path.write_bytes(bytes(content))


def test_the_committed_model_is_sound() -> None:
    """It passes its checks, is below 300 kB, and gives probabilities for any number of windows."""
    model = load_motion()
    assert model.labels == LABELS
    assert (models_folder() / "lift_motion.onnx").stat().st_size < 300_000
    given = model(np.zeros((3, len(CHANNELS), WINDOW), dtype=np.float32))
    assert given.shape == (3, len(LABELS))
    assert given.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_invariant_11_a_flipped_weight_is_refused(folder: Path) -> None:
    """By the digest; and by the golden outputs, when somebody signed it anew."""
    _flip_a_weight(folder)
    with pytest.raises(ModelRefused) as refused:
        load_model(NAME, folder=folder)
    assert refused.value.refusal is Refusal.DIGEST
    _sign_anew(folder)
    with pytest.raises(ModelRefused) as refused:
        load_model(NAME, folder=folder)
    assert refused.value.refusal is Refusal.GOLDEN


def test_a_file_that_is_no_model_is_refused(folder: Path) -> None:
    """Also when its digest is right."""
    (folder / "lift_motion.onnx").write_bytes(b"no model")
    _sign_anew(folder)
    with pytest.raises(ModelRefused) as refused:
        load_motion(folder)
    assert refused.value.refusal is Refusal.UNREADABLE


def test_a_missing_file_is_refused(folder: Path) -> None:
    """A model that is not there is no crash."""
    (folder / "lift_motion.onnx").unlink()
    with pytest.raises(ModelRefused) as refused:
        load_motion(folder)
    assert refused.value.refusal is Refusal.MISSING


@pytest.mark.parametrize(
    ("pattern", "text", "refusal"),
    [
        (r"shape = \[3, 48\]", "shape = [3, 64]", Refusal.INPUT),
        (r'name = "windows"', 'name = "pictures"', Refusal.INPUT),
        (r'"still", ', "", Refusal.LABELS),
        (r'"still"', '"idle"', Refusal.LABELS),
        (r"output = \[", "output = [0.5, ", Refusal.GOLDEN),
    ],
)
def test_invariant_11_another_input_is_refused(folder: Path, pattern: str, text: str, refusal: Refusal) -> None:
    """What the entry says must be what the model is."""
    _edit(folder, pattern, text)
    with pytest.raises(ModelRefused) as refused:
        load_motion(folder)
    assert refused.value.refusal is refusal


def test_an_unknown_key_names_file_and_key(folder: Path) -> None:
    """models.toml is read strictly."""
    _edit(folder, r"\[lift_motion\]", "[lift_motion]\nextra = 1")
    with pytest.raises(ConfigError, match=r"models\.toml: \.?lift_motion\.extra"):
        read_entry(NAME, folder=folder)


def test_runtime_never_imports_torch() -> None:
    """Neither the agent's command nor the model needs what trained it."""
    code = (
        "import sys, edge_agent.cli; from edge_agent.infer.motion import load_motion; load_motion();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'onnx', 'simulators')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

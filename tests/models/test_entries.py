"""A model's entry says what models.toml is read for, and takes the place of the same script's old one alone."""

import base64
import hashlib
import sys
import tomllib
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "models"))

from entries import entry, numbers, pictured, put, texts  # noqa: E402  (scripts, not a package)


def _entry(folder: Path, name: str, *, score: float = 0.5) -> str:
    path = folder / f"{name}.onnx"
    path.write_bytes(b"a net")
    golden = pictured(np.full((1, 4, 4, 3), 7, np.uint8), np.array([[0.25, 0.75]], np.float32))
    said = f"\nlabels = [{texts(('free', 'taken'))}]\n\n[{name}.scores] # of nothing\n"
    return entry(path, said, scores={"right": score}, golden=golden)


def test_an_entry_reads_as_it_was_written(tmp_path: Path) -> None:
    """File, digest, card, its own keys, scores, and a picture beside what must come out."""
    found = tomllib.loads(_entry(tmp_path, "berth"))["berth"]
    assert (found["file"], found["card"], found["labels"]) == ("berth.onnx", "berth.md", ["free", "taken"])
    assert found["sha256"] == hashlib.sha256(b"a net").hexdigest()
    assert found["scores"] == {"right": 0.5}
    (golden,) = found["golden"]
    assert golden["output"] == [0.25, 0.75]
    assert cv2.imdecode(np.frombuffer(base64.b64decode(golden["picture"]), np.uint8), 1).max() == 7


def test_an_entry_replaces_its_own_and_no_other(tmp_path: Path) -> None:
    """Made anew it stands once, with the new figure; the other model's stays to the byte."""
    registry, other = tmp_path / "models.toml", _entry(tmp_path, "road_patch")
    put(registry, _entry(tmp_path, "berth", score=0.1))
    put(registry, other)
    put(registry, _entry(tmp_path, "berth", score=0.9))
    found = tomllib.loads(registry.read_text(encoding="utf-8"))
    assert set(found) == {"berth", "road_patch"}
    assert found["berth"]["scores"] == {"right": 0.9}
    assert other in registry.read_text(encoding="utf-8")


def test_numbers_have_six_digits() -> None:
    """More would say that a golden output is compared to the last bit."""
    assert numbers(np.array([[1 / 3, 2.0]], np.float32)) == "0.333333, 2"

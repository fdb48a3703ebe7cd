"""`edge-agent model`: is a file what its entry says, how fast is it, and how would an entry begin."""

import shutil
import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.errors import AgentError
from edge_agent.infer.model import ModelRefused
from edge_agent.infer.registry import ModelEntry, models_folder
from edge_agent.infer.trial import bench, names_in, skeleton

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a copy of the models."""
    for name in ("models.toml", "lift_motion.onnx", "berth.onnx", "road_patch.onnx"):
        shutil.copy(models_folder() / name, tmp_path / name)
    return tmp_path


def test_verify_names_every_model_of_a_registry(folder: Path) -> None:
    """Or the one whose file it is given."""
    told = RUN.invoke(app, ["model", "verify", str(folder / "models.toml")])
    assert told.exit_code == 0
    assert [line.split(":")[0] for line in told.stdout.splitlines()] == ["lift_motion", "berth", "road_patch"]
    told = RUN.invoke(app, ["model", "verify", str(folder / "berth.onnx")])
    assert told.stdout.startswith("berth: ok, berth.onnx ")


def test_verify_refuses_what_was_changed(folder: Path) -> None:
    """One byte is enough."""
    path = folder / "berth.onnx"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(bytes(content))
    told = RUN.invoke(app, ["model", "verify", str(path)])
    assert isinstance(told.exception, ModelRefused)


def test_a_file_without_an_entry_is_told_how_to_get_one(folder: Path) -> None:
    """What describe prints is TOML that holds all that can be read from the file."""
    (folder / "models.toml").unlink()
    with pytest.raises(AgentError, match="model describe"):
        names_in(folder / "berth.onnx")
    text = skeleton(folder / "lift_motion.onnx")
    entry = tomllib.loads(text)["lift_motion"]
    assert entry["input"] == {"name": "windows", "type": "tensor(float)", "shape": [3, 48]}
    assert entry["golden"][0]["noise"] == 1
    assert set(entry) <= set(ModelEntry.__struct_fields__)


@pytest.mark.parametrize("content", [b"", b"no model"])
def test_describe_refuses_what_is_no_model(tmp_path: Path, content: bytes) -> None:
    """One line, no crash."""
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelRefused):
        skeleton(path)


def test_bench_counts_by_the_clock_it_is_given(folder: Path) -> None:
    """A clock that goes a tenth of a second at each look: each run took that long."""
    ticks = count()
    speeds = bench("berth", folder, now_s=lambda: next(ticks) / 10)
    assert {speed.batch for speed in speeds} == {1, 16}
    assert {round(speed.median_ms) for speed in speeds} == {100}
    assert "median 100.00 ms" in str(speeds[0])

"""`edge-agent model`: is a file what its entry says, how fast is it, and how would an entry begin."""

import shutil
import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_profiles.errors import ConfigError
from edge_agent.cli import app
from edge_agent.errors import AgentError
from edge_agent.infer.model import ModelRefused
from edge_agent.infer.registry import ModelEntry, models_folder
from edge_agent.infer.trial import bench, names_in, skeleton
from tests.edge_agent.infer.spoilt import SpoiltModel

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
    spoilt = SpoiltModel(folder, "berth")
    spoilt.flip(-100, bits=1)
    told = RUN.invoke(app, ["model", "verify", str(spoilt.file)])
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


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("noise = 1", "noise = -1", "yolox_nano.golden[0].noise: Expected `int` >= 0"),
        ('kind = "yolox"', 'kind = "yolox"\nstrides = [0]', "yolox_nano.decoder.strides[0]: Expected `int` >= 1"),
        (
            'kind = "yolox"',
            'kind = "yolox"\nstrides = []',
            "yolox_nano.decoder.strides: Expected `array` of length >= 1",
        ),
        ('kind = "yolox"', 'kind = "nanodet"\nbins = 0', "yolox_nano.decoder.bins: Expected `int` >= 1"),
        ('kind = "yolox"', 'kind = "yolox"\nunsure = [0.6, 0.4]', "yolox_nano.decoder: unsure is two probabilities"),
        (
            'fit = "letterbox"',
            'fit = "letterbox"\nmean = [1.0, 2.0]',
            "yolox_nano.picture: mean has one number or three",
        ),
        ('fit = "letterbox"', 'fit = "letterbox"\nstd = [0.0]', "yolox_nano.picture: std is above 0"),
        ('fit = "letterbox"', 'fit = "letterbox"\nmean = [nan]', "yolox_nano.picture: mean has one number or three"),
        ("tiles = [5, 4]", "tiles = [0, 2]", "yolox_nano.picture.tiles[0]: Expected `int` >= 1"),
        ("shape = [3, 416, 416]", "shape = [416]", "yolox_nano: input.shape of a model that sees is three sides"),
        (
            "shape = [3, 416, 416]",
            "shape = [1, 416, 416]",
            "yolox_nano: input.shape of a model that sees is three sides",
        ),
    ],
)
def test_an_entry_that_no_picture_could_follow_names_its_key(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    """Verify must not call it sound, and no worker may find out by a crash or by dividing by zero."""
    text = (models_folder() / "foreign" / "models.toml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "models.toml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        names_in(tmp_path / "models.toml")
    assert told in str(refused.value)


def test_a_registry_without_models_is_no_success(tmp_path: Path) -> None:
    """Verify that verified nothing says so."""
    (tmp_path / "models.toml").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="names no model"):
        names_in(tmp_path / "models.toml")

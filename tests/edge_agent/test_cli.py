"""The commands of ``edge-agent``: what they print and with which code they end."""

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from device_profiles.profile import load_profiles
from edge_agent.cli import app
from edge_agent.infer.registry import models_folder
from tests.edge_agent.agents import edge_agent
from tests.edge_agent.configs import write_config


def test_init_writes_what_check_accepts(tmp_path: Path) -> None:
    """Only the port is not there on this machine, which is said and is no fault."""
    config = tmp_path / "agent.toml"
    assert edge_agent("init", str(config)).returncode == 0
    checked = edge_agent("check", str(config))
    assert checked.returncode == 0, checked.stderr
    assert "within 116 ms of 200 ms" in checked.stdout
    assert "/dev/ttyUSB0 is not there now" in checked.stdout
    assert "ok, 1 lines with 1 devices" in checked.stdout


def test_the_config_is_agent_toml_unless_another_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the hub: as an argument, by the environment, or as the file of that name."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init"]).output == "agent.toml written\n"
    monkeypatch.setenv("CITYNERVE_AGENT_CONFIG", "other.toml")
    assert CliRunner().invoke(app, ["init"]).output == "other.toml written\n"
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    """Somebody's config is worth more than an example."""
    config = tmp_path / "agent.toml"
    config.write_text("mine", encoding="utf-8")
    refused = edge_agent("init", str(config))
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [f"edge-agent: {config} is there already"]
    assert config.read_text(encoding="utf-8") == "mine"


def test_a_line_that_is_too_slow_is_refused(tmp_path: Path) -> None:
    """An alarm would be seen too late; the line names file and key."""
    config = write_config(tmp_path)
    slow = config.read_text(encoding="utf-8").replace('port = "line"', 'port = "line"\nbaud = 1200')
    config.write_text(slow, encoding="utf-8")
    refused = edge_agent("check", str(config))
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert f"{config}: lines[0].slaves: 2 slaves at 1200 baud need" in refused.stderr


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit = 2", "unit = 1", "lines[0].slaves[1].unit: unit 1 is used twice on this line"),
        ("[outbox]", "[outbocks]", "Object contains unknown field `outbocks`"),
        ("[outbox]", "[outbox", "line 8"),
    ],
)
def test_a_config_fault_is_exit_2_and_one_line(tmp_path: Path, command: str, old: str, new: str, said: str) -> None:
    """With file and key."""
    config = write_config(tmp_path)
    config.write_text(config.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    refused = edge_agent(command, str(config))
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stderr.startswith(f"edge-agent: {config}: ")
    assert said in refused.stderr


def test_a_config_that_is_not_there_is_exit_2(tmp_path: Path) -> None:
    """One line, no traceback."""
    refused = edge_agent("run", str(tmp_path / "none.toml"))
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "cannot be read: No such file or directory" in refused.stderr


def test_a_data_folder_that_cannot_be_is_exit_2(tmp_path: Path) -> None:
    """Its key is named."""
    config = write_config(tmp_path)
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    refused = edge_agent("run", str(config))
    assert refused.returncode == 2
    assert "data: " in refused.stderr.splitlines()[-1]


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """Return a file with one zone."""
    path = tmp_path / "z.json"
    zone = {"id": "1", "kind": "berth", "polygon": [[1, 1], [60, 1], [60, 40]]}
    path.write_text(json.dumps({"width": 64, "height": 48, "zones": [zone]}), encoding="utf-8")
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a folder with a model of somebody's own."""
    folder = tmp_path / "own"
    folder.mkdir()
    shutil.copy(models_folder() / "berth.onnx", folder)
    text = (models_folder() / "models.toml").read_text(encoding="utf-8")
    mine = text[text.index("[berth]") : text.index("[road_patch]")]
    (folder / "models.toml").write_text(re.sub(r"(?m)^(\[+)berth", r"\1mine", mine), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('model = "berth"', ""),
        ('model = "mine"\nmodels = "own"', ""),
        ('model = "nope"', "cameras[0].model: its zones would be unknown: "),
        ('model = "lift_motion"', "cameras[0].model: its zones would be unknown: model 'lift_motion.onnx' is refused"),
        ('model = "berth"\nmodels = "own"', "no such model; known: mine"),
        ('models = "away"', "away/models.toml is not a file"),
    ],
)  # fmt: skip
def test_a_model_that_sees_no_zones_is_found_before_the_agent_runs(
    tmp_path: Path, zones: Path, models: Path, keys: str, said: str
) -> None:
    """A running agent says so as well, but then a street is watched by nobody."""
    config = tmp_path / "agent.toml"
    assert models.is_dir()
    camera = f'[[cameras]]\ndevice = "cam-1"\nurl = "stills"\nzones = "{zones.name}"\n{keys}\n'
    head = 'agent = "chaoming-01"\narea = "hz/xiacheng/chaoming"\ndata = "data"\n[broker]\nurl = "mqtt://127.0.0.1:1"\n'
    config.write_text(head + camera, encoding="utf-8")
    checked = CliRunner().invoke(app, ["check", str(config)])
    assert (checked.exit_code == 0) is (not said), checked.output
    assert said in str(checked.exception or "")


def test_a_recording_is_judged_by_a_model_of_ones_own(tmp_path: Path, zones: Path, models: Path) -> None:
    """By its name and its folder, and no code."""
    still = tmp_path / "a.png"
    cv2.imwrite(str(still), np.full((48, 64, 3), 90, np.uint8))
    ask = [
        "replay",
        str(still),
        "--zones",
        str(zones),
        "--json",
        "--models",
        str(models),
    ]  # a camera
    told = CliRunner().invoke(app, [*ask, "--model", "mine"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["frames"][0]["file"] == "a.png"
    assert "known: mine" in str(CliRunner().invoke(app, ask).exception)


def test_a_recording_is_judged_by_a_profile_of_ones_own(tmp_path: Path, zones: Path) -> None:
    """As the agent does: the folders of `profiles`, the kind of `zone_profile`, or one in place of the built-in one."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((48, 64, 3), 90, np.uint8))
    (tmp_path / "mine").mkdir()
    text = load_profiles()["camera_zone"].text.replace('confirm = "5s"', "confirm = 5.0")

    def asked(*more: str) -> str:
        recording = [str(tmp_path / "a.png"), "--profile", "parking_camera", "--zones", str(zones)]
        return str(CliRunner().invoke(app, ["replay", *recording, *more]).exception)

    own = ("--profiles", str(tmp_path / "mine"))
    wrong = "zone.toml: judge.limits.confirm: must be a duration"
    (tmp_path / "mine" / "zone.toml").write_text(f'replaces = "built-in"\n{text}', encoding="utf-8")
    assert wrong in asked(*own)
    other = text.replace('kind = "camera_zone"', 'kind = "quick_zone"')
    (tmp_path / "mine" / "zone.toml").write_text(other, encoding="utf-8")
    assert wrong in asked(*own, "--zone-profile", "quick_zone")
    assert asked(*own) == "None"  # it is not asked for
    assert "unknown profile 'quick_zone'" in asked("--zone-profile", "quick_zone")
    assert "'lift_terminal' is no zone" in asked("--zone-profile", "lift_terminal")
    assert "is not a folder" in asked("--profiles", str(tmp_path / "away"))

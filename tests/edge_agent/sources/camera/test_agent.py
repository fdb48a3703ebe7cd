"""An agent with cameras: its config, what a birth says of zones, and that workers end with it."""

import json
import time
from pathlib import Path

import cv2
import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles
from edge_agent.config import LoadedConfig, load_config
from edge_agent.sources.camera.begin import order_of
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.sources.camera.pictures import Street
from tests.edge_agent.sources.camera.rig import CAMERA, HEAD

ZONES = {
    "width": 400,
    "height": 224,
    "zones": [{"id": name, "kind": "berth", "polygon": [[10, 10], [60, 10], [60, 60]]} for name in ("1", "2")],
}


def _write(folder: Path, text: str, **zones: object) -> Path:
    (folder / "zones.json").write_text(json.dumps(ZONES | zones))
    (folder / "secret").write_text("p@ss\n")
    path = folder / "agent.toml"
    path.write_text(HEAD + text)
    return path


def _load(folder: Path, text: str, **zones: object) -> LoadedConfig:
    return load_config(_write(folder, text, **zones))


def test_evidence_is_what_the_profile_of_the_zones_permits(tmp_path: Path) -> None:
    """Also when the zones have a profile of the city's own: what it withholds is not kept."""
    kinds = tmp_path / "kinds"
    kinds.mkdir()
    text = load_profiles()["camera_zone"].text.replace('kind = "camera_zone"', 'kind = "quiet_zone"')
    begin = text.index('[events."road.hole"]')
    text = text[:begin] + text[begin:].replace('[events."road.hole"]', '[events."road.hole"]\nevidence = "none"', 1)
    (kinds / "quiet_zone.toml").write_text(text, encoding="utf-8")
    own = 'zones = "zones.json"\nzone_profile = "quiet_zone"\n'
    path = _write(tmp_path, CAMERA + own)
    path.write_text('profiles = ["kinds"]\n' + path.read_text())
    loaded = load_config(path)
    permits = order_of(loaded.config.cameras[0], loaded).evidence.permits
    assert (permits["road.hole"], permits["road.water"]) == ("none", "masked")


def test_zones_are_devices_of_their_own(tmp_path: Path) -> None:
    """With the asset that each one is."""
    more = 'zones = "zones.json"\nasset = "CAR-PARK"\nprofile = "parking_camera"\n[cameras.assets]\n2 = "BERTH-2"\n'
    loaded = _load(tmp_path, CAMERA + more)
    assert [(one.device, one.profile, one.asset) for one in loaded.bindings] == [
        ("camera-1", "parking_camera", "CAR-PARK"),
        ("camera-1-1", "camera_zone", ""),
        ("camera-1-2", "camera_zone", "BERTH-2"),
    ]
    assert set(loaded.profiles) == {"parking_camera", "camera_zone"}


def test_an_order_carries_the_secret_and_absolute_paths(tmp_path: Path) -> None:
    """A worker has no config."""
    loaded = _load(tmp_path, CAMERA + 'username = "viewer"\npassword_file = "secret"\nmemory = "300MB"\n')
    order = order_of(loaded.config.cameras[0], loaded)
    assert order.url == "rtsp://viewer:p%40ss@127.0.0.1:1/stream"
    assert Path(order.learned).is_absolute()
    assert (order.zones, order.model, order.memory_bytes) == (None, "", 300_000_000)
    film = CAMERA.replace("rtsp://127.0.0.1:1/stream", "film.mp4")
    loaded = _load(tmp_path, film)
    assert order_of(loaded.config.cameras[0], loaded).url == str(tmp_path / "film.mp4")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (CAMERA.replace("rtsp", "ftp"), "cameras[0].url"),
        (CAMERA.replace("127.0.0.1", "camera..street"), "cameras[0].url"),
        (CAMERA + CAMERA, "cameras[1].device"),
        (CAMERA + 'profile = "camera"', "cameras[0].profile"),
        (CAMERA + 'profile = "lift_terminal"', "cameras[0].profile"),
        (CAMERA + 'zones = "away.json"', "cameras[0].zones"),
        (CAMERA + 'reference = "away.png"', "cameras[0].reference"),
        (CAMERA + 'password_file = "secret"', "cameras[0].username"),
        (CAMERA + 'memory = "10MB"', "cameras[0].memory"),
        (CAMERA + 'stall = "10ms"', "cameras[0].stall"),
        (CAMERA + 'interval = "0s"', "cameras[0].interval"),
        (CAMERA + "looks = 0", "cameras[0].looks"),
        (CAMERA + "colour = true", "cameras[0].colour"),
        (CAMERA + '[cameras.assets]\n1 = "BERTH-1"', "cameras[0].assets"),
        (CAMERA + 'zones = "zones.json"\n[cameras.assets]\n9 = "BERTH-9"', "cameras[0].assets.9"),
        (CAMERA + 'zones = "zones.json"\n' + CAMERA.replace("camera-1", "camera-1-2"), "cameras[0].zones"),
    ],
)
def test_faults_name_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    """Before anything starts."""
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert (Path(caught.value.file).name, caught.value.key) == ("agent.toml", key)


def test_a_zone_whose_name_is_no_device_is_refused(tmp_path: Path) -> None:
    """In an agent it is one."""
    zone = {"id": "Berth 1", "kind": "berth", "polygon": [[10, 10], [60, 10], [60, 60]]}
    with pytest.raises(ConfigError, match="Berth 1") as caught:
        _load(tmp_path, CAMERA + 'zones = "zones.json"', zones=[zone])
    assert caught.value.key == "cameras[0].zones"


def test_workers_end_with_an_agent_that_is_killed(tmp_path: Path) -> None:
    """Nobody is left behind that reads a camera for nobody."""
    (tmp_path / "stills").mkdir()
    cv2.imwrite(str(tmp_path / "stills" / "1.jpg"), Street().picture())
    stills = CAMERA.replace("rtsp://127.0.0.1:1/stream", "stills") + "loop = true\n"
    agent = AgentProcess(_write(tmp_path, stills))
    try:
        agent.wait_for("camera-1: seeing")
        (worker,) = Path(f"/proc/{agent.process.pid}/task/{agent.process.pid}/children").read_text().split()
    finally:
        agent.kill()
    deadline_s = time.monotonic() + 30
    while _runs(worker):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def _runs(pid: str) -> bool:
    """Return whether it does; who was left to a machine's first process may wait there for ever to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_zones_are_judged_by_the_limits_of_their_profile(tmp_path: Path) -> None:
    """A profile of the city's own; a wrong limit names that file."""
    text = load_profiles()["camera_zone"].text.replace('kind = "camera_zone"', 'kind = "slow_zone"')
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "slow_zone.toml").write_text(text.replace('confirm = "5s"', 'confirm = "1m"'))
    camera = CAMERA + 'zones = "zones.json"\nzone_profile = "slow_zone"\n'
    head = 'profiles = ["mine"]\n' + HEAD
    (tmp_path / "zones.json").write_text(json.dumps(ZONES))
    (tmp_path / "agent.toml").write_text(head + camera)
    loaded = load_config(tmp_path / "agent.toml")
    assert order_of(loaded.config.cameras[0], loaded).limits.confirm_us == 60_000_000
    assert [one.profile for one in loaded.bindings] == ["street_camera", "slow_zone", "slow_zone"]
    (tmp_path / "mine" / "slow_zone.toml").write_text(text.replace('confirm = "5s"', "confirm = 5.0"))
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "agent.toml")
    assert (Path(caught.value.file).name, caught.value.key) == ("slow_zone.toml", "judge.limits.confirm")
    (tmp_path / "agent.toml").write_text(head + camera.replace("slow_zone", "lift_terminal"))
    with pytest.raises(ConfigError, match="no zone") as caught:
        load_config(tmp_path / "agent.toml")
    assert caught.value.key == "cameras[0].zone_profile"

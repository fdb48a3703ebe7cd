"""A kind of device that no code has ever heard of: the docs' TOML file, a real line, and its alarm arrives and ends."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.profile import load_profiles
from simulators.modbus import Line, RegisterImage, Slave, blank_cells, values_to_image
from tests.edge_agent.agents import AgentProcess
from tests.hub.rig import HubProcess
from tests.servers import Mosquitto
from tests.system.chain import Centre

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
PROFILE = next(text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "manhole_cover" in text)
PACKAGES = ("device_profiles", "edge_agent", "hub", "simulators")
AGENT = """
agent = "chaoming-01"
area = "hz/xiacheng/chaoming"
data = "agent"
profiles = ["profiles"]
[broker]
url = "{url}"
[[lines]]
port = "{port}"
[[lines.slaves]]
unit = 1
device = "cover-01"
profile = "manhole_cover"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder whose profiles are the page's one file."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "manhole_cover.toml").write_text(PROFILE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def centre(folder: Path, mosquitto: Mosquitto) -> Iterator[Centre]:
    """Run a hub with that profile; listen to its alarms."""
    hub = HubProcess(folder / "hub", mosquitto.url, extra='profiles = ["../profiles"]').start()
    listener = Centre(mosquitto.url, folder)
    listener.link.start()
    yield listener
    listener.link.stop()
    assert hub.stop() == 0


@pytest.mark.parametrize("port", ["pty", "socket"])
def test_a_manhole_cover_is_one_file(folder: Path, mosquitto: Mosquitto, centre: Centre, port: str) -> None:
    """It lies still, is tilted and put back: raised and cleared, at a client of the broker."""
    spec = load_profiles([folder / "profiles"])["manhole_cover"].spec
    image = RegisterImage(blank_cells(spec))
    ends = {"link": folder / "line"} if port == "pty" else {"tcp_port": 0}
    with Line([Slave(1, image)], **ends) as line:  # type: ignore[arg-type]
        (folder / "agent.toml").write_text(AGENT.format(url=mosquitto.url, port=line.port), encoding="utf-8")
        agent = AgentProcess(folder / "agent.toml")
        agent.wait_for("ready")
        for tilt_deg, kind in ((40.0, "raised"), (1.5, "cleared")):
            image.update(values_to_image(spec, {"tilt_deg": tilt_deg, "water_m": 0.35}))
            assert centre.until(lambda kind=kind: centre.kinds("manhole.moved")[-1:] == [kind])  # type: ignore[misc]
        assert [word.subject for word in centre.words] == ["hz/xiacheng/chaoming/cover-01"] * 2
        assert agent.stop() == 0


def test_the_code_has_never_heard_of_it() -> None:
    """No line of Python knows the kind or its values."""
    texts = {path: path.read_text(encoding="utf-8") for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert [
        path.name for path, text in texts.items() if re.search(r"manhole_cover|manhole\.moved|\btilt_deg\b", text)
    ] == []

"""What a box's judge begins with: stored state, given floors, the model."""

from pathlib import Path

import msgspec
import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import BoxLine
from edge_agent.config import load_config
from edge_agent.judge.ride.state import Floor, RideState
from edge_agent.sources.box.motion import THRESHOLDS, load_motion_of
from edge_agent.sources.box.stored import ride_state
from tests.edge_agent.configs import write_config


def test_given_floors_win_over_learned_ones() -> None:
    """And when the file is not named any more, learning begins anew."""
    given = (Floor(0.0), Floor(3.0))
    learned = msgspec.json.encode(RideState(rides=3, floors=(Floor(0.0), Floor(2.9)), places=(2.9,)))
    state = ride_state("lift-01", learned, floors=given)
    assert (state.floors, state.given, state.places, state.rides) == (given, True, (), 3)
    assert ride_state("lift-01", msgspec.json.encode(state), floors=given) == state
    assert ride_state("lift-01", msgspec.json.encode(state)).floors == ()


def test_a_model_that_cannot_be_had_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """The shipped one is loaded; none asked for is thresholds."""
    assert load_motion_of(BoxLine()).name == THRESHOLDS
    motion = load_motion_of(BoxLine(model="lift_motion"))
    assert motion.name == "lift_motion"
    assert motion.classify is not None


@pytest.mark.parametrize(
    ("box", "key"),
    [
        ('port = "line"\ndevice = "lift-09"', "boxes[0].port"),
        ('port = "box"\ndevice = "lift-01"', "boxes[0].device"),
        ('port = "box"\ndevice = "lift-09"\nprofile = "lift_terminal"', "boxes[0].profile"),
        ('port = "box"\ndevice = "lift-09"\nprofile = "nothing"', "boxes[0].profile"),
        ('port = "box"\ndevice = "lift-09"\nbauds = 9600', "boxes[0].bauds"),
    ],
)
def test_a_box_in_the_config_is_right_or_refused(tmp_path: Path, box: str, key: str) -> None:
    """A port or device that is used twice, a profile that is no box's, and a key that nobody knows."""
    path = write_config(tmp_path)
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[[boxes]]\n{box}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.key == key


def test_an_agent_may_have_boxes_alone(tmp_path: Path) -> None:
    """Without a Modbus line there is something to listen to; the birth names the box and its profile."""
    head = write_config(tmp_path).read_text(encoding="utf-8").partition("[[lines]]")[0]
    (tmp_path / "floors.toml").write_text("heights_m = [0, 3.2]\n", encoding="utf-8")
    path = tmp_path / "boxes.toml"
    path.write_text(f'{head}[[boxes]]\nport = "box"\ndevice = "lift-09"\nfloors = "floors.toml"\n', encoding="utf-8")
    loaded = load_config(path)
    assert [(one.device, one.profile) for one in loaded.config.bindings] == [("lift-09", "lift_retrofit_box")]
    assert [floor.height_m for floor in loaded.floors["lift-09"]] == [0, 3.2]

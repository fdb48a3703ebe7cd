"""What a box's judge begins with: stored state, given floors, the model."""

import msgspec
import pytest

from device_profiles.profile import BoxLine
from edge_agent.judge.ride_state import Floor, RideState
from edge_agent.sources.box.motion import THRESHOLDS, load_motion_of
from edge_agent.sources.box.stored import ride_state


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

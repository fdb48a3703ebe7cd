"""What boxes are made to feel agrees with the motion behind it."""

import numpy as np
import pytest

from simulators.boxes import stories
from simulators.boxes.lookalikes import LOOKALIKES
from simulators.boxes.travel import Drive, cut_short, travel


@pytest.mark.parametrize("height", [2.6, -9.0, 120.0])
@pytest.mark.parametrize("drive", [Drive(0.5, 0.4, 0.5), Drive(2.5, 1.0, 1.2), Drive(10.0, 1.5, 2.0)])
def test_a_travel_keeps_its_limits_and_arrives(drive: Drive, height: float) -> None:
    """Speed, acceleration and jerk stay within the drive's, and it ends at the height with no speed left."""
    leg = travel(drive, height, rate_hz=100.0)
    speed = np.cumsum(leg.accel) / 100
    assert np.abs(speed).max() <= drive.speed * 1.02
    assert np.abs(leg.accel).max() <= drive.accel * 1.001
    assert np.abs(np.diff(leg.accel)).max() * 100 <= drive.jerk * 1.1
    assert abs(speed[-1]) < 0.03
    assert leg.height[-1] == pytest.approx(height, rel=0.01)


def test_a_dead_stop_leaves_no_speed() -> None:
    """However hard it is, and however the car swings afterwards."""
    rng = np.random.default_rng(1)
    leg = cut_short(travel(Drive(2.0, 1.0, 1.0), 20.0, rate_hz=50.0), 250, decel=6.0, rate_hz=50.0, rng=rng)
    assert abs(leg.accel.sum() / 50) < 0.05
    assert np.abs(leg.accel).max() > 4.0


def test_a_story_is_its_seed() -> None:
    """The same seed gives the same recording."""
    one, two = (stories.rides(2, np.random.default_rng(7)) for _ in range(2))
    assert (one.axes == two.axes).all()
    assert (one.pressure_pa == two.pressure_pa).all()
    assert one.rides == two.rides


@pytest.mark.parametrize("kind", sorted(stories.KINDS))
def test_lookalikes_contain_no_ride(kind: str) -> None:
    """Each is recorded, and none claims a ride."""
    recording = stories.lookalikes(kind, np.random.default_rng(1))
    assert recording.rides == ()
    assert np.isfinite(recording.axes).all()
    assert len(recording.labels) == len(recording.t_s)


def test_every_lookalike_has_a_story() -> None:
    """A look-alike that nobody plays teaches nothing."""
    assert set(LOOKALIKES) < set(stories.KINDS)

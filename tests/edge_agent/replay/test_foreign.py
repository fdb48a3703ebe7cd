"""Rides of a simulator that the model has never seen: found, with their directions and heights, and no other ones."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_agent.infer.motion import load_motion
from edge_agent.judge.ride.ride import Classify
from edge_agent.judge.ride.state import Ride
from edge_agent.replay.recording import Recording, Series, read_recording
from edge_agent.replay.replay import Story, profile_of, replay
from tests.edge_agent.replay.foreign import START_US, Foreign, Moved, building, no_ride
from tests.edge_agent.replay.no_rides import NO_RIDES

BUILDINGS, RIDES = 7, 8


class Found(msgspec.Struct):
    """Counts over some buildings."""

    rides: int = 0
    found: int = 0
    extra: int = 0
    events: int = 0
    near: int = 0  # heights within 0.5 m, or 1 % of a tall ride
    off_m: list[float] = []


def _play(foreign: Foreign, *, pressure: bool, classify: Classify | None) -> Story:
    none = Series(np.empty(0, np.int64), np.empty((0, 1)))
    pressures = Series(foreign.pressure_t_us, foreign.pressure_pa[:, None]) if pressure else none
    recording = Recording(Series(foreign.t_us, foreign.axes), pressures, {})
    return replay(recording, profile_of("lift_retrofit_box"), classify=classify)


def _fits(ride: Ride, moved: Moved) -> bool:
    start_s, end_s = (ride.start_us - START_US) / 1e6, (ride.end_us - START_US) / 1e6
    shared = min(end_s, moved.end_s) - max(start_s, moved.start_s)
    right = (ride.direction == "up") == (moved.height_m > 0)
    return right and shared > 0.5 * (moved.end_s - moved.start_s)


def _count(score: Found, foreign: Foreign, story: Story) -> None:
    left = list(story.rides)
    for moved in foreign.rides:
        mine = next((ride for ride in left if _fits(ride, moved)), None)
        if mine is not None:
            left.remove(mine)
            score.found += 1
            off_m = abs(mine.height_m - abs(moved.height_m))
            score.off_m.append(off_m)
            score.near += off_m < max(0.5, 0.01 * abs(moved.height_m))  # a sensor's scale alone is 0.4 % off
    score.rides += len(foreign.rides)
    score.extra += len(left)
    score.events += len(story.findings)


def _check(seeds: range, *, pressure: bool, classify: Classify | None) -> None:
    score = Found()
    for seed in seeds:
        foreign = building(np.random.default_rng(seed), rides=RIDES)
        _count(score, foreign, _play(foreign, pressure=pressure, classify=classify))
    assert score.found >= 0.98 * score.rides, score
    assert score.found >= 0.98 * (score.found + score.extra), score
    near = 0.9 if pressure else 0.85  # without a barometer a noisy sensor on a soft drive is 0.6 m off
    assert score.near >= near * score.found, sorted(score.off_m)
    assert float(np.median(score.off_m)) < 0.15
    assert score.events == 0


@pytest.mark.parametrize("pressure", [True, False], ids=["pressure", "no pressure"])
def test_rides_of_other_drives(*, pressure: bool) -> None:
    """Soft, lagging, hydraulic and two-speed drives, 0.5 to 5 m/s, 3 to 150 m, 10 to 100 Hz: 98 % found and right."""
    _check(range(BUILDINGS), pressure=pressure, classify=load_motion())


@pytest.mark.long
@pytest.mark.parametrize("pressure", [True, False], ids=["pressure", "no pressure"])
@pytest.mark.parametrize("classify", [load_motion(), None], ids=["model", "thresholds"])
def test_many_rides_of_other_drives(classify: Classify | None, *, pressure: bool) -> None:
    """The same over 100 buildings, with and without the model."""
    _check(range(100, 200), pressure=pressure, classify=classify)


@pytest.mark.parametrize("kind", NO_RIDES)
def test_no_rides(kind: str) -> None:
    """Stairs, walking, escalators and jumping children are no rides, and trap nobody."""
    for seed in range(4):
        story = _play(no_ride(kind, np.random.default_rng(seed)), pressure=seed % 2 == 0, classify=load_motion())
        assert story.rides == (), seed
        assert story.findings == (), seed


def test_written_and_read(tmp_path: Path) -> None:
    """A recording in files tells what it tells in memory."""
    foreign = building(np.random.default_rng(3), rides=3)
    story = replay(read_recording(foreign.write(tmp_path, "box")), profile_of("lift_retrofit_box"), classify=None)
    assert len(story.rides) == 3

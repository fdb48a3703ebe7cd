"""The real ride of a skyscraper, recorded by a phone that nobody here held; it is never trained with."""

import csv
from pathlib import Path

import pytest

from edge_agent.infer.motion import load_motion
from edge_agent.judge.ride.ride import Classify
from edge_agent.replay.recording import read_recording
from edge_agent.replay.replay import profile_of, replay
from tests.real_data import DATA

RIDE = DATA / "series/elevator_skyscraper/data/skyscrapper_up.csv"
AUTHOR_M = 74.3


@pytest.mark.skipif(not RIDE.is_file(), reason=f"real data is not there: {RIDE} (CITYNERVE_DATA names its folder)")
@pytest.mark.parametrize("classify", [load_motion(), None], ids=["model", "thresholds"])
def test_one_ride_up(tmp_path: Path, classify: Classify | None) -> None:
    """It is exactly one ride up, of 74 m within a tenth, and no event."""
    with RIDE.open(encoding="utf-8", newline="") as file:
        rows = [
            f"{int(row['relative_time']) * 1000},{row['AccX']},{row['AccY']},{row['AccZ']}"
            for row in csv.DictReader(file)
        ]
    path = tmp_path / "ride.csv"
    path.write_text("\n".join(["t_us,ax,ay,az", *rows]), encoding="utf-8")
    story = replay(read_recording([path]), profile_of("lift_retrofit_box"), classify=classify)
    (ride,) = story.rides
    assert ride.direction == "up"
    assert ride.height_m == pytest.approx(AUTHOR_M, rel=0.1)
    assert story.findings == ()

"""Recordings of cameras replayed: the output to the letter, and what is said of berths, lanes and roads."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from device_profiles.errors import ConfigError
from device_profiles.profile import parse_profile
from edge_agent.cli import app
from edge_agent.judge.zone_limits import ZoneLimits
from edge_agent.replay.frames import stills_of
from edge_agent.replay.seen import Image, Seen, watch
from edge_agent.replay.seen_report import as_json, as_text
from edge_agent.vision.zones import parse_zones
from tests.edge_agent.replay.pklot import frames_of_pklot, size_of_picture, truth_of, zones_json
from tests.edge_agent.replay.rig import HEIGHT, WIDTH, ZONE, BrightIsFull, drawn, judged, recorded, zones_text
from tests.edge_agent.vision.asphalt import POLYGON, ROAD, Brightness, asphalt


def test_the_output_to_the_letter(tmp_path: Path) -> None:
    """Frames with file and zones, events with time, kind, severity, zone and score: no key more, none less."""
    folder = recorded(tmp_path / "f", [drawn("1"), drawn("1", "2"), drawn("2", grey="1")])
    told = json.loads(as_json(judged(folder, zones_text(), interval_s=60, hysteresis=False), ZONE))
    assert list(told) == ["frames", "events"]
    assert [frame["file"] for frame in told["frames"]] == ["0000.png", "0001.png", "0002.png"]
    states = [{zone: said["state"] for zone, said in frame["zones"].items()} for frame in told["frames"]]
    assert states == [
        {"1": "occupied", "2": "free"},
        {"1": "occupied", "2": "occupied"},
        {"1": "unknown", "2": "occupied"},
    ]
    assert told["frames"][0]["zones"]["1"]["score"] == pytest.approx(0.98, abs=0.01)
    assert told["frames"][0]["zones"]["2"]["score"] == pytest.approx(0.97, abs=0.02)  # of free
    assert told["frames"][2]["zones"]["1"] == {"state": "unknown", "score": 0.0}
    assert [list(event) for event in told["events"]] == [["t_us", "kind", "severity", "zone", "score"]] * 2
    assert told["events"][0] | {"score": 0} == {
        "t_us": 60_000_000, "kind": "berth.occupied", "severity": "info", "zone": "2", "score": 0,
    }  # fmt: skip
    assert told["events"][0]["score"] == pytest.approx(0.98, abs=0.01)
    assert (told["events"][1]["kind"], told["events"][1]["score"]) == ("berth.unknown", 0.0)


def test_with_hysteresis_a_stay_is_told_once(tmp_path: Path) -> None:
    """A flicker is none; an arrival and a departure are one event each, seconds after they were seen first."""
    looks = ["2"] * 40 + ["12"] + ["2"] * 40 + ["12"] * 60 + ["2"] * 60
    folder = recorded(tmp_path / "f", [drawn(*full) for full in looks])
    seen = judged(folder, zones_text())
    assert [(one.kind, one.data["zone"]) for one in seen.findings] == [("berth.occupied", "1"), ("berth.freed", "1")]
    assert seen.findings[1].data["dwell_s"] == pytest.approx(12, abs=0.3)
    assert 0 < seen.findings[0].t_us - seen.findings[0].data["arrived_us"] < 6_000_000
    assert str(seen.frames[-1].zones["2"].state) == "occupied"
    assert list(as_text(seen, ZONE))[-1] == "201 pictures, 2 events"


def test_limits_of_a_profile_are_those_of_the_recording(tmp_path: Path) -> None:
    """Of berths and of lanes: what takes seconds by the built-in profile takes longer by one of the city's own."""
    folder = recorded(tmp_path / "f", [drawn(*full) for full in ["2"] * 40 + ["12"] * 60])
    slow = ZoneLimits(confirm_us=30_000_000)
    assert [one.kind for one in judged(folder, zones_text()).findings] == ["berth.occupied"]
    assert judged(folder, zones_text(), limits=slow).findings == ()
    lane = {"id": "l", "kind": "lane", "polygon": [[8, 48], [32, 48], [32, 8], [8, 8]], "cells": 4}
    queue = json.dumps({"width": WIDTH, "height": HEIGHT, "zones": [lane]})
    (formed,) = judged(folder, queue, interval_s=1, limits=ZoneLimits(vehicle_m=10)).findings
    assert (formed.kind, formed.data["vehicles"]) == ("queue.formed", 2)
    assert judged(folder, queue, interval_s=1, limits=ZoneLimits(form_m=30)).findings == ()


def test_severities_are_those_of_the_zones_profile(tmp_path: Path) -> None:
    """A city that takes a departure for more than information hears so."""
    seen = judged(recorded(tmp_path / "f", [drawn("1"), drawn()]), zones_text(), interval_s=60, hysteresis=False)
    own = parse_profile(ZONE.text.replace('severity = "info"', 'severity = "minor"'), file="mine.toml")
    assert [json.loads(as_json(seen, one))["events"][0]["severity"] for one in (ZONE, own)] == ["info", "minor"]
    assert "berth.freed (minor)" in "".join(as_text(seen, own))


def test_a_zone_that_means_nothing_is_unknown(tmp_path: Path) -> None:
    """The others are judged, and what is wrong with it is said."""
    zones = json.loads(zones_text())
    zones["zones"][0]["polygon"] = [[900, 900], [990, 900], [990, 990]]
    zones["zones"].append({"id": "3", "kind": "berth", "polygon": [[0, 0], [50, 50], [50, 0], [0, 50]]})
    seen = judged(recorded(tmp_path / "f", [drawn("1", "2")]), json.dumps(zones), hysteresis=False)
    states = {zone: str(said.state) for zone, said in seen.frames[0].zones.items()}
    assert states == {"1": "unknown", "2": "occupied", "3": "unknown"}
    assert "zone '1' is unknown: lies outside the frame of 96 × 64" in seen.notes
    assert "zone '3' is unknown: its polygon crosses itself" in seen.notes


def test_lanes_and_roads_have_states_too(tmp_path: Path) -> None:
    """A lane is occupied when one of its cells is; of a road nothing is said but its state."""
    lane = {"id": "l", "kind": "lane", "polygon": [[8, 8], [32, 8], [32, 48], [8, 48]], "cells": 2}
    road = {"id": "r", "kind": "road", "polygon": [[56, 8], [80, 8], [80, 48], [56, 48]], "m_per_px": 0.1}
    zones = json.dumps({"width": WIDTH, "height": HEIGHT, "zones": [lane, road]})
    pictures = [drawn("1"), drawn("2"), drawn("1", "2")]
    folder = recorded(tmp_path / "f", [np.maximum(one, 40) for one in pictures])  # a road without light is unknown
    seen = judged(folder, zones, hysteresis=False)
    states = [[str(said.state) for said in frame.zones.values()] for frame in seen.frames]
    assert states == [["occupied", "free"], ["free", "occupied"], ["occupied", "occupied"]]
    assert seen.findings == ()


def test_a_queue_in_a_lane_is_an_event(tmp_path: Path) -> None:
    """Stopped vehicles in all its cells, for long enough."""
    lane = {"id": "l", "kind": "lane", "polygon": [[8, 48], [32, 48], [32, 8], [8, 8]], "cells": 4}
    zones = json.dumps({"width": WIDTH, "height": HEIGHT, "zones": [lane]})
    folder = recorded(tmp_path / "f", [drawn()] * 20 + [drawn("1")] * 40)
    (formed,) = judged(folder, zones, interval_s=1).findings
    assert (formed.kind, formed.data["length_m"], formed.data["vehicles"]) == ("queue.formed", 20, 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "parking_camera"], "--zones: is missing"),
        (["--profile", "lift_terminal", "--zones", "z"], "lift_terminal: is no camera"),
        (["--profile", "street_camera", "--zones", "z", "--interval", "0"], "--interval: must be above 0"),
        (["--profile", "street_camera", "--zones", "z", "--interval", "nan"], "--interval: must be above 0"),
        (["--profile", "street_camera", "--zones", "z", "more"], "one folder of stills or one video"),
        (["--profile", "street_camera", "--zones", "z"], "z: cannot be read: No such file"),
    ],
)
def test_a_command_line_that_means_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """It is a fault of usage, before any picture is read."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["replay", "frames", *arguments])
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)


def test_real_spaces_with_the_model_of_the_repository(tmp_path: Path) -> None:
    """The whole command on a real car park that a camera saw: nearly all labelled spaces are right, none unknown."""
    few = [(picture, xml) for picture, xml in frames_of_pklot() if len(truth_of(xml)) < 99]
    if not few:
        pytest.skip("real data is not there (CITYNERVE_DATA names its folder)")
    picture, xml = few[0]
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / picture.name).symlink_to(picture)
    zones = tmp_path / "z.json"
    zones.write_text(zones_json(xml, size=size_of_picture(picture)), encoding="utf-8")
    arguments = ["replay", "--profile", "parking_camera", "--zones", str(zones), str(tmp_path / "f")]
    result = CliRunner().invoke(app, [*arguments, "--no-hysteresis", "--json"])
    assert result.exit_code == 0, result.output
    (frame,) = json.loads(result.stdout)["frames"]
    truth = truth_of(xml)
    right = sum(frame["zones"][space]["state"] == ("occupied" if full else "free") for space, full in truth.items())
    assert right >= 0.95 * len(truth)
    assert all(0.5 <= said["score"] <= 1 for said in frame["zones"].values() if said["state"] != "unknown")


def _road(**scale: float) -> str:
    """Return zones of one road as large as the drawn asphalt's."""
    road = {"id": "r", "kind": "road", "polygon": POLYGON, **scale}
    return json.dumps({"width": ROAD.width, "height": ROAD.height, "zones": [road]})


def _watched_road(folder: Path, zones: str) -> Seen:
    read = parse_zones(zones.encode(), file="zones.json")
    return watch(stills_of(folder, interval_s=1), read, BrightIsFull(read.sound), classify=Brightness())


def test_a_hole_in_a_road_is_an_event_with_its_area(tmp_path: Path) -> None:
    """Within ten seconds; every frame says what the surface is."""
    pictures: list[Image | bytes] = [asphalt(seed, hole=seed > 4) for seed in range(13)]
    seen = _watched_road(recorded(tmp_path / "f", pictures), _road(m_per_px=0.05))
    told = json.loads(as_json(seen, ZONE))
    (event,) = told["events"]
    assert (event["kind"], event["severity"], event["zone"], event["class"]) == ("road.hole", "major", "r", "hole")
    assert 5_000_000 < event["t_us"] <= 10_000_000
    assert event["area_m2"] > 0.5
    said = [frame["zones"]["r"]["surface"] for frame in told["frames"]]
    assert (said[0], said[4], said[-1]) == ("unknown", "sound", "hole")
    assert "r: hole" in list(as_text(seen, ZONE))[12]


def test_a_road_without_a_scale_is_unknown_and_noted(tmp_path: Path) -> None:
    """Nothing is guessed; it is said once."""
    pictures: list[Image | bytes] = [asphalt(seed, hole=seed > 4) for seed in range(10)]
    seen = _watched_road(recorded(tmp_path / "f", pictures), _road())
    assert seen.findings == ()
    assert [note for note in seen.notes if "no ground scale" in note] == list(seen.notes)
    assert len(seen.notes) == 1
    assert {str(frame.zones["r"].state) for frame in seen.frames} == {"unknown"}


def test_a_camera_that_moves_in_the_midst_is_noted_with_the_file(tmp_path: Path) -> None:
    """The zones lie elsewhere from then on."""
    pictures: list[Image | bytes] = [np.roll(asphalt(seed), 30 * (seed > 5), 1) for seed in range(10)]
    seen = _watched_road(recorded(tmp_path / "f", pictures), _road(m_per_px=0.05))
    assert seen.findings == ()
    assert seen.notes == ("0006.png: zone 'r' is unknown: the camera was moved, and the zone lies elsewhere",)
    assert str(seen.frames[-1].zones["r"].state) == "unknown"

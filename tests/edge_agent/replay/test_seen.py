"""Recordings of cameras replayed: the output to the letter, and what is said of pictures and files that are wrong."""

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles, parse_profile
from edge_agent.cli import app
from edge_agent.judge.zone_limits import ZoneLimits
from edge_agent.replay.frames import stills_of
from edge_agent.replay.seen import Image, Seen, watch
from edge_agent.replay.seen_report import as_json, as_text
from edge_agent.vision.zones import Zones, cells_of, parse_zones
from tests.edge_agent.replay.pklot import frames_of_pklot, size_of_picture, truth_of, zones_json
from tests.edge_agent.vision.asphalt import POLYGON, ROAD, Brightness, asphalt

WIDTH, HEIGHT = 96, 64
ZONE = load_profiles()["camera_zone"]
BERTHS = {"1": (8, 8), "2": (56, 8)}  # upper left corners; each is 24 × 40


class BrightIsFull:
    """Scores a zone by its brightness; mid-grey is what it cannot tell."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def look(self, frame: Image) -> Mapping[str, float | None]:
        """Return the mean of each polygon, as a share."""
        spots = {
            f"{zone.id}/{at}" if zone.kind == "lane" else zone.id: polygon
            for zone in self._zones.zones
            for at, polygon in enumerate(cells_of(zone))
        }
        return {name: self._mean(frame, polygon) for name, polygon in spots.items()}

    def _mean(self, frame: Image, polygon: tuple[tuple[float, float], ...]) -> float | None:
        mask = np.zeros(frame.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.array(polygon, np.int32)], 255)
        mean = cv2.mean(frame, mask)[0] / 255
        return None if 0.45 < mean < 0.55 else mean


def _zones(**more: object) -> str:
    zones = [
        {"id": name, "kind": "berth", "polygon": [[x, y], [x + 24, y], [x + 24, y + 40], [x, y + 40]]}
        for name, (x, y) in BERTHS.items()
    ]
    return json.dumps({"width": WIDTH, "height": HEIGHT, "zones": zones, **more})


def _picture(*full: str, grey: str = "") -> Image:
    image = np.random.default_rng(1).integers(0, 20, (HEIGHT, WIDTH, 3), np.uint8)
    for name, (x, y) in BERTHS.items():
        value = 250 if name in full else 128 if name == grey else 6
        image[y : y + 41, x : x + 25] = value
    return image


def _write(folder: Path, pictures: list[Image | bytes], *, suffix: str = ".png") -> Path:
    folder.mkdir()
    for at, one in enumerate(pictures):
        data = one if isinstance(one, bytes) else cv2.imencode(suffix, one)[1].tobytes()
        (folder / f"{at:04}{suffix}").write_bytes(data)
    return folder


def _seen(
    path: Path, zones: str, *, interval_s: float = 0.2, hysteresis: bool = True, limits: ZoneLimits | None = None
) -> Seen:
    read = parse_zones(zones.encode(), file="zones.json")
    stills, looker = stills_of(path, interval_s=interval_s), BrightIsFull(read.sound)
    return watch(stills, read, looker, hysteresis=hysteresis, limits=limits)


def test_the_output_to_the_letter(tmp_path: Path) -> None:
    """Frames with file and zones, events with time, kind, severity, zone and score: no key more, none less."""
    folder = _write(tmp_path / "f", [_picture("1"), _picture("1", "2"), _picture("2", grey="1")])
    told = json.loads(as_json(_seen(folder, _zones(), interval_s=60, hysteresis=False), ZONE))
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
    folder = _write(tmp_path / "f", [_picture(*full) for full in looks])
    seen = _seen(folder, _zones())
    assert [(one.kind, one.data["zone"]) for one in seen.findings] == [("berth.occupied", "1"), ("berth.freed", "1")]
    assert seen.findings[1].data["dwell_s"] == pytest.approx(12, abs=0.3)
    assert 0 < seen.findings[0].t_us - seen.findings[0].data["arrived_us"] < 6_000_000
    assert str(seen.frames[-1].zones["2"].state) == "occupied"
    assert list(as_text(seen, ZONE))[-1] == "201 pictures, 2 events"


def test_limits_of_a_profile_are_those_of_the_recording(tmp_path: Path) -> None:
    """Of berths and of lanes: what takes seconds by the built-in profile takes longer by one of the city's own."""
    folder = _write(tmp_path / "f", [_picture(*full) for full in ["2"] * 40 + ["12"] * 60])
    slow = ZoneLimits(confirm_us=30_000_000)
    assert [one.kind for one in _seen(folder, _zones()).findings] == ["berth.occupied"]
    assert _seen(folder, _zones(), limits=slow).findings == ()
    lane = {"id": "l", "kind": "lane", "polygon": [[8, 48], [32, 48], [32, 8], [8, 8]], "cells": 4}
    queue = json.dumps({"width": WIDTH, "height": HEIGHT, "zones": [lane]})
    (formed,) = _seen(folder, queue, interval_s=1, limits=ZoneLimits(vehicle_m=10)).findings
    assert (formed.kind, formed.data["vehicles"]) == ("queue.formed", 2)
    assert _seen(folder, queue, interval_s=1, limits=ZoneLimits(form_m=30)).findings == ()


def test_severities_are_those_of_the_zones_profile(tmp_path: Path) -> None:
    """A city that takes a departure for more than information hears so."""
    seen = _seen(_write(tmp_path / "f", [_picture("1"), _picture()]), _zones(), interval_s=60, hysteresis=False)
    own = parse_profile(ZONE.text.replace('severity = "info"', 'severity = "minor"'), file="mine.toml")
    assert [json.loads(as_json(seen, one))["events"][0]["severity"] for one in (ZONE, own)] == ["info", "minor"]
    assert "berth.freed (minor)" in "".join(as_text(seen, own))


def test_pictures_that_are_wrong_make_unknown(tmp_path: Path) -> None:
    """Half a JPEG, no picture at all, another size: said, unknown in the frame, and the next one is judged."""
    whole = cv2.imencode(".jpg", _picture("1"))[1].tobytes()
    other = cv2.imencode(".jpg", np.zeros((HEIGHT * 2, WIDTH * 2, 3), np.uint8))[1].tobytes()
    pictures: list[Image | bytes] = [whole, whole[: len(whole) // 2], b"", b"no picture", other, whole]
    seen = _seen(_write(tmp_path / "f", pictures, suffix=".jpg"), _zones(), hysteresis=False)
    states = [str(frame.zones["1"].state) for frame in seen.frames]
    assert states == ["occupied", "unknown", "unknown", "unknown", "unknown", "occupied"]
    assert len(seen.notes) == 4
    assert "192 × 128" in seen.notes[3]
    assert all(frame.zones["1"].score == 0 for frame in seen.frames[1:5])


def test_a_zone_that_means_nothing_is_unknown(tmp_path: Path) -> None:
    """The others are judged, and what is wrong with it is said."""
    zones = json.loads(_zones())
    zones["zones"][0]["polygon"] = [[900, 900], [990, 900], [990, 990]]
    zones["zones"].append({"id": "3", "kind": "berth", "polygon": [[0, 0], [50, 50], [50, 0], [0, 50]]})
    seen = _seen(_write(tmp_path / "f", [_picture("1", "2")]), json.dumps(zones), hysteresis=False)
    states = {zone: str(said.state) for zone, said in seen.frames[0].zones.items()}
    assert states == {"1": "unknown", "2": "occupied", "3": "unknown"}
    assert "zone '1' is unknown: lies outside the frame of 96 × 64" in seen.notes
    assert "zone '3' is unknown: its polygon crosses itself" in seen.notes


def test_lanes_and_roads_have_states_too(tmp_path: Path) -> None:
    """A lane is occupied when one of its cells is; of a road nothing is said but its state."""
    lane = {"id": "l", "kind": "lane", "polygon": [[8, 8], [32, 8], [32, 48], [8, 48]], "cells": 2}
    road = {"id": "r", "kind": "road", "polygon": [[56, 8], [80, 8], [80, 48], [56, 48]], "m_per_px": 0.1}
    zones = json.dumps({"width": WIDTH, "height": HEIGHT, "zones": [lane, road]})
    pictures = [_picture("1"), _picture("2"), _picture("1", "2")]
    folder = _write(tmp_path / "f", [np.maximum(one, 40) for one in pictures])  # a road without light is unknown
    seen = _seen(folder, zones, hysteresis=False)
    states = [[str(said.state) for said in frame.zones.values()] for frame in seen.frames]
    assert states == [["occupied", "free"], ["free", "occupied"], ["occupied", "occupied"]]
    assert seen.findings == ()


def test_a_queue_in_a_lane_is_an_event(tmp_path: Path) -> None:
    """Stopped vehicles in all its cells, for long enough."""
    lane = {"id": "l", "kind": "lane", "polygon": [[8, 48], [32, 48], [32, 8], [8, 8]], "cells": 4}
    zones = json.dumps({"width": WIDTH, "height": HEIGHT, "zones": [lane]})
    folder = _write(tmp_path / "f", [_picture()] * 20 + [_picture("1")] * 40)
    (formed,) = _seen(folder, zones, interval_s=1).findings
    assert (formed.kind, formed.data["length_m"], formed.data["vehicles"]) == ("queue.formed", 20, 4)


def test_a_video_is_judged_by_its_own_time(tmp_path: Path) -> None:
    """Ten frames a second, of which every second one is looked at; the name says which."""
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for at in range(30):
        writer.write(_picture("1") if at < 15 else _picture())
    writer.release()
    seen = _seen(path, _zones(), hysteresis=False)
    assert [frame.file for frame in seen.frames[:3]] == ["v.avi#0", "v.avi#2", "v.avi#4"]
    assert len(seen.frames) == 15
    assert [round(one.t_us / 1e6, 1) for one in seen.findings] == [1.6]


def test_a_video_that_breaks_off_says_so(tmp_path: Path) -> None:
    """What its header promises and nobody can read is one unknown picture at the end, with a note."""
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for _ in range(30):
        writer.write(_picture("1"))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seen = _seen(path, _zones(), hysteresis=False)
    assert [str(frame.zones["1"].state) for frame in seen.frames[-2:]] == ["occupied", "unknown"]
    (note,) = seen.notes
    assert note == f"v.avi breaks off: {seen.frames[-1].file.partition('#')[2]} of its 30 pictures can be read"


def test_what_cannot_be_decoded_is_one_line(tmp_path: Path) -> None:
    """FFMPEG and OpenCV have words of their own for it, which nobody asked for."""
    (tmp_path / "v.mp4").write_text("no video", encoding="utf-8")
    whole = cv2.imencode(".bmp", _picture())[1].tobytes()
    (tmp_path / "a.bmp").write_bytes(whole[:30] + b"\xff" * 8 + whole[38:])
    program = (
        "import sys; from pathlib import Path; from edge_agent.replay.frames import ConfigError, stills_of\n"
        "for name in sys.argv[1:]:\n"
        "    try: print([one.fault for one in stills_of(Path(name), interval_s=1)])\n"
        "    except ConfigError as error: print(error)"
    )
    large = zlib.compress(bytes(8_200 * 8_201), 1)  # of a few kilobytes would become 200 MB
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 8_200, 8_200, 8, 0, 0, 0, 0)), (b"IDAT", large), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(b)) + a + b + struct.pack(">I", zlib.crc32(a + b)) for a, b in parts]
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    ask = [sys.executable, "-c", program, *(str(tmp_path / name) for name in ("a.bmp", "b.png", "v.mp4"))]
    done = subprocess.run(ask, capture_output=True, text=True, check=True, timeout=180)
    assert done.stdout.splitlines() == [
        "['a.bmp cannot be decoded']",
        "['b.png cannot be decoded']",
        f"{tmp_path / 'v.mp4'}: holds no picture that can be decoded: it is no video",
    ]
    assert done.stderr == ""


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Not in that of the disk; what is no picture is passed over, and one still is a recording too."""
    folder = _write(tmp_path / "f", [_picture()])
    for name in ("b.PNG", "a.png", "10.png", "9.png"):
        (folder / name).write_bytes((folder / "0000.png").read_bytes())
    (folder / "a.xml").write_text("<parking/>", encoding="utf-8")
    names = [still.file for still in stills_of(folder, interval_s=1)]
    assert names == ["0000.png", "10.png", "9.png", "a.png", "b.PNG"]
    assert [still.file for still in stills_of(folder / "a.png", interval_s=1)] == ["a.png"]


def test_what_is_called_a_picture_and_is_none_is_named(tmp_path: Path) -> None:
    """A pipe, a directory, a link to itself: unknown, each by its name, and what stands behind them is judged."""
    folder = _write(tmp_path / "f", [_picture("1")])
    os.mkfifo(folder / "1.jpg")
    (folder / "2.jpg").mkdir()
    (folder / "3.jpg").symlink_to("3.jpg")
    cv2.imwrite(str(folder / "4.png"), np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    cv2.imwrite(str(folder / "5.png"), _picture("1"))
    seen = _seen(folder, _zones(), hysteresis=False)
    assert [frame.file for frame in seen.frames] == ["0000.png", "1.jpg", "2.jpg", "3.jpg", "4.png", "5.png"]
    states = [str(frame.zones["1"].state) for frame in seen.frames]
    assert states == ["occupied", "unknown", "unknown", "unknown", "unknown", "occupied"]
    links = "3.jpg: Too many levels of symbolic links"
    nothing = "4.png shows nothing: one colour all over"
    assert seen.notes == ("1.jpg is a pipe", "2.jpg is a directory", links, nothing)


@pytest.mark.parametrize(("value", "noise"), [(0, 0), (128, 0), (255, 0), (128, 4)])
def test_a_picture_that_shows_nothing_is_unknown(tmp_path: Path, value: int, noise: float) -> None:
    """Whatever a model makes of a wall: an agent calls the camera covered; the next picture is judged."""
    chance = np.random.default_rng(1)
    wall = np.clip(value + chance.normal(0, noise, (360, 640, 3)), 0, 255).astype(np.uint8)
    street = cv2.resize(_picture("1"), (640, 360), interpolation=cv2.INTER_NEAREST)
    berth = {"id": "1", "kind": "berth", "polygon": [[60, 60], [200, 60], [200, 260], [60, 260]]}
    zones = json.dumps({"width": 640, "height": 360, "zones": [berth]})
    seen = _seen(_write(tmp_path / "f", [street, wall, street]), zones, hysteresis=False)
    assert [str(frame.zones["1"].state) for frame in seen.frames] == ["occupied", "unknown", "occupied"]
    assert seen.notes == ("0001.png shows nothing: one colour all over",)


def test_a_name_that_no_text_can_hold_is_told_all_the_same(tmp_path: Path) -> None:
    """On a disk it may be any bytes, and what a terminal obeys: neither ends the command."""
    folder = _write(tmp_path / "f", [_picture("1")])
    (folder / os.fsdecode(b"\xff.png")).write_bytes((folder / "0000.png").read_bytes())
    (folder / os.fsdecode(b"\xfe.png")).write_bytes(b"")
    seen = _seen(folder, _zones(), hysteresis=False)
    assert [frame.file for frame in seen.frames] == ["0000.png", "\\xfe.png", "\\xff.png"]
    assert seen.notes == ("\\xfe.png is empty",)
    assert "\\xff.png" in as_json(seen, ZONE)


def test_two_videos_one_behind_the_other_are_judged_to_the_end(tmp_path: Path) -> None:
    """The second one's clock begins anew, as where a recorder was started again."""
    path = tmp_path / "v.ts"
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(30):
            for packet in stream.encode(av.VideoFrame.from_ndarray(_picture("1"), format="bgr24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    path.write_bytes(path.read_bytes() * 2)
    stills = list(stills_of(path, interval_s=0.2))
    assert len(stills) == 30
    assert all(200_000 <= after.t_us - before.t_us <= 300_000 for before, after in pairwise(stills))


@pytest.mark.parametrize("what", ["empty", "absent", "text", "cut"])
def test_a_recording_without_pictures_is_an_error(tmp_path: Path, what: str) -> None:
    """It names the path."""
    path = tmp_path / what
    if what == "empty":
        path.mkdir()
    elif what == "text":
        path.write_text("no video", encoding="utf-8")
    elif what == "cut":
        path.write_bytes(b"RIFF\x00\x00\x00\x00AVI LIST")
    with pytest.raises(ConfigError, match=what):
        list(stills_of(path, interval_s=0.2))


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
    seen = _watched_road(_write(tmp_path / "f", pictures), _road(m_per_px=0.05))
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
    seen = _watched_road(_write(tmp_path / "f", pictures), _road())
    assert seen.findings == ()
    assert [note for note in seen.notes if "no ground scale" in note] == list(seen.notes)
    assert len(seen.notes) == 1
    assert {str(frame.zones["r"].state) for frame in seen.frames} == {"unknown"}


def test_a_camera_that_moves_in_the_midst_is_noted_with_the_file(tmp_path: Path) -> None:
    """The zones lie elsewhere from then on."""
    pictures: list[Image | bytes] = [np.roll(asphalt(seed), 30 * (seed > 5), 1) for seed in range(10)]
    seen = _watched_road(_write(tmp_path / "f", pictures), _road(m_per_px=0.05))
    assert seen.findings == ()
    assert seen.notes == ("0006.png: zone 'r' is unknown: the camera was moved, and the zone lies elsewhere",)
    assert str(seen.frames[-1].zones["r"].state) == "unknown"

"""The pictures of a recording: in which order they come and at what time, and what is said of files that are wrong."""

import json
import os
import struct
import subprocess
import sys
import zlib
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from device_profiles.errors import ConfigError
from edge_agent.replay.frames import stills_of
from edge_agent.replay.seen import Image
from edge_agent.replay.seen_report import as_json
from tests.edge_agent.replay.rig import HEIGHT, WIDTH, ZONE, drawn, judged, recorded, zones_text


def test_pictures_that_are_wrong_make_unknown(tmp_path: Path) -> None:
    """Half a JPEG, no picture at all, another size: said, unknown in the frame, and the next one is judged."""
    whole = cv2.imencode(".jpg", drawn("1"))[1].tobytes()
    other = cv2.imencode(".jpg", np.zeros((HEIGHT * 2, WIDTH * 2, 3), np.uint8))[1].tobytes()
    pictures: list[Image | bytes] = [whole, whole[: len(whole) // 2], b"", b"no picture", other, whole]
    seen = judged(recorded(tmp_path / "f", pictures, suffix=".jpg"), zones_text(), hysteresis=False)
    states = [str(frame.zones["1"].state) for frame in seen.frames]
    assert states == ["occupied", "unknown", "unknown", "unknown", "unknown", "occupied"]
    assert len(seen.notes) == 4
    assert "192 × 128" in seen.notes[3]
    assert all(frame.zones["1"].score == 0 for frame in seen.frames[1:5])


def test_a_video_is_judged_by_its_own_time(tmp_path: Path) -> None:
    """Ten frames a second, of which every second one is looked at; the name says which."""
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for at in range(30):
        writer.write(drawn("1") if at < 15 else drawn())
    writer.release()
    seen = judged(path, zones_text(), hysteresis=False)
    assert [frame.file for frame in seen.frames[:3]] == ["v.avi#0", "v.avi#2", "v.avi#4"]
    assert len(seen.frames) == 15
    assert [round(one.t_us / 1e6, 1) for one in seen.findings] == [1.6]


def test_a_video_that_breaks_off_says_so(tmp_path: Path) -> None:
    """What its header promises and nobody can read is one unknown picture at the end, with a note."""
    path = tmp_path / "v.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for _ in range(30):
        writer.write(drawn("1"))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seen = judged(path, zones_text(), hysteresis=False)
    assert [str(frame.zones["1"].state) for frame in seen.frames[-2:]] == ["occupied", "unknown"]
    (note,) = seen.notes
    assert note == f"v.avi breaks off: {seen.frames[-1].file.partition('#')[2]} of its 30 pictures can be read"


def test_what_cannot_be_decoded_is_one_line(tmp_path: Path) -> None:
    """FFMPEG and OpenCV have words of their own for it, which nobody asked for."""
    (tmp_path / "v.mp4").write_text("no video", encoding="utf-8")
    whole = cv2.imencode(".bmp", drawn())[1].tobytes()
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
    folder = recorded(tmp_path / "f", [drawn()])
    for name in ("b.PNG", "a.png", "10.png", "9.png"):
        (folder / name).write_bytes((folder / "0000.png").read_bytes())
    (folder / "a.xml").write_text("<parking/>", encoding="utf-8")
    names = [still.file for still in stills_of(folder, interval_s=1)]
    assert names == ["0000.png", "10.png", "9.png", "a.png", "b.PNG"]
    assert [still.file for still in stills_of(folder / "a.png", interval_s=1)] == ["a.png"]


def test_what_is_called_a_picture_and_is_none_is_named(tmp_path: Path) -> None:
    """A pipe, a directory, a link to itself: unknown, each by its name, and what stands behind them is judged."""
    folder = recorded(tmp_path / "f", [drawn("1")])
    os.mkfifo(folder / "1.jpg")
    (folder / "2.jpg").mkdir()
    (folder / "3.jpg").symlink_to("3.jpg")
    cv2.imwrite(str(folder / "4.png"), np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    cv2.imwrite(str(folder / "5.png"), drawn("1"))
    seen = judged(folder, zones_text(), hysteresis=False)
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
    street = cv2.resize(drawn("1"), (640, 360), interpolation=cv2.INTER_NEAREST)
    berth = {"id": "1", "kind": "berth", "polygon": [[60, 60], [200, 60], [200, 260], [60, 260]]}
    zones = json.dumps({"width": 640, "height": 360, "zones": [berth]})
    seen = judged(recorded(tmp_path / "f", [street, wall, street]), zones, hysteresis=False)
    assert [str(frame.zones["1"].state) for frame in seen.frames] == ["occupied", "unknown", "occupied"]
    assert seen.notes == ("0001.png shows nothing: one colour all over",)


def test_a_name_that_no_text_can_hold_is_told_all_the_same(tmp_path: Path) -> None:
    """On a disk it may be any bytes, and what a terminal obeys: neither ends the command."""
    folder = recorded(tmp_path / "f", [drawn("1")])
    (folder / os.fsdecode(b"\xff.png")).write_bytes((folder / "0000.png").read_bytes())
    (folder / os.fsdecode(b"\xfe.png")).write_bytes(b"")
    seen = judged(folder, zones_text(), hysteresis=False)
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
            for packet in stream.encode(av.VideoFrame.from_ndarray(drawn("1"), format="bgr24")):
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

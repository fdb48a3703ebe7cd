"""What FFMPEG is told of one stream is told of that one only."""

import os
from pathlib import Path

import numpy as np
import pytest

from edge_agent.sources.camera.streams.capture import PLAIN, Capture
from edge_agent.sources.camera.streams.frame import BrokenPicture, NoPicture
from simulators.stage.ports import free_port
from tests.edge_agent.sources.camera.pictures import Street
from tests.edge_agent.sources.camera.streams.coder import H264


def test_options_of_a_stream_are_not_left_to_the_next_video() -> None:
    """OpenCV reads them from the environment, and a short analysis loses a file's first pictures."""
    before = dict(os.environ)
    with pytest.raises(NoPicture):
        Capture(f"rtsp://127.0.0.1:{free_port()}/nobody", live=True)
    assert dict(os.environ) == before


def _whole(path: Path, *, key_bytes: int | None = None, grey_from: int | None = None) -> list[bool]:
    """Return which pictures of a short H.264 file are believed; of its first key frame only ``key_bytes`` arrive."""
    coder, data, street = H264(fps=500, bit_rate=8_000_000, key_every=10), b"", Street()
    for number in range(20):
        grey = grey_from is not None and number >= grey_from
        picture = np.full((240, 320, 3), 128, np.uint8) if grey else street.picture()[:240, :320]
        for unit in coder(np.ascontiguousarray(picture)):
            is_key = number == 0 and unit[0] & 0x1F == 5
            data += b"\0\0\0\1" + (unit[:key_bytes] if is_key and key_bytes else unit)
    path.write_bytes(data)
    capture, whole = Capture(str(path), live=False), []
    for _ in range(20):
        capture.grab()
        try:
            whole.append(capture.picture() is not None)
        except BrokenPicture:
            whole.append(False)
    capture.close()
    return whole


def test_a_camera_that_goes_on_showing_one_grey_shows_that(tmp_path: Path) -> None:
    """Whether it is covered is for who looks at it: the stream itself is sound."""
    whole = _whole(tmp_path / "grey.h264", grey_from=5)
    first = whole.index(False)
    assert whole == [True] * first + [False] * (PLAIN - 1) + [True] * (20 - first - PLAIN + 1)


def test_a_grey_that_stands_for_a_lost_picture_is_none(tmp_path: Path) -> None:
    """The decoder fills up what it has not got."""
    assert _whole(tmp_path / "lost.h264", key_bytes=40)[0] is False

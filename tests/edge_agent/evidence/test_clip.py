"""Clips are AVI files that OpenCV's FFMPEG and its own reader play."""

from pathlib import Path

import cv2
import pytest

from edge_agent.evidence.clip import avi
from tests.edge_agent.evidence.pictures import HEIGHT, WIDTH, street


@pytest.mark.parametrize("backend", [cv2.CAP_FFMPEG, cv2.CAP_OPENCV_MJPEG])
@pytest.mark.parametrize("count", [1, 7])
def test_a_clip_plays(tmp_path: Path, backend: int, count: int) -> None:
    """All pictures come, in order and at their pace."""
    jpegs = [cv2.imencode(".jpg", street(seed=at) // (at + 1))[1].tobytes() for at in range(count)]
    path = tmp_path / "clip.avi"
    path.write_bytes(avi(jpegs, width=WIDTH, height=HEIGHT, period_us=250_000))
    reader = cv2.VideoCapture(str(path), backend)
    means = []
    while (read := reader.read())[0]:
        means.append(read[1].mean())
    assert reader.get(cv2.CAP_PROP_FPS) == pytest.approx(4.0)
    assert len(means) == count
    assert means == sorted(means, reverse=True)

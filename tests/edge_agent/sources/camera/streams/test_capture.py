"""What FFMPEG is told of one stream is told of that one only."""

import os

import pytest

from edge_agent.sources.camera.streams.capture import Capture
from edge_agent.sources.camera.streams.frame import NoPicture
from simulators.stage.ports import free_port


def test_options_of_a_stream_are_not_left_to_the_next_video() -> None:
    """OpenCV reads them from the environment, and a short analysis loses a file's first pictures."""
    before = dict(os.environ)
    with pytest.raises(NoPicture):
        Capture(f"rtsp://127.0.0.1:{free_port()}/nobody", live=True)
    assert dict(os.environ) == before

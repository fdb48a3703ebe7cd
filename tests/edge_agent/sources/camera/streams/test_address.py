"""Where pictures come from, and what logs may say of it."""

from pathlib import Path

import pytest

from edge_agent.sources.camera.streams.address import Way, way_of, with_secret, without_secret


def test_each_way_is_told_by_its_address(tmp_path: Path) -> None:
    """A path is a folder if it is one now."""
    assert way_of("rtsp://10.0.0.7:554/stream2") is Way.RTSP
    assert way_of("HTTP://camera/video.mjpg") is Way.MJPEG
    assert way_of(str(tmp_path)) is Way.STILLS
    assert way_of(str(tmp_path / "street.mp4")) is Way.VIDEO


@pytest.mark.parametrize("url", ["ftp://camera/x", "rtsp://", "http:///x", "rtsp://camera:0/", "rtsp://camera:99999/"])
def test_what_is_no_way_is_refused(url: str) -> None:
    """Before a worker is started for it."""
    with pytest.raises(ValueError):
        way_of(url)


def test_a_password_gets_in_and_never_into_a_log() -> None:
    """Whatever characters it has."""
    url = with_secret("rtsp://camera:8554/a", username="viewer", password="p@ss/w:rd")
    assert url == "rtsp://viewer:p%40ss%2Fw%3Ard@camera:8554/a"
    assert without_secret(url) == "rtsp://…@camera:8554/a"
    assert with_secret("rtsp://own:own@camera/a", username="viewer", password="x") == "rtsp://own:own@camera/a"

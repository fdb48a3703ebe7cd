"""Cameras on the network: OpenCV reads both ways, and every fault does what it says."""

import asyncio
import time
import urllib.request

import cv2
import numpy as np
import pytest

from simulators.camera.serving.faults import Fault
from simulators.camera.serving.feed import Feed, Image
from simulators.camera.serving.server import CameraServer

SIZE = (160, 96)  # width, height
_OPTIONS = "rtsp_transport;tcp|analyzeduration;300000|fpsprobesize;0"


def _frames(t_s: float) -> Image:
    """Return a picture that nobody can take for another: a ramp, whose brightness is the time's."""
    ramp = np.linspace(40, 200, SIZE[0])[None, :, None] * np.ones((SIZE[1], 1, 3))
    return (ramp + 40 * (t_s % 1.0)).astype(np.uint8)


def _feed(fps: float = 20.0) -> Feed:
    return Feed(_frames, fps=fps, now_s=time.monotonic)


def _read(url: str, count: int) -> list[Image]:
    """Return up to ``count`` pictures, as OpenCV's FFMPEG reads them."""
    times = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 30_000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 30_000]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, times)
    found = []
    while len(found) < count:
        good, picture = capture.read()
        if not good:
            break
        found.append(picture)
    capture.release()
    return found


@pytest.mark.parametrize("way", ["rtsp_url", "mjpeg_url"])
async def test_opencv_reads_the_pictures(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, of the right size, and of what the camera sees; one is like the other but for its moment."""
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", _OPTIONS)
    async with CameraServer(_feed()) as server:
        pictures = await asyncio.to_thread(_read, getattr(server, way), 4)
    assert [picture.shape for picture in pictures] == [(SIZE[1], SIZE[0], 3)] * 4
    for picture in pictures:
        columns = picture.mean(axis=(0, 2))
        assert abs((columns[-8:].mean() - columns[:8].mean()) - 152) < 15


async def test_a_camera_that_hangs_up_can_be_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropped: nobody answers until it is well; then at the same address."""
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", _OPTIONS)
    async with CameraServer(_feed()) as server:
        url = server.rtsp_url
        await server.strike(Fault.DROP)
        assert await asyncio.to_thread(_read, url, 1) == []
        await server.strike(None)
        assert server.rtsp_url == url
        assert len(await asyncio.to_thread(_read, url, 1)) == 1


async def test_reset_cuts_off_who_is_there() -> None:
    """A client that reads sees its connection die; the next one is served."""
    async with CameraServer(_feed()) as server:
        port = int(server.mjpeg_url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /stream.mjpeg HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\xff\xd8")
        await server.strike(Fault.RESET)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        reply = await asyncio.to_thread(_snapshot, server.mjpeg_url)
        assert reply.startswith(b"\xff\xd8")


async def test_faults_of_the_stream() -> None:
    """Stalled: nothing new. Frozen: the same bytes. Half: it breaks off. Slow: not yet. Well: all as it was."""
    feed = _feed()
    async with CameraServer(feed) as server:
        before = await feed.after(0)
        await server.strike(Fault.FREEZE)
        frozen = [(await feed.after(feed.shots + n)).jpeg for n in (1, 2)]
        assert frozen[0] == frozen[1]
        await server.strike(Fault.STALL)
        for _ in range(2):  # a turn that was under way may take one; the next is there to see that it has taken none
            await _turn(feed)
        shots = feed.shots
        for _ in range(3):
            await _turn(feed)
        assert feed.shots == shots
        await server.strike(Fault.HALF)
        half = await feed.after(feed.shots + 1)
        assert len(half.jpeg) < 0.7 * len(before.jpeg)
        await server.strike(Fault.NOISE)
        noise = await feed.after(feed.shots + 1)
        assert cv2.imdecode(np.frombuffer(noise.jpeg, np.uint8), cv2.IMREAD_COLOR) is None
        await server.strike(None)
        well = await feed.after(feed.shots + 1)
        assert cv2.imdecode(np.frombuffer(well.jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (SIZE[1], SIZE[0], 3)


async def _turn(feed: Feed) -> None:
    """Wait until the feed's loop has come round."""
    async with feed._news:
        await feed._news.wait()


async def test_rtsp_says_no_to_what_it_does_not_do() -> None:
    """UDP is refused, play before set-up too, an unknown method has an answer, and rubbish ends the connection."""
    async with CameraServer(_feed()) as server:
        port = int(server.rtsp_url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request, status in (
            ("SETUP u RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=1-2", b"461"),
            ("PLAY u RTSP/1.0\r\nCSeq: 2", b"455"),
            ("RECORD u RTSP/1.0\r\nCSeq: 3", b"501"),
            ("GET_PARAMETER u RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 3", b"200"),
        ):
            body = "abc" if "Content-Length" in request else ""
            writer.write(f"{request}\r\n\r\n{body}".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == status
        writer.write(b"rubbish\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


def _snapshot(url: str) -> bytes:
    with urllib.request.urlopen(url.replace("/stream.mjpeg", "/snapshot.jpg"), timeout=30) as reply:
        return bytes(reply.read())

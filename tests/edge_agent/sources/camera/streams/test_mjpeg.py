"""Motion JPEG over HTTP, from servers that do it right and from others."""

import http.server
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import cv2
import pytest

from edge_agent.sources.camera.streams.frame import BrokenPicture, NoPicture
from edge_agent.sources.camera.streams.mjpeg import MjpegStream
from edge_agent.sources.camera.streams.trouble import Stream
from tests.edge_agent.sources.camera.pictures import Street

JPEG = cv2.imencode(".jpg", Street().picture())[1].tobytes()
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Run a server that answers so; give its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/video?size=1"
        finally:
            server.shutdown()
            thread.join()


def parts(bodies: Sequence[bytes], *, length: bool = True, kind: str = "multipart/x-mixed-replace") -> Answer:
    """Return an answer of parts."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", f"{kind}; boundary=--frame")
        handler.end_headers()
        for body in bodies:
            said = f"Content-Length: {len(body)}\r\n" if length else ""
            handler.wfile.write(f"--frame\r\nContent-Type: image/jpeg\r\n{said}\r\n".encode() + body + b"\r\n")

    return answer


@pytest.mark.parametrize("length", [True, False])
def test_parts_are_pictures_and_half_a_jpeg_is_none(length: bool) -> None:
    """Whether the server says how long they are or not; then the stream ends."""
    with answering(parts([JPEG, JPEG[: len(JPEG) // 2], JPEG], length=length)) as url:
        stream = MjpegStream(url)
        try:
            stream.grab()
            assert stream.picture().shape == (224, 400, 3)
            with pytest.raises(BrokenPicture):
                stream.grab()
            stream.grab()
            assert stream.picture().shape == (224, 400, 3)
            with pytest.raises(NoPicture) as caught:
                stream.grab()
            assert caught.value.stream is Stream.TIMEOUT
        finally:
            stream.close()


def test_a_whole_frame_of_garbage_is_broken() -> None:
    """It begins and ends as a JPEG does."""
    with answering(parts([b"\xff\xd8" + b"garbage" * 100 + b"\xff\xd9"])) as url:
        stream = MjpegStream(url)
        stream.grab()
        with pytest.raises(BrokenPicture):
            stream.picture()
        stream.close()


def test_a_page_is_no_video() -> None:
    """Its type says so."""
    with answering(parts([b"<html>"], kind="text/html")) as url, pytest.raises(NoPicture) as caught:
        MjpegStream(url)
    assert caught.value.stream is Stream.NO_VIDEO


def test_a_login_is_sent_and_a_refusal_is_said() -> None:
    """Basic, from the address."""
    heard: list[str | None] = []

    def refuse(handler: http.server.BaseHTTPRequestHandler) -> None:
        heard.append(handler.headers["Authorization"])
        handler.send_error(401)

    with answering(refuse) as url, pytest.raises(NoPicture) as caught:
        MjpegStream(url.replace("http://", "http://viewer:p%40ss@"))
    assert caught.value.stream is Stream.REFUSED
    assert heard == ["Basic dmlld2VyOnBAc3M="]


def test_a_path_in_chinese_is_asked_for_as_a_browser_does() -> None:
    """The thread that reads the camera does not die of it."""
    heard: list[str] = []

    def refuse(handler: http.server.BaseHTTPRequestHandler) -> None:
        heard.append(handler.path)
        handler.send_error(404)

    with answering(refuse) as url, pytest.raises(NoPicture):
        MjpegStream(url.replace("/video", "/车位/1%2F2"))
    assert heard == ["/%E8%BD%A6%E4%BD%8D/1%2F2?size=1"]


@pytest.mark.parametrize(
    "body", [b"--frame\r\n" + b"x: y\r\n" * 200, b"nothing\n" * 500, b"--frame\r\nContent-Length: 99999999999\r\n\r\n"]
)
def test_endless_headers_and_impossible_lengths_end_the_stream(body: bytes) -> None:
    """Nothing grows without a bound."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        handler.wfile.write(body)

    with answering(answer) as url:
        stream = MjpegStream(url)
        with pytest.raises(NoPicture):
            stream.grab()
        stream.close()


def test_nobody_there_is_said_at_once() -> None:
    """Connection refused."""
    with pytest.raises(NoPicture) as caught:
        MjpegStream("http://127.0.0.1:1/")
    assert caught.value.stream is Stream.UNREACHABLE

"""Grab pictures from Motion JPEG over HTTP: one part, one JPEG; half a JPEG is none."""

import http.client
import ssl
import time
from base64 import b64encode
from urllib.parse import quote, unquote, urlsplit

import cv2
import numpy as np

from edge_agent.sources.camera.streams.frame import BrokenPicture, Image, NoPicture
from edge_agent.sources.camera.streams.torn import is_cut
from edge_agent.sources.camera.streams.trouble import Stream

OPEN_S, READ_S = 3.0, 2.0
PART_S = 5.0  # one picture, however steadily it drips
MAX_JPEG = 16_000_000  # bytes; 8K at high quality
MAX_HEADERS = 50  # lines of one part
_PLAIN = "%/?:@!$&'()*+,;=-._~"  # of an address; what else stands in a path goes as a browser would send it
_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"


class MjpegStream:
    """An opened stream."""

    key = True  # each JPEG stands alone

    def __init__(self, url: str) -> None:
        """Open ``url``. Raises NoPicture."""
        self.anew = False
        self._jpeg = b""
        self._begun = False  # the boundary before the next part has been read
        self._connection = _connect(url)
        try:
            self._response, self._boundary = _ask(self._connection, url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise NoPicture(Stream.UNREACHABLE, str(error) or type(error).__name__) from error
        except NoPicture:
            self._connection.close()
            raise

    def grab(self) -> None:
        """Wait for the next part. Raises NoPicture, or BrokenPicture when it is no whole JPEG."""
        try:
            self._jpeg = self._part()
        except TimeoutError as error:
            raise NoPicture(Stream.TIMEOUT, "no picture came in time") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoPicture(Stream.TIMEOUT, str(error) or type(error).__name__) from error
        if not self._jpeg.startswith(_BEGIN) or not self._jpeg.rstrip(b"\0\r\n").endswith(_END):
            raise BrokenPicture("is no whole JPEG")

    def picture(self) -> Image:
        """Return the picture of the part that came last. Raises BrokenPicture."""
        try:
            image = cv2.imdecode(np.frombuffer(self._jpeg, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise BrokenPicture("cannot be decoded") from error
        if image is None or is_cut(image):  # type: ignore[arg-type]
            raise BrokenPicture("cannot be decoded")
        return image  # type: ignore[return-value]

    def close(self) -> None:
        """Let go of it."""
        self._response.close()
        self._connection.close()

    def _part(self) -> bytes:
        """Return the body of the next part. Raises ValueError when what comes is no part, or comes too slowly."""
        size: int | None = None
        deadline_s = time.monotonic() + PART_S
        for _ in range(MAX_HEADERS):
            line = self._line(deadline_s)
            text = line.strip().lower()
            if not self._begun:
                self._begun = text.startswith(b"--")
            elif not text:
                self._begun = False
                return self._sized(size, deadline_s) if size is not None else self._until_boundary(deadline_s)
            elif text.startswith(b"content-length:"):
                size = int(text.partition(b":")[2])
        raise ValueError("no part begins")

    def _line(self, deadline_s: float) -> bytes:
        line = self._response.readline(65_537)
        if not line:
            raise ValueError("the stream ended")
        if time.monotonic() > deadline_s:
            raise ValueError("a picture comes too slowly")
        return line

    def _sized(self, size: int, deadline_s: float) -> bytes:
        if not 0 <= size <= MAX_JPEG:
            raise ValueError(f"a part of {size} bytes")
        body = bytearray()
        while len(body) < size:
            more = self._response.read1(size - len(body))
            if not more or time.monotonic() > deadline_s:
                raise ValueError("the stream ended within a picture")
            body += more
        return bytes(body)

    def _until_boundary(self, deadline_s: float) -> bytes:
        """Return what comes before the next boundary; for cameras that say no length."""
        body = bytearray()
        while not body.rstrip(b"\0\r\n").endswith(_END) and len(body) <= MAX_JPEG:
            line = self._line(deadline_s)
            if line.startswith(b"--") and line.strip().strip(b"-") == self._boundary:
                self._begun = True
                break
            body += line
        return bytes(body)


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme.lower() == "https":
        return http.client.HTTPSConnection(host, port, timeout=OPEN_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=OPEN_S)


def _ask(connection: http.client.HTTPConnection, url: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Return the stream and its boundary. Raises NoPicture, OSError or HTTPException."""
    parts = urlsplit(url)
    headers = {"Accept": "multipart/x-mixed-replace"}
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + b64encode(secret.encode()).decode()
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_PLAIN)
    connection.request("GET", path, headers=headers)
    connection.sock.settimeout(READ_S)
    response = connection.getresponse()
    if response.status != http.client.OK:
        response.close()  # it owns the socket by now
        raise NoPicture(Stream.REFUSED, f"HTTP status {response.status}")
    kind = response.headers.get_content_type()
    if not kind.startswith("multipart/"):
        response.close()
        raise NoPicture(Stream.NO_VIDEO, f"it gives {kind}, no multipart stream")
    return response, (response.headers.get_boundary() or "").strip("-").encode()

"""Archives in an InfluxDB, for tests, and servers that behave as badly as one may."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from device_profiles.wire import Value
from hub.archive import Point
from hub.archive.influx.influx import InfluxArchive
from hub.archive.influx.server import InfluxPlace, InfluxServer
from tests.hub.made import AREA, T0_US

Answer = Callable[[str, bytes], tuple[int, bytes] | None]  # path, body → status and body; None: pass it on


def influx_archive(
    url: str, folder: Path, *, name: str = "archive", batch_points: int = 5_000, timeout_s: float = 10.0
) -> InfluxArchive:
    """Return the archive in the database ``name``, its refusals in ``folder``."""
    place = InfluxPlace(url, database=name, timeout_s=timeout_s)
    return InfluxArchive(place, hub="hub-1", refusals=folder / f"{name}.db", batch_points=batch_points)


def server_of(url: str, name: str) -> InfluxServer:
    """Return another client of the same database, as an operator has one."""
    server = InfluxServer(InfluxPlace(url, database=name))
    server.create_database()
    return server


def point(at: int = 0, value: Value = 1, *, field: str = "floor", device: str = "lift-07", seq: int = 1) -> Point:
    """Return a point ``at`` milliseconds after T0."""
    return Point(AREA, "a-1", device, field, T0_US + at * 1_000, value, 7, "reading", seq)


@contextmanager
def proxy(url: str, answer: Answer) -> Iterator[str]:
    """Yield the URL of a proxy before ``url`` that answers itself when ``answer`` says something."""
    target = urlsplit(url)

    class Way(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = answer(self.path, body)
            status, text = said if said is not None else _passed(target.netloc, self.path, body, dict(self.headers))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Way)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _passed(netloc: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(netloc, timeout=20)
    try:
        connection.request("POST", path, body, {k: v for k, v in headers.items() if k.lower() != "host"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()

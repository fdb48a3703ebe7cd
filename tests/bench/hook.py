"""A webhook for benches: notes when which body came; it may be away, and come back on the same port."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.servers import free_port


class Call(NamedTuple):
    """A request that was taken."""

    at_ns: int  # perf_counter_ns
    body: bytes


class Hook:
    """Listens on a free port of the loopback until it is stopped."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.port = free_port()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/alarms"

    def start(self) -> None:
        """Listen."""
        self._server = _Listening(("127.0.0.1", self.port), _Request)
        self._server.calls = self.calls
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Be away: no connection is taken, and those that stand are cut."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None


class Desk:
    """A webhook that reads what was posted, each notice once."""

    def __init__(self, named: Callable[[Any], list[dict[str, Any]]]) -> None:
        """``named`` finds in a body what names a device."""
        self.hook = Hook()
        self._named = named
        self._read = 0
        self._told: dict[str, int] = {}

    def told(self) -> dict[str, int]:
        """Return device → when its first notice came."""
        for call in self.hook.calls[self._read :]:
            for alarm in self._named(json.loads(call.body)):
                self._told.setdefault(alarm["device"], call.at_ns)
            self._read += 1
        return self._told


def of_event(body: Any) -> list[dict[str, Any]]:
    """Return the alarms in a CloudEvent of the hub."""
    found: list[dict[str, Any]] = body["data"].get("alarms", [body["data"]])
    return found


def of_alertmanager(body: Any) -> list[dict[str, Any]]:
    """Return the labels in what Alertmanager posts."""
    return [alert["labels"] for alert in body["alerts"]]


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1_000
    calls: list[Call]

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone: no business of a bench."""


class _Request(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, _Listening)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append(Call(time.perf_counter_ns(), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

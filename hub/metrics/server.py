"""The HTTP server of /metrics, on a thread of its own."""

import logging
import threading
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from hub.metrics import REGISTRY

logger = logging.getLogger(__name__)


def host_port(listen: str) -> tuple[str, int]:
    """Return host and port of ``host:port`` or ``[host]:port``. Raises ValueError."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and port.isdigit() and int(port) < 65_536):
        raise ValueError(f"{listen!r} is not host:port")
    return host, int(port)


class MetricsServer:
    """Answers every scrape with the registry as it stands; without an address it does nothing."""

    def __init__(self, listen: str, standing: Collector, *, registry: CollectorRegistry = REGISTRY) -> None:
        """``listen`` is host:port, "" for none; ``standing`` is asked at each scrape. Raises ValueError."""
        self.port = 0  # where it listens, 0 while it does not
        self._address = host_port(listen) if listen else None
        self._standing = standing
        self._registry = registry
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; a taken port is said and no more: alarms do not need it."""
        if self._address is None:
            return
        host, port = self._address
        try:
            self._server, self._thread = start_http_server(port, host, self._registry)
        except OSError as error:
            logger.error("no metrics: %s port %d: %s", host, port, error.strerror or error)
            return
        self._registry.register(self._standing)
        self.port = self._server.server_port
        logger.info("metrics at http://%s:%d/metrics", host, self.port)

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(5.0)
            self._registry.unregister(self._standing)
            self._server, self.port = None, 0

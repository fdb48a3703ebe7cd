"""A broker that lets everybody in, acks no message, and hangs up in the silence after them: the worst of lines."""

import contextlib
import socket
import threading

from simulators.observers.packets import PUBLISH, PacketReader

CONNECT, SUBSCRIBE = 1, 8
SILENCE_S = 0.3
FIRST_S = 10.0  # for the first message, on a busy machine


class SilentBroker:
    """Serves one client at a time on a free port."""

    def __init__(self) -> None:
        self.rounds = 0  # connections that brought messages
        self._changed = threading.Condition()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "SilentBroker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def wait(self, rounds: int, timeout_s: float = 60.0) -> None:
        """Return once it has hung up so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.rounds >= rounds, timeout_s)

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                client.settimeout(FIRST_S)
                heard = self._serve(client)
            with self._changed:
                self.rounds += heard > 0
                self._changed.notify_all()

    def _serve(self, client: socket.socket) -> int:
        """Return how many messages came until nothing more did."""
        packets, heard = PacketReader(), 0
        with contextlib.suppress(OSError):  # TimeoutError is one
            while data := client.recv(65_536):
                for first, body in packets.feed(data):
                    kind = first >> 4
                    if kind == PUBLISH:
                        client.settimeout(SILENCE_S)
                        heard += 1
                    if kind == CONNECT:
                        client.sendall(b"\x20\x02\x00\x00")
                    elif kind == SUBSCRIBE:
                        client.sendall(b"\x90\x04" + body[:2] + b"\x01\x01")
        return heard

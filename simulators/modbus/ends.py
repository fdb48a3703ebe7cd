"""Where a simulated line comes out: a pty under a stable path, or a TCP port."""

import os
import pty
import socket
import termios
import tty
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_READ_BYTES = 4096
_HOST = "127.0.0.1"


class End(Protocol):
    """An open end. Nothing here blocks; bytes that nobody takes are dropped, as on a line."""

    def files(self) -> list[int]:
        """Return the file numbers to wait for."""

    def read(self) -> bytes:
        """Return what has arrived."""

    def write(self, data: bytes) -> None:
        """Put ``data`` on the line."""

    def close(self) -> None:
        """Unplug it."""


class PtyEnd:
    """A new pty, raw, under the symlink ``link``; closing it hangs up on whoever has it open."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._master, self._slave = (
            pty.openpty()
        )  # our own slave side: without one the master reads EIO between clients
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        fresh = link.with_name(f"{link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(link)

    def files(self) -> list[int]:
        """Return the file number to wait for."""
        return [self._master]

    def read(self) -> bytes:
        """Return what has arrived."""
        self._forget_speed()
        try:
            return os.read(self._master, _READ_BYTES)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Put ``data`` on the line; a client that does not read loses it."""
        with suppress(BlockingIOError):
            os.write(self._master, data)

    def close(self) -> None:
        """Hang up."""
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)

    def _forget_speed(self) -> None:
        """Let the next open with parity succeed.

        A pty cannot carry parity, and glibc's tcsetattr says EINVAL when it could change nothing at all: so the speed
        must differ from the one that the client is going to set. On a pty it has no effect.
        """
        attributes = termios.tcgetattr(self._slave)
        attributes[4] = attributes[5] = termios.B50
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)


class TcpEnd:
    """A TCP port on loopback, as a serial server in raw mode gives; every client hears every answer."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server((_HOST, port), reuse_port=False)
        self._listener.setblocking(False)
        self._clients: list[socket.socket] = []

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    def files(self) -> list[int]:
        """Return the file numbers to wait for."""
        return [self._listener.fileno(), *(client.fileno() for client in self._clients)]

    def read(self) -> bytes:
        """Return what has arrived; take new clients, forget gone ones."""
        with suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.append(client)
        return b"".join(self._read(client) for client in tuple(self._clients))

    def write(self, data: bytes) -> None:
        """Put ``data`` on the line."""
        for client in tuple(self._clients):
            try:
                client.send(data)
            except BlockingIOError:
                continue
            except OSError:
                self._forget(client)

    def close(self) -> None:
        """Close the port and its clients."""
        for client in tuple(self._clients):
            self._forget(client)
        self._listener.close()

    def _read(self, client: socket.socket) -> bytes:
        try:
            data = client.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._forget(client)
        return data

    def _forget(self, client: socket.socket) -> None:
        self._clients.remove(client)
        client.close()

"""How the intake reaches the broker: TCP, TLS, who we are, and the broker's yes or no."""

import contextlib
import socket
import ssl
from pathlib import Path

import msgspec

from device_profiles.errors import ConfigError
from device_profiles.link import BrokerConfig, password_of, tls_of
from hub.intake import packets
from hub.intake.packets import ProtocolError

STEP_S = 3.0  # for each step, so that a stop never waits longer
_REFUSALS = {1: "protocol version", 2: "client id", 3: "server unavailable", 4: "bad user name or password"}
_REFUSALS[5] = "not authorized"


class Refused(OSError):
    """The broker answers, and does not want us."""


class Dial(msgspec.Struct, frozen=True):
    """All that a connect needs, read and checked once."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    greeting: bytes  # the CONNECT packet
    keepalive_s: int

    @classmethod
    def of(cls, broker: BrokerConfig, *, client_id: str, folder: Path) -> "Dial":
        """Return how to reach ``broker``; its relative files are relative to ``folder``. Raises ConfigError."""
        try:
            host, port = broker.host_port()
        except ValueError as error:
            raise ConfigError(str(error), file=str(folder), key="broker.url") from error
        greeting = packets.connect(
            client_id,
            keepalive_s=broker.keepalive_s,
            username=broker.username,
            password=password_of(broker, folder) if broker.username else None,
        )
        return cls(host, port, tls_of(broker, folder), greeting, broker.keepalive_s)

    def open(self) -> socket.socket:
        """Return a socket on which the broker has accepted us. Raises OSError (Refused is one), ProtocolError."""
        with contextlib.ExitStack() as stack:
            sock = stack.enter_context(socket.create_connection((self.host, self.port), timeout=STEP_S))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                sock = stack.enter_context(self.tls.wrap_socket(sock, server_hostname=self.host))
            sock.sendall(self.greeting)
            _check(_answer(sock))
            sock.setblocking(False)
            stack.pop_all()  # it is the caller's now
        return sock


def _answer(sock: socket.socket) -> bytes:
    """Return the first four bytes: nothing comes before a CONNACK, and it has no more."""
    answer = b""
    while len(answer) < 4:
        piece = sock.recv(4 - len(answer))
        if not piece:
            raise ConnectionResetError("closed by the broker")
        answer += piece
    return answer


def _check(answer: bytes) -> None:
    if answer[0] >> 4 != packets.CONNACK or answer[1] != 2:
        raise ProtocolError(f"{answer!r} instead of a CONNACK")
    if answer[3]:
        raise Refused(_REFUSALS.get(answer[3], f"return code {answer[3]}"))

"""A mail server that keeps what it is sent and refuses on command."""

import asyncio
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailSink:
    """An SMTP server on a free port of the loopback, on a thread of its own."""

    def __init__(self) -> None:
        self.answer = "250 kept"  # to each message
        self.refused: set[str] = set()  # addresses
        self.messages: list[EmailMessage] = []
        self._port = 0
        self._controller: _OnFreePort | None = None

    @property
    def server(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Begin to listen; again on the same port."""
        self._controller = _OnFreePort(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()
        self._port = self._controller.bound_port

    def stop(self) -> None:
        """Be away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(  # noqa: N802, the name is aiosmtpd's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse an address."""
        if address in self.refused:
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message, or answer as told."""
        if self.answer.startswith("250") and isinstance(envelope.content, bytes):
            self.messages.append(BytesParser(_class=EmailMessage, policy=default).parsebytes(envelope.content))
        return self.answer


class _OnFreePort(Controller):
    """Port 0, which aiosmtpd's own self-test does not know."""

    @property
    def bound_port(self) -> int:
        assert isinstance(self.server, asyncio.Server)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    def _trigger_server(self) -> None:
        self.port = self.bound_port
        super()._trigger_server()  # type: ignore[no-untyped-call]

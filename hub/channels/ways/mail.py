"""Tell people by e-mail, over SMTP."""

import asyncio
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

import aiosmtplib

from device_profiles.config import duration_s
from hub.alarms.transitions import Transition
from hub.channels.channel import Receipt, printed
from hub.channels.cloudevents import rfc3339
from hub.channels.faults import Fault, Refused, Uncertain, Unsent
from hub.channels.notice import Notice, headline, last_of
from hub.channels.receivers import MailReceiver


class Mail:
    """A channel to one SMTP server; a connection for each message."""

    def __init__(self, receiver: MailReceiver, *, hub: str, folder: Path) -> None:
        self._receiver = receiver
        self._hub = hub
        self._host, _, port = receiver.server.rpartition(":")
        self._port = int(port)
        self._timeout_s = duration_s(receiver.timeout)
        self._password_file = folder / receiver.password_file if receiver.password_file else None
        ca_file = folder / receiver.ca_file if receiver.ca_file else None
        self._ssl = ssl.create_default_context(cafile=ca_file) if receiver.tls != "none" else None

    async def send(self, notice: Notice) -> Receipt:
        """Send a notice to all addresses. Raises DeliveryError."""
        message = mail_of(notice, self._receiver, hub=self._hub)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(message)
        except TimeoutError as error:
            raise Uncertain(Fault.TIMED_OUT, f"{self._receiver.server}: not done in {self._timeout_s:g} s") from error
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            raise _refusal(error, self._receiver.server) from error
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPNotSupported) as error:
            raise Unsent(Fault.UNREACHABLE, f"{self._receiver.server}: {printed(str(error))}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Uncertain(Fault.CUT, f"{self._receiver.server}: {printed(str(error))}") from error

    async def close(self) -> None:
        """Nothing stays open."""

    async def _send(self, message: EmailMessage) -> Receipt:
        receiver = self._receiver
        refused, said = await aiosmtplib.send(
            message,
            hostname=self._host,
            port=self._port,
            username=receiver.username or None,
            password=self._password(),
            use_tls=receiver.tls == "tls",
            start_tls=receiver.tls == "starttls",
            tls_context=self._ssl,
            timeout=self._timeout_s,
        )
        lost = "".join(f"; not to {address}: {answer.code}" for address, answer in sorted(refused.items()))
        return Receipt(printed(f"{said}{lost}"))

    def _password(self) -> str | None:
        """Return the file's first line: read for each message, so that it may be changed."""
        if self._password_file is None:
            return None
        try:
            return (self._password_file.read_text(encoding="utf-8").splitlines() or [""])[0]
        except (OSError, UnicodeDecodeError) as error:
            raise Unsent(Fault.UNREACHABLE, f"{self._password_file} cannot be read") from error


def mail_of(notice: Notice, receiver: MailReceiver, *, hub: str) -> EmailMessage:
    """Return the message of a notice; the same notice has the same Message-ID."""
    message = EmailMessage()
    message["From"] = receiver.sender
    message["To"] = ", ".join(receiver.to)
    message["Subject"] = printed(headline(notice))
    message["Message-ID"] = f"<{notice.id}@{hub}.citynerve>"
    message["Date"] = formatdate(notice.made_us / 1e6)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Citynerve-Notice"] = notice.id
    lines = [headline(notice), "", *(_line(last) for last in last_of(notice)), "", f"hub {hub}, notice {notice.id}"]
    message.set_content("\n".join(lines))
    return message


def _line(last: Transition) -> str:
    alarm = last.alarm
    state = "open" if alarm.open else "over"
    detail = f" ({printed(last.detail)})" if last.detail else ""
    return (
        f"{state}  {alarm.severity}  {alarm.title}  {alarm.subject}  since {rfc3339(alarm.t_fact_us)}"
        f"  {last.kind.value}{detail}  alarm {alarm.id}"
    )


def _refusal(
    error: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException, server: str
) -> Refused | Unsent:
    """Return what a server's no means: 5xx about the message or all its addresses is for ever, the rest is not now."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [each.code for each in error.recipients]
    else:
        codes = [error.code]
    detail = f"{server}: {printed(str(error))}"
    login = isinstance(
        error, aiosmtplib.SMTPAuthenticationError | aiosmtplib.SMTPConnectError | aiosmtplib.SMTPHeloError
    )
    never = all(500 <= code < 600 for code in codes) and not login
    return Refused(Fault.REFUSED, detail) if never else Unsent(Fault.STATUS, detail)

"""Tell a webhook: CloudEvents 1.0 in structured JSON, signed as Standard Webhooks says it."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from device_profiles.config import duration_s
from device_profiles.errors import ConfigError
from hub.channels.channel import Receipt
from hub.channels.cloudevents import alarm_event, list_event
from hub.channels.notice import Notice, NoticeKind
from hub.channels.receivers import WebhookReceiver
from hub.channels.ways.post import Poster

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_PREFIX = "whsec_"  # before a secret in base64


class Webhook:
    """A channel to one URL."""

    def __init__(self, receiver: WebhookReceiver, *, hub: str, folder: Path, now_us: Callable[[], int]) -> None:
        """``folder``: what the config's paths are relative to. Raises ConfigError."""
        ca_file = folder / receiver.ca_file if receiver.ca_file else None
        self._poster = Poster(receiver.url, timeout_s=duration_s(receiver.timeout), ca_file=ca_file)
        self._secret = read_secret(folder / receiver.secret_file) if receiver.secret_file else None
        self._hub = hub
        self._now_us = now_us

    async def send(self, notice: Notice) -> Receipt:
        """Post a notice. Raises DeliveryError."""
        if notice.kind is NoticeKind.ONE:
            body = alarm_event(notice.transitions[0], hub=self._hub)
        else:
            body = list_event(notice, hub=self._hub)
        headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": notice.id, "webhook-id": notice.id}
        if self._secret is not None:
            headers |= signature(self._secret, notice.id, body, at_s=self._now_us() // 1_000_000)
        return await self._poster.post(body, headers)

    async def close(self) -> None:
        """Close the connection."""
        await self._poster.close()


def signature(secret: bytes, id: str, body: bytes, *, at_s: int) -> dict[str, str]:
    """Return the headers that prove who sent ``body`` and when: HMAC-SHA256 of ``id.at.body``."""
    mac = hmac.new(secret, f"{id}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-timestamp": str(at_s), "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"}


def read_secret(path: Path) -> bytes:
    """Return the secret in a file's first line: ``whsec_`` and base64, or the text as it is. Raises ConfigError."""
    try:
        text = (path.read_text(encoding="utf-8").splitlines() or [""])[0].strip()
        secret = (
            base64.b64decode(text.removeprefix(_PREFIX), validate=True) if text.startswith(_PREFIX) else text.encode()
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    if len(secret) < 16:
        raise ConfigError("is no secret: the first line has less than 16 bytes", file=str(path))
    return secret

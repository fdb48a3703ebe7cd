"""Open the channel that a receiver's config asks for."""

import ssl
from collections.abc import Callable
from pathlib import Path

from device_profiles.errors import ConfigError
from hub.channels.channel import Channel
from hub.channels.receivers import (
    AlertmanagerReceiver,
    AnyReceiver,
    CapReceiver,
    CommandReceiver,
    MailReceiver,
)
from hub.channels.ways.alertmanager import Alertmanager
from hub.channels.ways.cap import Cap
from hub.channels.ways.command import Command
from hub.channels.ways.mail import Mail
from hub.channels.ways.webhook import Webhook


def open_channel(receiver: AnyReceiver, *, hub: str, folder: Path, now_us: Callable[[], int]) -> Channel:
    """Return the channel to a receiver; ``folder``: what the config's paths are relative to. Raises ConfigError."""
    try:
        return _opened(receiver, hub=hub, folder=folder, now_us=now_us)
    except ssl.SSLError as error:
        path = folder / getattr(receiver, "ca_file", "")
        raise ConfigError(f"cannot be used: {error}", file=str(path), key="ca_file") from error


def _opened(receiver: AnyReceiver, *, hub: str, folder: Path, now_us: Callable[[], int]) -> Channel:
    if isinstance(receiver, AlertmanagerReceiver):
        return Alertmanager(receiver, hub=hub, folder=folder)
    if isinstance(receiver, CapReceiver):
        return Cap(receiver, hub=hub, folder=folder)
    if isinstance(receiver, MailReceiver):
        return Mail(receiver, hub=hub, folder=folder)
    if isinstance(receiver, CommandReceiver):
        return Command(receiver, hub=hub, folder=folder)
    return Webhook(receiver, hub=hub, folder=folder, now_us=now_us)

"""Receivers: who is told of which alarms, over which channel, as the hub's config says it."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from device_profiles.config import Duration, duration_us
from device_profiles.wire import ID_PATTERN, Severity
from hub.alarms.transitions import Kind

MAX_RECEIVERS = 100
DEFAULT_CHANNEL = "mqtt"  # the broker's name in lists; no receiver may have it

Text = Annotated[str, msgspec.Meta(min_length=1)]
Name = Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="channel"):
    """What all receivers have: which alarms they get, how they are spared, and what happens when they are away."""

    name: Name
    least: Severity = "info"  # nothing below it
    areas: tuple[Text, ...] = ()  # prefixes by whole levels, such as hz/xiacheng; empty: all
    rules: tuple[Text, ...] = ()  # names, or beginnings with a star, such as lift.*; empty: all
    changes: tuple[Text, ...] = ()  # kinds of transitions; empty: all that are told
    timeout: Duration = "10s"  # real time, for one try
    pause: Duration = "1m"  # real time, the longest between two tries while it is away; 5 s for life-safety
    burst: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 3  # more at once than so many go as one list
    window: Duration = "10s"  # so many in it; then what comes is gathered until it is over
    longest: Annotated[int, msgspec.Meta(ge=2, le=5_000)] = 1_000  # changes in one list
    fallback: str = ""  # a receiver that is told too
    fallback_after: Duration = "1m"  # when this one could not be told for so long
    dead_after: Duration = "1h"  # then it is given up, which is an alarm


class WebhookReceiver(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="webhook"):
    """CloudEvents by HTTP POST, signed."""

    url: Text
    secret_file: str = ""  # its first line signs
    ca_file: str = ""


class AlertmanagerReceiver(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="alertmanager"):
    """Alerts for an Alertmanager, API v2."""

    url: Text  # up to and without /api/v2
    ca_file: str = ""
    resend: Duration = "1m"  # real time: what is open is told again so often, for an Alertmanager forgets


class CapReceiver(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="cap"):
    """CAP 1.2 messages, into a folder, by HTTP POST, or both."""

    sender: Annotated[str, msgspec.Meta(pattern=r"^[^\s,<&]+\Z")]  # globally unique, such as hub-1@city.example
    folder: str = ""
    url: str = ""
    ca_file: str = ""
    status: Literal["Actual", "Exercise", "Test"] = "Actual"
    scope: Literal["Public", "Restricted"] = "Restricted"
    restriction: Text = "Command centre and those it calls"  # read with scope Restricted
    titles: dict[str, str] = {}  # rule → its title in Chinese, before the built-in ones


class MailReceiver(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="mail"):
    """E-mail over SMTP."""

    server: Text  # host:port
    sender: Text
    to: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    tls: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password_file: str = ""
    ca_file: str = ""


class CommandReceiver(Receiver, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="command"):
    """A program that is given the notice as JSON, for whatever else a city has."""

    argv: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]  # no shell reads it


AnyReceiver = WebhookReceiver | AlertmanagerReceiver | CapReceiver | MailReceiver | CommandReceiver

_CHANGES = frozenset(kind.value for kind in Kind)
_FILES = ("secret_file", "password_file", "ca_file")
# A plain address, perhaps behind a name; nothing that Python's e-mail package reads in a way of its own.
_WORD = r"[^\s\x00-\x1f\x7f-\x9f<>@,:;()\[\]\\\"]"
_PLAIN = rf"{_WORD}+@(?!\.){_WORD}+(?<!\.)"
_NAMED = rf'(?:"(?:{_WORD}|[ ,:;()])*"|(?:{_WORD}| )*) *<{_PLAIN}>'
_ADDRESS = re.compile(rf"(?!.*=\?)(?:{_PLAIN}|{_NAMED})\Z")


def receiver_faults(receivers: Sequence[AnyReceiver]) -> Iterable[tuple[str, str]]:
    """Yield key and message of what is wrong with the receivers."""
    names = [receiver.name for receiver in receivers]
    if len(receivers) > MAX_RECEIVERS:
        yield "receivers", f"are {len(receivers)}, at most {MAX_RECEIVERS} are allowed"
    for index, receiver in enumerate(receivers):
        key = f"receivers[{index}]"
        if receiver.name == DEFAULT_CHANNEL or receiver.name in names[:index]:
            yield f"{key}.name", f"{receiver.name!r} is taken"
        if receiver.fallback and _loops(receiver, receivers):
            yield f"{key}.fallback", f"{receiver.fallback!r} is no other receiver, or leads back here"
        for field in ("timeout", "pause", "window", "fallback_after", "dead_after"):
            if duration_us(getattr(receiver, field)) <= 0:
                yield f"{key}.{field}", "must be longer than 0"
        unknown = [name for name in receiver.changes if name not in _CHANGES]
        if unknown:
            yield f"{key}.changes", f"{unknown[0]!r} is no change of an alarm: use {', '.join(sorted(_CHANGES))}"
        yield from ((f"{key}.{field}", message) for field, message in _own_faults(receiver))


def files_of(receiver: AnyReceiver) -> Iterable[tuple[str, str]]:
    """Yield key and name of each file that a receiver's part of the config names."""
    for field in _FILES:
        name = getattr(receiver, field, "")
        if name:
            yield field, name


def unreadable(receivers: Sequence[AnyReceiver], folder: Path) -> Iterable[tuple[str, str]]:
    """Yield key and message of each file that cannot be read."""
    for index, receiver in enumerate(receivers):
        for field, name in files_of(receiver):
            if (folder / name).is_dir() or not os.access(folder / name, os.R_OK):
                yield f"receivers[{index}].{field}", f"{folder / name} cannot be read"


def _loops(receiver: AnyReceiver, receivers: Sequence[AnyReceiver]) -> bool:
    """Return whether a chain of fallbacks leads to nobody, or in a circle."""
    by_name = {other.name: other for other in receivers}
    seen, name = {receiver.name}, receiver.fallback
    while name:
        if name in seen or name not in by_name:
            return True
        seen.add(name)
        name = by_name[name].fallback
    return False


def _own_faults(receiver: AnyReceiver) -> Iterable[tuple[str, str]]:
    if isinstance(receiver, WebhookReceiver | AlertmanagerReceiver) and not _is_url(receiver.url):
        yield "url", f"{receiver.url!r} is not http://… or https://…"
    if isinstance(receiver, AlertmanagerReceiver) and duration_us(receiver.resend) <= 0:
        yield "resend", "must be longer than 0"
    if isinstance(receiver, CapReceiver):
        if receiver.url and not _is_url(receiver.url):
            yield "url", f"{receiver.url!r} is not http://… or https://…"
        if not (receiver.url or receiver.folder):
            yield "folder", "is missing, and so is url"
    if isinstance(receiver, MailReceiver):
        yield from _mail_faults(receiver)


def _mail_faults(receiver: MailReceiver) -> Iterable[tuple[str, str]]:
    host, _, port = receiver.server.rpartition(":")
    if not (host and port.isdigit() and 0 < int(port) < 65_536):
        yield "server", f"{receiver.server!r} is not host:port"
    for key, address in (("sender", receiver.sender), *(("to", each) for each in receiver.to)):
        if not _ADDRESS.match(address):  # Python's e-mail package fails on some of these in ways that nobody can list
            yield key, f"{address!r} is no address: use wang@city.example, or Wang <wang@city.example>"
    if receiver.username and not receiver.password_file:
        yield "password_file", "is missing: there is a username"
    if receiver.username and receiver.tls == "none":
        yield "tls", "a password goes over an encrypted line only"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False

"""A channel brings a notice to one receiver and comes back with its receipt."""

import re
from typing import Protocol

import msgspec

from hub.channels.notice import Notice

MAX_RECEIPT = 500  # characters that are kept of what a receiver answered
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NO_TEXT = re.compile(r"[\ud800-\udfff]")  # bytes that were no UTF-8, as libraries hand them on: no file takes them


class Receipt(msgspec.Struct, frozen=True):
    """What a receiver answered."""

    text: str  # for people
    accepted: bool = False  # it says that somebody or something acts on the notice


class Channel(Protocol):
    """One way to one receiver; used from one task."""

    async def send(self, notice: Notice) -> Receipt:
        """Send a notice; it may be sent again under the same id. Raises DeliveryError."""

    async def close(self) -> None:
        """Let go of what is open."""


class _Answer(msgspec.Struct):
    accepted: bool = False


def receipt_of(text: str, body: bytes) -> Receipt:
    """Return the receipt of an answer whose body may say ``{"accepted": true}``."""
    try:
        accepted = msgspec.json.decode(body, type=_Answer).accepted
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        accepted = False
    said = body[: MAX_RECEIPT * 4].decode("utf-8", errors="replace")
    return Receipt(printed(f"{text} {said}"), accepted)


def printed(text: str) -> str:
    """Return what a stranger wrote as one bounded line without control characters, which can be kept as UTF-8."""
    return _NO_TEXT.sub("\ufffd", _UNPRINTED.sub(" ", text)).strip()[:MAX_RECEIPT]

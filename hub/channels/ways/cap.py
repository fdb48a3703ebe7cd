"""Tell CAP 1.2 messages: one for each alarm of a notice, as a file in a folder, by POST, or both."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from device_profiles.config import duration_s
from device_profiles.whole import sync, write_whole
from hub.channels.channel import Receipt
from hub.channels.faults import Fault, Unsent
from hub.channels.notice import Notice, last_of
from hub.channels.receivers import CapReceiver
from hub.channels.ways.cap_message import cap_message, identifier
from hub.channels.ways.post import Poster

CONTENT_TYPE = "application/cap+xml; charset=utf-8"


class Cap:
    """A channel to a folder and a URL. A list is told as the last state of each of its alarms: CAP has no lists."""

    def __init__(self, receiver: CapReceiver, *, hub: str, folder: Path) -> None:
        """``folder``: what the config's paths are relative to."""
        ca_file = folder / receiver.ca_file if receiver.ca_file else None
        timeout_s = duration_s(receiver.timeout)
        self._poster = Poster(receiver.url, timeout_s=timeout_s, ca_file=ca_file) if receiver.url else None
        self._folder = folder / receiver.folder if receiver.folder else None
        self._receiver = receiver
        self._hub = hub

    async def send(self, notice: Notice) -> Receipt:
        """Write and post the messages of a notice, in order. Raises DeliveryError."""
        messages = list(self._messages(notice))
        receipt = Receipt(f"{len(messages)} files")
        if self._folder is not None:
            await asyncio.to_thread(_write_all, self._folder, messages)
        if self._poster is not None:
            for name, body in messages:
                headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": name}
                receipt = await self._poster.post(body, headers)
        return receipt

    async def close(self) -> None:
        """Close the connection."""
        if self._poster is not None:
            await self._poster.close()

    def _messages(self, notice: Notice) -> Iterator[tuple[str, bytes]]:
        for last in last_of(notice):
            earlier = notice.earlier.get(last.alarm.id, ())
            message = cap_message(last, receiver=self._receiver, hub=self._hub, earlier=earlier, made_us=notice.made_us)
            yield identifier(self._hub, last.id), message


def _write_all(folder: Path, messages: list[tuple[str, bytes]]) -> None:
    """Write whole files that survive a power cut: whoever reads the folder never sees half of one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in messages:
            write_whole(folder / f"{name}.xml", body)
        sync(folder)
    except OSError as error:
        raise Unsent(Fault.NO_ROOM, f"{folder}: {error.strerror}") from error

"""Platforms that publish on their own broker: a persistent session that acks once what it took is safe."""

import asyncio
import logging
import threading
from pathlib import Path

from device_profiles.config import size_bytes
from device_profiles.dialect import Reason, Refused
from device_profiles.link import Inbound, Link
from edge_agent.sources.platforms.config import MqttPlatform
from edge_agent.sources.platforms.feed import Feed
from edge_agent.sources.platforms.safety import Safe

logger = logging.getLogger(__name__)

MAX_MESSAGES = 200  # taken and not yet safe; then the socket is held back, and the broker keeps the rest
_POLL_S = 0.2  # real; how soon a held socket notices that the agent stops


class MqttSource:
    """One subscription. ``run`` listens until cancelled; the link comes back by itself."""

    def __init__(self, platform: MqttPlatform, feed: Feed, *, safe: Safe, client_id: str, folder: Path) -> None:
        """Raises ConfigError."""
        self.link = Link(
            platform.broker,
            client_id=client_id,
            folder=folder,
            persistent=True,
            subscriptions=(platform.topic,),
            manual_ack=True,
            on_message=self._receive,
        )
        self._feed = feed
        self._safe = safe
        self._max_body = size_bytes(platform.max_body)
        self._room = threading.BoundedSemaphore(MAX_MESSAGES)
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._group: asyncio.TaskGroup

    async def run(self) -> None:
        """Listen for ever."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as self._group:
                self._group.create_task(self._feed.tell_loop(), name=f"feed {self._feed.name}")
                self.link.start()
                try:
                    await asyncio.Event().wait()
                finally:
                    self._stopping.set()
        finally:
            await asyncio.to_thread(self.link.stop)

    def _receive(self, message: Inbound) -> None:
        """Hand a message to the event loop; on the network thread, which waits here while there is no room."""
        while not self._stopping.is_set():
            if self._room.acquire(timeout=_POLL_S):
                self._loop.call_soon_threadsafe(self._take, message)
                return

    def _take(self, message: Inbound) -> None:
        if self._stopping.is_set():
            self._room.release()  # not acked: the broker says it again
            return
        try:
            if len(message.payload) > self._max_body:
                self._feed.refuse(Refused(Reason.TOO_LARGE, f"more than {self._max_body} bytes"), message.payload)
            else:
                self._feed.take(message.payload, message.topic.split("/"))
        finally:
            self._group.create_task(self._finish(message), name="ack")

    async def _finish(self, message: Inbound) -> None:
        try:
            while not await self._safe():
                logger.debug("%s: a message waits for the disk", self._feed.name)
            self.link.ack(message)
        finally:
            self._room.release()

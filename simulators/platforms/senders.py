"""The two ways by which a platform pushes: an HTTP POST, and a message on its own broker."""

import asyncio
import logging
import socket

import aiohttp
import aiomqtt

logger = logging.getLogger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


class HttpSender:
    """POSTs to the agent."""

    def __init__(self, url: str, *, token: str = "") -> None:
        self._url = url
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._session: aiohttp.ClientSession | None = None

    async def send(self, body: bytes, *, registration_code: str) -> bool:
        """Send a body; a refusal is final."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.post(self._url, data=body, headers=self._headers) as answer:
                if answer.status >= 400:
                    logger.debug("%s: %d %s", registration_code, answer.status, await answer.text())
                return answer.status not in _TRY_AGAIN
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


class MqttSender:
    """Publishes on the platform's broker, a topic for each lift."""

    def __init__(self, host: str, port: int, *, prefix: str) -> None:
        self._place = host, port
        self._prefix = prefix
        self._client: aiomqtt.Client | None = None

    async def send(self, body: bytes, *, registration_code: str) -> bool:
        """Publish a body."""
        try:
            if self._client is None:
                no_delay = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
                client = aiomqtt.Client(*self._place, socket_options=no_delay)
                await client.__aenter__()
                self._client = client
            await self._client.publish(f"{self._prefix}/{registration_code}", body, qos=1)
        except aiomqtt.MqttError as error:
            logger.info("platform's broker: %s", error)
            await self.close()
            return False
        return True

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.__aexit__(None, None, None)
            except (aiomqtt.MqttError, asyncio.CancelledError) as error:
                logger.debug("%r", error)

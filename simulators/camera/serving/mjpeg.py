"""An HTTP server for one camera: a multipart stream of JPEGs, or the newest one."""

import asyncio

from simulators.camera.serving.feed import Feed, Shot

BOUNDARY = "picture"
SNAPSHOT = "/snapshot.jpg"


class MjpegSession:
    """One client's connection."""

    def __init__(self, feed: Feed, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._feed = feed
        self._reader, self._writer = reader, writer

    async def serve(self) -> None:
        """Answer one request; a stream ends when the client goes. Raises ConnectionError, ValueError."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        words = head.split("\r\n", 1)[0].split()
        if len(words) != 3 or words[0] not in ("GET", "HEAD"):
            self._writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif words[1].partition("?")[0] == SNAPSHOT:
            await self._show(await self._feed.after(0))
        else:
            await self._stream()
        await self._writer.drain()

    async def _show(self, shot: Shot) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(shot.jpeg)}\r\n"
        self._writer.write(f"{head}Connection: close\r\n\r\n".encode() + shot.jpeg)

    async def _stream(self) -> None:
        kind = f"multipart/x-mixed-replace;boundary={BOUNDARY}"
        self._writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
        number = self._feed.newest.number - 1 if self._feed.newest is not None else 0
        while True:
            shot = await self._feed.after(number)
            number = shot.number
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(shot.jpeg)}\r\n\r\n"
            self._writer.write(head.encode() + shot.jpeg + b"\r\n")
            await self._writer.drain()

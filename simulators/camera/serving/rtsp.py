"""An RTSP server for one camera (RFC 2326): log in, describe, set up over TCP, play; RTP between its answers."""

import asyncio
import random
from base64 import b64encode
from collections.abc import Mapping

import msgspec

from simulators.camera.serving.feed import Feed
from simulators.camera.serving.login import Login
from simulators.camera.serving.rtp import CLOCK_HZ, H264_TYPE, PAYLOAD_TYPE, Packets, interleaved

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_TIMEOUT_S = 60
_MAX_HEAD = 8_192  # bytes of a request


class Request(msgspec.Struct, frozen=True):
    """What a client asks."""

    method: str
    url: str
    headers: Mapping[str, str]  # names in lower case


class RtspSession:
    """One client's connection."""

    def __init__(
        self,
        feed: Feed,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        login: Login | None = None,
    ) -> None:
        self._feed = feed
        self._login = login
        self._nonce = f"{random.getrandbits(64):016x}"
        self._reader, self._writer = reader, writer
        self._id = f"{random.getrandbits(32):08x}"
        self._channel: int | None = None  # None: not set up
        kind = H264_TYPE if feed.codes else PAYLOAD_TYPE
        self._packets = Packets(ssrc=random.getrandbits(32), sequence=random.getrandbits(16), kind=kind)
        self._player: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Answer until the client has enough. Raises ConnectionError when it goes without a word."""
        try:
            while (request := await self._read()) is not None:
                status, headers, body = self._answer(request)
                self._write(status, request.headers.get("cseq", "0"), headers, body)
                await self._writer.drain()
                if request.method == "TEARDOWN":
                    return
                if request.method == "PLAY" and status.startswith("200") and self._player is None:
                    self._player = asyncio.create_task(self._play_loop(), name=f"rtsp {self._id}")
        finally:
            if self._player is not None:
                self._player.cancel()
                await asyncio.wait({self._player})

    async def _read(self) -> Request | None:
        """Return the next request, past the client's own RTCP; None at the end."""
        while True:
            first = await self._reader.read(1)
            if not first:
                return None
            if first == b"$":
                head = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(head[1:], "big"))
                continue
            text = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lstrip("\r\n")
            request = _parse(text[:_MAX_HEAD])
            await self._reader.readexactly(int(request.headers.get("content-length", "0")))
            return request

    def _answer(self, request: Request) -> tuple[str, dict[str, str], bytes]:
        """Return status, headers and body."""
        if self._login is not None and request.method != "OPTIONS":
            told = request.headers.get("authorization", "")
            if not self._login.admits(told, method=request.method, nonce=self._nonce):
                return "401 Unauthorized", {"WWW-Authenticate": self._login.challenge(self._nonce)}, b""
        match request.method:
            case "OPTIONS":
                return "200 OK", {"Public": METHODS}, b""
            case "DESCRIBE":
                base = request.url.rstrip("/") + "/"
                kind = {"Content-Base": base, "Content-Type": "application/sdp"}
                return "200 OK", kind, _description(self._feed)
            case "SETUP":
                return self._set_up(request.headers.get("transport", ""))
            case "PLAY" | "PAUSE" if self._channel is None:
                return "455 Method Not Valid in This State", {}, b""
            case "PLAY":
                return "200 OK", {"Session": self._id, "Range": "npt=0.000-"}, b""
            case "PAUSE" | "TEARDOWN" | "GET_PARAMETER" | "SET_PARAMETER":
                return "200 OK", {"Session": self._id}, b""
        return "501 Not Implemented", {"Public": METHODS}, b""

    def _set_up(self, transport: str) -> tuple[str, dict[str, str], bytes]:
        if "RTP/AVP/TCP" not in transport:
            return "461 Unsupported Transport", {}, b""
        channels = transport.partition("interleaved=")[2].partition(";")[0] or "0-1"
        self._channel = int(channels.partition("-")[0])
        chosen = f"RTP/AVP/TCP;unicast;interleaved={self._channel}-{self._channel + 1}"
        return "200 OK", {"Transport": chosen, "Session": f"{self._id};timeout={_TIMEOUT_S}"}, b""

    def _write(self, status: str, number: str, headers: Mapping[str, str], body: bytes) -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *(f"{name}: {value}" for name, value in headers.items())]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def _play_loop(self) -> None:
        """Send each new picture; a slow client misses some."""
        number = self._feed.newest.number - 1 if self._feed.newest is not None else 0
        while True:
            shot = await self._feed.after(number)
            number = shot.number
            t_rtp = round(shot.t_s * CLOCK_HZ)
            packets = self._packets.of_units(shot.units, t_rtp) if shot.units else self._packets.of(shot.scan, t_rtp)
            self._writer.write(b"".join(interleaved(packet, channel=self._channel or 0) for packet in packets))
            try:
                await self._writer.drain()
            except ConnectionError:
                return


def _parse(text: str) -> Request:
    """Return the request in ``text``. Raises ValueError."""
    line, _, rest = text.partition("\r\n")
    words = line.split()
    if len(words) != 3:
        raise ValueError(f"no RTSP request: {line[:80]!r}")
    headers = (part.partition(":") for part in rest.split("\r\n") if ":" in part)
    return Request(words[0], words[1], {name.strip().lower(): value.strip() for name, _, value in headers})


def _description(feed: Feed) -> bytes:
    sets = ",".join(b64encode(one).decode() for one in feed.sets)
    known = f";sprop-parameter-sets={sets}" if sets else ""
    kind, means = PAYLOAD_TYPE, tuple[str, ...]()
    if feed.codes:
        kind = H264_TYPE
        means = (f"a=rtpmap:{kind} H264/{CLOCK_HZ}", f"a=fmtp:{kind} packetization-mode=1{known}")
    lines = (
        "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*",
        f"m=video 0 RTP/AVP {kind}", *means, "a=control:track1", f"a=framerate:{feed.fps:g}", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()

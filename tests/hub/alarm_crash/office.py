"""Whom the hub tells: five receivers on one port, on a thread of their own, that note what they have taken."""

import asyncio
import threading
from collections import defaultdict
from enum import StrEnum

import msgspec
from aiohttp import web

NAMES = ("centre", "desk", "grid", "fire", "stand-in")
_LONG_S = 10.0


class Mood(StrEnum):
    """How the office answers for the time being."""

    WELL = "well"
    FAILS = "fails"  # 500
    CUTS = "cuts"  # takes the request, ends the connection
    REFUSES = "refuses"  # the desk: 422; the others are well


class _Entry(msgspec.Struct):
    id: str = ""
    transitions: list[str] = []


class _Data(msgspec.Struct):
    alarms: list[_Entry] = []


class _Event(msgspec.Struct):
    type: str
    id: str
    data: _Data


class Taken(msgspec.Struct):
    """What one receiver has answered with 200, in order; or refused."""

    keys: dict[str, dict[str, None]] = msgspec.field(default_factory=lambda: defaultdict(dict))  # transition → keys
    order: list[str] = []  # transitions, as they came first
    bodies: dict[str, bytes] = {}  # key → what it stood for
    refused: set[str] = set()
    changed: int = 0  # notices that came again with other content
    again: int = 0  # notices that came again


class Office:
    """Listens from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self.mood = Mood.WELL
        self.taken = {name: Taken() for name in NAMES}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="office", daemon=True)
        self._runner: web.AppRunner | None = None
        self.port = 0

    def start(self) -> None:
        """Begin to listen on a free port."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_LONG_S)

    def stop(self) -> None:
        """End it."""
        assert self._runner is not None
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(_LONG_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LONG_S)
        self._loop.close()

    def toml(self) -> str:
        """Return the receivers as the hub's config has them: two hear all, three only who is called."""
        return "".join(self._toml(name) for name in NAMES)

    def _toml(self, name: str) -> str:
        text = f'[[receivers]]\nname = "{name}"\nchannel = "webhook"\nurl = "http://127.0.0.1:{self.port}/{name}"\n'
        text += 'pause = "50ms"\nwindow = "500ms"\ntimeout = "5s"\ndead_after = "1000h"\nfallback_after = "1000h"\n'
        if name == "desk":
            text += 'fallback = "stand-in"\n'
        return text + ('rules = ["none.*"]\nchanges = ["escalated"]\n' if name not in ("centre", "desk") else "")

    async def _listen(self) -> None:
        app = web.Application()
        app.router.add_post("/{name}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def _answer(self, request: web.Request) -> web.Response:
        name, body, mood = request.match_info["name"], await request.read(), self.mood
        ids = _transitions(body)
        if mood is Mood.FAILS:
            return web.Response(status=500)
        if mood is Mood.CUTS and request.transport is not None:
            request.transport.close()
            return web.Response()
        key = request.headers["Idempotency-Key"]
        if mood is Mood.REFUSES and name == "desk" and key not in self.taken[name].bodies:  # it has that already
            if len(ids) == 1:  # of a list the hub finds out which
                self.taken[name].refused.update(ids)
            return web.Response(status=422)
        _note(self.taken[name], key, ids, body)
        return web.json_response({})


def _transitions(body: bytes) -> list[str]:
    event = msgspec.json.decode(body, type=_Event)
    if not event.type.startswith("city.alarms."):
        return [event.id]
    return [id for alarm in event.data.alarms for id in alarm.transitions]


def _note(taken: Taken, key: str, ids: list[str], body: bytes) -> None:
    if key in taken.bodies:
        taken.again += 1
        taken.changed += taken.bodies[key] != body
        return
    taken.bodies[key] = body
    for id in ids:
        if id not in taken.keys:
            taken.order.append(id)
        taken.keys[id][key] = None

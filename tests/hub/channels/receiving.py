"""A hub's delivery with receivers to tell, and a webhook that runs on a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.config import parse_toml
from hub.alarms.transitions import Transition
from hub.alarms.words import WordBody
from hub.channels.delivery import Delivery, DeliverySpec
from hub.channels.outbox.outbox import notices, outbox
from hub.channels.receivers import AnyReceiver
from hub.database import open_database, reading
from hub.journal.records import NewRecord
from simulators.receivers.webhook import Manner, WebhookReceiver
from tests.hub.channels.listening import WAIT_S, store

T = TypeVar("T")

_PAUSE = 'pause = "300ms"\n'  # so that nobody waits long for who was away


class _Receivers(msgspec.Struct, forbid_unknown_fields=True):
    receivers: tuple[AnyReceiver, ...] = ()


def receivers(text: str) -> tuple[AnyReceiver, ...]:
    """Return the receivers of a config's part."""
    return parse_toml(text, _Receivers, file="hub.toml").receivers


def until(reached: Callable[[], object], timeout_s: float = WAIT_S) -> None:
    """Wait until something is so; a database and another thread tell nobody."""
    deadline = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline, "not reached"
        time.sleep(0.01)


class Told:
    """The delivery of one hub; it may be stopped and started again."""

    def __init__(self, folder: Path, text: str, *, clock: Clock | None = None) -> None:
        self.folder = folder
        self.text = text
        self.clock = clock or Clock()
        self.engine: sa.Engine = open_database(folder / "hub.db")
        self.words: list[WordBody] = []
        self.crashes: list[str] = []
        self.delivery: Delivery | None = None

    def start(self) -> "Told":
        """Begin to deliver."""
        spec = DeliverySpec(receivers(self.text), "x", self.folder, keep_us=86_400_000_000)
        self.delivery = Delivery(
            self.engine,
            spec,
            clock=self.clock,
            say=self._say,
            make_room=lambda: False,
            on_crash=self.crashes.append,
        )
        self.delivery.start()
        return self

    def commit(self, *made: Transition) -> None:
        """Commit transitions and say so, as the alarm reader does."""
        store(self.engine, *made)
        if self.delivery is not None:
            self.delivery.on_transitions(made)

    def stop(self) -> None:
        """End the delivery; the data stays."""
        if self.delivery is not None:
            self.delivery.stop()
            self.delivery = None
        assert self.crashes == []

    def close(self) -> None:
        """End all."""
        self.stop()
        self.engine.dispose()

    def rows(self, receiver: str = "hook") -> list[Any]:
        """Return the outbox of a receiver."""
        query = sa.select(outbox).where(outbox.c.receiver == receiver).order_by(outbox.c.offset, outbox.c.n)
        with reading(self.engine).connect() as connection:
            return list(connection.execute(query).all())

    def states(self, receiver: str = "hook") -> list[str]:
        """Return how far each change has come."""
        return [row.state for row in self.rows(receiver)]

    def count(self, state: str, receiver: str = "hook") -> int:
        """Return how many changes have come so far."""
        query = sa.select(sa.func.count()).where(outbox.c.receiver == receiver, outbox.c.state == state)
        with reading(self.engine).connect() as connection:
            return int(connection.execute(query).scalar_one())

    def notices(self, receiver: str = "hook") -> list[Any]:
        """Return the notices of a receiver."""
        query = sa.select(notices).where(notices.c.receiver == receiver).order_by(notices.c.made_us)
        with reading(self.engine).connect() as connection:
            return list(connection.execute(query).all())

    def _say(self, word: NewRecord) -> None:
        self.words.append(msgspec.json.decode(word.body, type=WordBody))


class Hook:
    """A webhook receiver on a thread of its own."""

    def __init__(
        self, manner: Manner = Manner.WELL, *, certificate: Path | None = None, key: Path | None = None
    ) -> None:
        self.receiver = WebhookReceiver(manner=manner, certificate=certificate, key=key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.back()

    def back(self) -> None:
        """Listen, on the same port as before."""
        self.run(self.receiver.start())

    def away(self) -> None:
        """Listen no more."""
        self.run(self.receiver.stop())

    def close(self) -> None:
        """End all."""
        self.away()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on its thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    def events(self) -> list[dict[str, Any]]:
        """Return the CloudEvents that arrived, doubles included."""
        return [msgspec.json.decode(call.body) for call in list(self.receiver.calls)]

    def toml(self, more: str = "", *, name: str = "hook") -> str:
        """Return the config of a receiver here."""
        return f'[[receivers]]\nname = "{name}"\nchannel = "webhook"\nurl = "{self.receiver.url}"\n{_PAUSE}{more}\n'

"""A sender survives a full disk and a notice that cannot be written."""

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.channels.channel import Receipt
from hub.channels.faults import Fault, Unsent
from hub.channels.notice import Notice
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import outbox
from hub.channels.outbox.router import Router
from hub.channels.outbox.turns import Turns
from hub.channels.routes import Lane
from hub.channels.sender import Sender, patience_s
from hub.database import open_database
from hub.errors import JournalFull
from tests.hub.channels.listening import raised, store
from tests.hub.channels.receiving import receivers

HOOK = '[[receivers]]\nname = "hook"\nchannel = "webhook"\nurl = "http://127.0.0.1:1/"\n'


class Clumsy:
    """A channel that cannot write one alarm."""

    def __init__(self, error: Exception | None = None) -> None:
        self.told = asyncio.Event()
        self._error = error or ValueError("no such letter")

    async def send(self, notice: Notice) -> Receipt:
        """Take everything but alarm 1."""
        if notice.transitions[0].alarm.id == "alarm-1":
            raise self._error
        self.told.set()
        return Receipt("taken")

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Return an empty hub.db."""
    made = open_database(tmp_path / "hub.db")
    yield made
    made.dispose()


def sender(engine: sa.Engine, disk: ThreadPoolExecutor, channel: Clumsy, rooms: list[bool]) -> Sender:
    """Return a sender of the lane of life; ``rooms``: what asking for room on the disk gives, in turn."""
    turns = Turns(Gate(engine), receivers(HOOK)[0], Lane.LIFE, hub="x", say=[].append)
    return Sender(turns, channel, clock=Clock(), disk=disk, make_room=lambda: rooms.pop(0))


@pytest.mark.parametrize("error", [ValueError("no such letter"), OverflowError("date value out of range")])
async def test_what_cannot_be_written_is_a_dead_letter(engine: sa.Engine, error: Exception) -> None:
    """Not the end of the hub, which would come back and end again; the next notice goes."""
    router = Router(Gate(engine), receivers(HOOK), Lane.LIFE)
    store(engine, raised(1), raised(2, number=2))
    router.route(now_us=Clock().wall_us())
    channel = Clumsy(error)
    with ThreadPoolExecutor(1) as disk:
        one = sender(engine, disk, channel, [])
        task = asyncio.create_task(one.send_loop())
        async with asyncio.timeout(20):
            await channel.told.wait()
        one.stop()
        await task
    with engine.connect() as connection:
        states = {row.alarm: row.state for row in connection.execute(sa.select(outbox.c.alarm, outbox.c.state))}
    assert states == {"alarm-1": "failed", "alarm-2": "delivered"}


class Busy(Clumsy):
    """A channel that asks for a pause at first."""

    def __init__(self, again_s: float) -> None:
        super().__init__()
        self.again_s = again_s
        self.tried_s: list[float] = []

    async def send(self, notice: Notice) -> Receipt:
        """Take nothing the first time."""
        self.tried_s.append(Clock().real_s())
        if len(self.tried_s) == 1:
            raise Unsent(Fault.STATUS, "429", again_s=self.again_s)
        self.told.set()
        return Receipt(f"taken: {notice.id}")


async def test_who_asks_for_a_pause_gets_it(engine: sa.Engine) -> None:
    """From the first failure on, also for what comes meanwhile; the pause of our own is far shorter."""
    quick = receivers(HOOK + 'pause = "1ms"\n')
    router = Router(Gate(engine), quick, Lane.LIFE)
    store(engine, raised(1), raised(2, number=2))
    router.route(now_us=Clock().wall_us())
    channel = Busy(0.4)
    with ThreadPoolExecutor(1) as disk:
        turns = Turns(Gate(engine), quick[0], Lane.LIFE, hub="x", say=[].append)
        one = Sender(turns, channel, clock=Clock(), disk=disk, make_room=lambda: False)
        task = asyncio.create_task(one.send_loop())
        async with asyncio.timeout(20):
            await channel.told.wait()
        one.stop()
        await task
    assert channel.tried_s[1] - channel.tried_s[0] >= 0.4


@pytest.mark.parametrize(
    ("more", "longest_s"),
    [
        ("", 300.0),
        ('dead_after = "1m"', 30.0),
        ('dead_after = "1m"\nfallback_after = "20s"', 30.0),  # there is none to tell
        ('fallback = "other"\nfallback_after = "20s"', 10.0),
    ],
)
def test_no_receiver_can_ask_for_silence(more: str, longest_s: float) -> None:
    """It has a try left before its fallback is told or the notice is given up."""
    assert patience_s(receivers(HOOK + more + "\n")[0]) == longest_s


async def test_a_full_disk_is_waited_out(engine: sa.Engine) -> None:
    """First the reserve is given up and it is tried at once; any other fault of the database is none to wait for."""
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    faults: list[Exception] = [sa.exc.OperationalError("insert", {}, full), JournalFull("journal.db")]
    rooms = [True, True]

    def work() -> str:
        if faults:
            raise faults.pop(0)
        return "done"

    with ThreadPoolExecutor(1) as disk:
        one = sender(engine, disk, Clumsy(), rooms)
        assert await one.on_disk(work) == "done"
        assert rooms == []
        faults.append(sa.exc.OperationalError("insert", {}, sqlite3.OperationalError("no such table")))
        with pytest.raises(sa.exc.OperationalError, match="no such table"):
            await one.on_disk(work)

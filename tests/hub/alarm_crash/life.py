"""One life of the part of a hub that decides and tells, as hub/app.py wires it; and a person's deed beside it."""

import os
import time
from pathlib import Path

import msgspec
import sqlalchemy as sa

from device_profiles import faults
from device_profiles.clock import Clock
from hub.alarms.kept.reader import AlarmReader
from hub.alarms.kept.store import transitions
from hub.channels.delivery import Delivery, DeliverySpec
from hub.channels.outbox.outbox import WAITS, outbox
from hub.channels.outbox.router import routed
from hub.database import open_database, reading
from hub.journal.journal import Journal
from hub.journal.readers import ReaderLoop
from hub.journal.records import Act, NewRecord, append_act
from tests.hub.channels.receiving import receivers

SPEED = 10.0
_LOOK_S = 0.01
_CRASHED = 3  # exit code


class Life(msgspec.Struct, frozen=True, tag=True):
    """A hub that runs until there is nothing to do, or until it is killed."""

    folder: str
    receivers: str  # TOML
    start_us: int  # city time
    fault: str = ""
    drain: bool = False  # also what is not due yet


class Deed(msgspec.Struct, frozen=True, tag=True):
    """What a person does about an alarm, by a command of its own."""

    folder: str
    act: Act
    now_us: int
    fault: str = ""


def do(deed: Deed) -> None:
    """Write an act, as ``hub alarm`` does."""
    faults.arm(deed.fault)
    append_act(Path(deed.folder) / "journal.db", deed.act, now_us=deed.now_us)


def live(life: Life) -> None:
    """Run until nothing is left to do."""
    faults.arm(life.fault)
    folder = Path(life.folder)
    clock = Clock(start_us=life.start_us, speed=SPEED, anchor_ns=time.monotonic_ns())
    journal = Journal.open(folder / "journal.db", reserve_bytes=0)
    engine = open_database(folder / "hub.db")

    def say(word: NewRecord) -> None:
        journal.append([word], urgent=True)

    spec = DeliverySpec(receivers(life.receivers), "x", folder, keep_us=10**15)
    delivery = Delivery(
        engine,
        spec,
        clock=clock,
        say=say,
        make_room=lambda: False,
        on_crash=_crash,
    )
    reader = AlarmReader(
        engine,
        clock=clock,
        on_transitions=delivery.on_transitions,
        first_offset=journal.whole_from,
        snapshot_every=900,
    )
    loop = ReaderLoop(journal, reader, clock=clock, on_crash=_crash, urgent=True)
    loop.start()
    delivery.start()
    while loop.position < journal.last_offset() or not _idle(engine, None if life.drain else clock.wall_us()):
        time.sleep(_LOOK_S)
    delivery.stop()
    loop.stop()
    reader.flush()
    engine.dispose()
    journal.close()


def _idle(engine: sa.Engine, due_us: int | None) -> bool:
    """Return whether every transition was queued and all that is due was told."""
    places = (transitions.c.offset, transitions.c.n)
    with reading(engine).connect() as connection:
        newest = connection.execute(sa.select(*places).order_by(*(c.desc() for c in places)).limit(1)).first()
        place = connection.execute(sa.select(routed.c.offset, routed.c.n).where(routed.c.lane == "other")).first()
        if newest is not None and (place is None or tuple(place) < tuple(newest)):
            return False
        waiting = sa.select(outbox.c.offset).where(WAITS)
        if due_us is not None:
            waiting = waiting.where(outbox.c.due_us <= due_us)
        return connection.execute(waiting.limit(1)).first() is None


def _crash(name: str) -> None:
    del name  # the log has it
    time.sleep(0.1)
    os._exit(_CRASHED)

"""A story of alarms, kept in a journal and a database as a hub keeps it."""

from pathlib import Path

import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.alarms.kept.reader import AlarmReader
from hub.database import open_database
from hub.journal.journal import Journal
from hub.journal.records import NewRecord, Record
from tests.hub.alarms.scene import MANHOLE, TEXTS, Scene


def unwritten(record: Record) -> NewRecord:
    """Return a record as it is before the journal gave it an offset."""
    fields = (record.received_us, record.kind, record.body, record.agent, record.epoch, record.lane, record.seq)
    return NewRecord(*fields)  # type: ignore[arg-type]


def story() -> Scene:
    """Return a scene with alarms of every kind, and rules that were edited in the middle of it."""
    scene = Scene()
    scene.cover(1, tilt_deg=61, water_level_m=2)
    scene.event("lift.stuck_occupied", 2)
    scene.beat(30)
    scene.ticks(30, 60)
    scene.text(TEXTS | {"manhole_cover": MANHOLE.replace('for = "20s"', 'for = "1s"')}, at_s=61)
    scene.cover(61, tilt_deg=0, water_level_m=0)
    scene.cover(65, water_level_m=2)
    scene.event("lift.released", 66)
    scene.act("close", at_s=67, rule="cover.gone")
    scene.beat(70)
    return scene


def kept(folder: Path, scene: Scene, *, snapshot_every: int = 10) -> tuple[Journal, sa.Engine]:
    """Write a scene to a journal and let a reader follow it."""
    journal, engine = Journal.open(folder / "journal.db", reserve_bytes=0), open_database(folder / "hub.db")
    journal.append([unwritten(record) for record in scene.records])
    reader = AlarmReader(engine, clock=Clock(), snapshot_every=snapshot_every)
    for after in range(0, len(scene.records), 7):
        reader.apply(journal.read(after, 7))
    reader.flush()
    return journal, engine


def store(folder: Path, scene: Scene) -> tuple[Path, Path]:
    """Write a scene to a data folder."""
    journal, engine = kept(folder, scene)
    journal.close()
    engine.dispose()
    return folder / "journal.db", folder / "hub.db"

"""The audit is a chain: whatever is changed, taken out, added or cut off is found."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.alarms.kept.audit import FIRST, verify
from hub.alarms.kept.reader import AlarmReader
from hub.database import open_database
from tests.hub.alarms.scene import Scene


@pytest.fixture
def kept(tmp_path: Path) -> sa.Engine:
    """Return a database in which a reader has stored a story in three batches."""
    scene = Scene()
    for turn in range(4):
        scene.cover(turn * 100 + 1, tilt_deg=20)
        scene.beat(turn * 100 + 10)
        scene.cover(turn * 100 + 20, tilt_deg=1)
        scene.beat(turn * 100 + 40)
    engine = open_database(tmp_path / "hub.db")
    reader = AlarmReader(engine, clock=Clock())
    for first in range(0, len(scene.records), 6):
        reader.apply(scene.records[first : first + 6])
    reader.flush()
    return engine


def test_a_chain_that_nobody_touched_holds(kept: sa.Engine) -> None:
    """Its head is a link of it, and so is the state before anything was written."""
    with kept.begin() as connection:
        found = verify(connection)
        assert (found.links, found.whole) == (8, True)
        assert verify(connection, contains=found.head) == found
        assert verify(connection, contains=FIRST).whole


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE transitions SET body = CAST(replace(body, 'cover.tilted', 'cover.tiltet') AS BLOB) WHERE rowid = 3",
        "DELETE FROM transitions WHERE rowid = 3",
        "DELETE FROM audit WHERE n = 3",
        "UPDATE audit SET hash = upper(hash) WHERE n = 3",
        "INSERT INTO transitions SELECT offset, 99, alarm, kind, body FROM transitions WHERE rowid = 3",
        "UPDATE transitions SET offset = offset + 1 WHERE rowid = 3",
    ],
)
def test_whatever_is_done_to_it_is_found(kept: sa.Engine, tampering: str) -> None:
    """One row of eight."""
    with kept.begin() as connection:
        assert connection.exec_driver_sql(tampering).rowcount == 1
        assert not verify(connection).whole


def test_an_end_that_was_cut_off_is_found_by_who_has_noted_the_head(kept: sa.Engine) -> None:
    """Both tables cut alike leave a chain that holds, but not up to the head."""
    with kept.begin() as connection:
        head = verify(connection).head
        last = connection.exec_driver_sql("SELECT offset FROM audit ORDER BY n DESC LIMIT 1").scalar_one()
        connection.exec_driver_sql(f"DELETE FROM audit WHERE offset = {last}")
        connection.exec_driver_sql(f"DELETE FROM transitions WHERE offset = {last}")
        assert verify(connection).whole
        assert head in verify(connection, contains=head).fault

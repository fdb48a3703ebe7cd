"""Twins survive a restart, and are shown with their age."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from device_profiles.wire import Binding, Status
from hub.database import open_database
from hub.errors import CursorMoved
from hub.twins.reader import TwinReader, load_twins
from hub.twins.state import Twin
from hub.twins.table import twin_json, twins_command
from tests.hub.made import AREA, T0_US, pack, reading, record, tick

SUBJECT = f"{AREA}/lift-07"
BIRTH = pack(Status(T0_US, 7, True, devices=(Binding("lift-07", "lift_terminal"),)), lane="status")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Return an empty hub.db."""
    made = open_database(tmp_path / "hub.db")
    yield made
    made.dispose()


def test_twins_are_stored_with_the_cursor(engine: sa.Engine) -> None:
    """A reader that starts anew goes on where the stored twins stand."""
    reader = TwinReader(engine, store_s=0)
    reader.apply([record(1, BIRTH), record(2, pack(reading(speed=1)))])
    assert reader.cursor() == 2
    again = TwinReader(engine, store_s=0)
    assert again.cursor() == 2
    again.apply([record(3, pack(reading(at_s=1, speed=2), seq=2))])
    twin = load_twins(engine).twins[SUBJECT]
    assert (twin.profile, twin.values["speed"].value) == ("lift_terminal", 2)


def test_they_are_stored_lazily(engine: sa.Engine) -> None:
    """Between two stores the cursor stays, so that a crash reads again what was not stored; a stop stores all."""
    reader = TwinReader(engine, store_s=3600)
    reader.apply([record(1, pack(reading(speed=1)))])
    reader.apply([record(2, pack(reading(at_s=1, speed=2), seq=2)), tick(3)])
    assert reader.cursor() == 1
    crashed = TwinReader(engine)
    crashed.apply([record(2, pack(reading(at_s=1, speed=2), seq=2)), tick(3)])
    assert crashed.cursor() == 3
    with pytest.raises(CursorMoved):
        reader.flush()


def test_flush_stores_what_is_left(engine: sa.Engine) -> None:
    """After an orderly stop nothing has to be read again."""
    reader = TwinReader(engine, store_s=3600)
    reader.apply([tick(1)])
    reader.apply([record(2, pack(reading(speed=1))), tick(3)])
    reader.flush()
    reader.flush()
    assert reader.cursor() == 3
    assert load_twins(engine).twins[SUBJECT].values["speed"].value == 1


def test_the_table_shows_ages(engine: sa.Engine, tmp_path: Path) -> None:
    """Each value has the age of its observation; what was never seen says so."""
    reader = TwinReader(engine)
    reader.apply([record(1, BIRTH), record(2, pack(reading(speed=1.5, door_zone=None)))])
    reader.apply([record(3, pack(reading("lift-08", at_s=120)))])
    reader.flush()
    out = io.StringIO()
    assert twins_command(tmp_path / "hub.db", now_us=T0_US + 130_000_000, as_json=False, out=out) == 0
    lines = out.getvalue().splitlines()
    assert lines[0].split("  ")[-1] == "values (age)"
    assert "clock" in lines[0]
    assert "known up to" in lines[0]
    assert "  ntp" in lines[1]
    assert lines[1].endswith("  door_zone=unknown (2 m), speed=1.5 (2 m)")
    assert "online" in lines[1]
    assert len(lines) == 2  # lift-08 spoke from the future: it was received at T0


def test_the_json_is_for_programs(engine: sa.Engine, tmp_path: Path) -> None:
    """Ages in seconds, and null for never."""
    reader = TwinReader(engine)
    reader.apply([record(1, BIRTH)])
    reader.flush()
    out = io.StringIO()
    assert twins_command(tmp_path / "hub.db", now_us=T0_US, as_json=True, out=out) == 0
    (twin,) = json.loads(out.getvalue())
    assert (twin["subject"], twin["online"], twin["age_s"], twin["values"]) == (SUBJECT, True, None, {})


def test_an_agent_whose_session_nobody_knows_is_not_said_to_be_away(engine: sa.Engine, tmp_path: Path) -> None:
    """Null, where the table says unknown."""
    state = load_twins(engine)
    twin = Twin(SUBJECT, f"{AREA}/agent-1")
    assert twin_json(twin, state, now_us=T0_US)["online"] is None


def test_without_twins_the_answer_is_negative(tmp_path: Path) -> None:
    """No database, or nothing in it: exit code 1, and no file is made."""
    out = io.StringIO()
    assert twins_command(tmp_path / "hub.db", now_us=T0_US, as_json=False, out=out) == 1
    assert out.getvalue() == "no device has said anything yet\n"
    assert not (tmp_path / "hub.db").exists()

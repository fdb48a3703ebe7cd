"""Readers that stand before, behind or beyond the journal, and what is not in the archive."""

import sqlite3
from pathlib import Path

import pytest

from hub.archive.refusals import RefusalReason, Refusals, RefusedPoint, now_us
from hub.config import Settings, read_config
from hub.database import open_database
from hub.doctor import Level
from hub.journal.journal import Journal
from hub.journal.records import NewRecord
from hub.journal.thinning import Thinning
from hub.life import locked
from tests.hub.doctor.rig import archive, look, move, write


def test_a_reader_beyond_the_journal_fails(settings: Settings) -> None:
    """It stands on a journal that is not this one."""
    move(settings, "alarms", 1_000)
    found = look(settings, "cursors")
    assert (found.level, "alarms" in found.says) == (Level.FAIL, True)


def test_a_reader_before_the_journal_fails(settings: Settings) -> None:
    """What it has not read was cut."""
    write(settings, age_s=1)
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.cut(2)
    journal.close()
    move(settings, "twins", 0)
    found = look(settings, "cursors")
    assert (found.level, "twins" in found.says) == (Level.FAIL, True)


@pytest.mark.parametrize(("age_s", "level"), [(5, Level.OK), (30, Level.WARN), (120, Level.FAIL)])
def test_a_reader_that_lags_is_told_by_its_age(settings: Settings, age_s: float, level: Level) -> None:
    """While a hub runs; without one nobody reads."""
    write(settings, age_s=age_s)
    assert look(settings, "lag").level is Level.OK
    with locked(settings):
        assert look(settings, "lag").level is level


@pytest.mark.parametrize(
    ("age_s", "level"), [(30, Level.OK), (3_600, Level.WARN), (8 * 86_400, Level.FAIL)], ids=["new", "hour", "week"]
)
def test_the_oldest_fact_that_is_not_archived(settings: Settings, age_s: float, level: Level) -> None:
    """More than half the journal's time is a failure: what is cut then is lost to the archive."""
    write(settings, age_s=age_s)
    assert look(settings, "archive").level is level


@pytest.mark.parametrize(("age_s", "level"), [(60, Level.WARN), (2 * 86_400, Level.OK)], ids=["minute", "days"])
def test_points_that_the_database_refused_are_not_archived(settings: Settings, age_s: int, level: Level) -> None:
    """Nothing waits, and yet not every fact is there."""
    refusals = Refusals(settings.refusals)
    refused_us = now_us() - age_s * 1_000_000
    why = (RefusalReason.REJECTED, "field type conflict", "facts x=1")
    refusals.keep([RefusedPoint(refused_us, 1, "a/lift-07", "x", 1, "a-1", 7, "reading", 1, *why)])
    refusals.close()
    found = look(settings, "archive")
    assert (found.level, "1 points" in found.says) == (level, level is Level.WARN)


def test_an_archive_that_is_damaged_or_has_missed_records_fails(settings: Settings) -> None:
    """A damaged file is not set aside by looking at it."""
    write(settings, age_s=1)
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.cut(2)
    journal.close()
    archive(settings, 0)
    assert "were cut before" in look(settings, "archive").says
    settings.archive.write_bytes(b"this is no database" * 1000)
    assert look(settings, "archive").level is Level.FAIL
    assert settings.archive.read_bytes().startswith(b"this is no")


def test_an_archive_without_a_place_is_a_finding_that_names_the_file(settings: Settings) -> None:
    """A file that was begun and never written, and one that is no archive: neither ends the doctor."""
    for wreck in ("DELETE FROM place", "DROP TABLE place"):
        with sqlite3.connect(settings.archive) as database:
            database.execute(wreck)
        database.close()
        found = look(settings, "archive")
        assert found.level is (Level.OK if "DELETE" in wreck else Level.FAIL), found
    assert str(settings.archive) in found.says


@pytest.mark.parametrize("check", ["cursors", "archive"])
def test_a_journal_that_begins_with_texts_was_not_cut(tmp_path: Path, check: str) -> None:
    """Who has read nothing yet lacks nothing: the texts of rules are a hub's first records, and stay when it is cut."""
    config = tmp_path / "hub.toml"
    config.write_text('hub = "hub-1"\ndata = "data"\n')
    settings = read_config(config)
    settings.data.mkdir()
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.append([NewRecord(1, "text", b"policy"), NewRecord(2, "text", b"profile")])
    journal.close()
    write(settings, age_s=1)
    open_database(settings.database).dispose()
    assert look(settings, check).level is Level.OK
    write(settings, age_s=1)
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.cut(4)
    assert journal.unbroken_from() == 4
    journal.close()
    found = look(settings, check)
    assert (found.level, "cut" in found.says) == (Level.FAIL, True)


def test_an_archive_that_lacks_what_was_thinned_is_a_warning(settings: Settings) -> None:
    """It gets what is left."""
    for _ in range(2):
        write(settings, age_s=1)
    journal = Journal.open(settings.journal, reserve_bytes=0)
    Thinning(journal).thin(journal.last_offset() - 1, short=True)
    journal.close()
    found = look(settings, "archive")
    assert (found.level, "least, greatest and last" in found.says) == (Level.WARN, True)
    archive(settings, 100)
    assert look(settings, "archive").level is Level.OK

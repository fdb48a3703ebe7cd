"""The folder, the schemas, the disk and what was set aside: each says what is wrong and what to do."""

import asyncio
import sqlite3
import time
from pathlib import Path

import msgspec
import pytest

from device_profiles.errors import ConfigError
from hub.app import run_archive
from hub.config import Settings, read_config
from hub.doctor import Level
from hub.journal.faulty import Faulty, Reason, quarantine_row
from hub.journal.journal import Journal
from hub.life import locked
from tests.hub.doctor.rig import KeptClock, look


def test_no_hub_and_no_broker_fail(settings: Settings) -> None:
    """A hub that does not run raises no alarm; with its lock held it does."""
    assert look(settings, "folder").level is Level.FAIL
    assert look(settings, "broker").level is Level.FAIL
    with locked(settings):
        assert look(settings, "folder").level is Level.OK


def test_an_archive_that_is_to_run_apart_and_does_not_fails(settings: Settings) -> None:
    """Nobody archives then; and where it is not to run apart, it does not: two would archive the same."""
    part = msgspec.structs.replace(settings.config.archive, apart=True)
    apart = msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, archive=part))
    with locked(apart):
        found = look(apart, "folder")
        assert (found.level, found.do) == (Level.FAIL, "hub run --only archive")
        with locked(apart, "archive"):
            assert look(apart, "folder").level is Level.OK
    with pytest.raises(ConfigError, match=r"archive\.apart"):
        asyncio.run(run_archive(settings, clock=KeptClock()))


def test_a_folder_without_data_fails_all_that_needs_it(tmp_path: Path) -> None:
    """With a word each, and no file is made."""
    config = tmp_path / "hub.toml"
    config.write_text('hub = "hub-1"\ndata = "data"\n')
    found = {name: look(read_config(config), name).level for name in ("folder", "cursors", "lag", "archive")}
    assert set(found.values()) == {Level.FAIL}
    assert not (tmp_path / "data").exists()


def test_another_schema_fails(settings: Settings) -> None:
    """Files of another version are named."""
    with sqlite3.connect(settings.database) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    found = look(settings, "versions")
    assert (found.level, "schema 99" in found.says) == (Level.FAIL, True)


def test_a_disk_without_room_fails(settings: Settings) -> None:
    """A reserve that the disk cannot hold, one that was given up, and a journal that will not fit."""

    def bounds(**changed: str) -> Settings:
        journal = msgspec.structs.replace(settings.config.journal, **changed)
        return msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, journal=journal))

    assert look(bounds(reserve_bytes="900000GB"), "disk").level is Level.FAIL
    assert look(bounds(max_bytes="900000GB"), "disk").level is Level.WARN
    with locked(settings):
        found = look(settings, "disk")
    assert (found.level, "reserve" in found.says) == (Level.FAIL, True)


def test_messages_set_aside_are_a_warning(settings: Settings) -> None:
    """With the reasons that are most frequent."""
    journal = Journal.open(settings.journal, reserve_bytes=0)
    now_us = time.time_ns() // 1000
    journal.append([quarantine_row(Faulty(Reason.MALFORMED, ""), topic="t", payload=b"x", now_us=now_us)])
    journal.close()
    found = look(settings, "quarantine")
    assert (found.level, "1 malformed" in found.says) == (Level.WARN, True)

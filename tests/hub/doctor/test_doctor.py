"""Each check says what is wrong and what to do, beside a running hub and without one."""

import asyncio
import json
import sqlite3
import threading
import time
from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from device_profiles.link import Link
from device_profiles.topics import hub_status_topic
from device_profiles.wire import ClockState, encode
from hub.alarms.facts.offsets import Offset
from hub.alarms.rows import AgentState, DeviceState
from hub.app import run_archive
from hub.config import Settings, read_config
from hub.database import open_database
from hub.doctor import Finding, Level, Patient, diagnose, worst
from hub.doctor.checks import CHECKS
from hub.doctor.places import places_of
from hub.intake.quarantine import Faulty, Reason, quarantine_row
from hub.journal.journal import Journal
from hub.journal.records import NewRecord
from hub.journal.thinning import Thinning
from hub.life import locked
from tests.hub.rig import ADDRESS, EPOCH, AgentSide, HubProcess, pack
from tests.servers import Mosquitto, free_port

S = 1_000_000


class KeptClock(Clock):
    """A clock that somebody keeps right, ``late_s`` behind this machine's."""

    def __init__(self, *, late_s: float = 0.0, source: str = "ntp") -> None:
        super().__init__()
        self._late_us = round(late_s * S)
        self._source = source

    def wall_us(self) -> int:
        """Return the time."""
        return super().wall_us() - self._late_us

    def state(self) -> ClockState:
        """Return who keeps it."""
        return ClockState(self._source)  # type: ignore[arg-type]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a hub that has run and stands at its journal's end, with one archived pack."""
    config = tmp_path / "hub.toml"
    config.write_text(
        'hub = "hub-1"\ndata = "data"\n[journal]\nmax_bytes = "1MB"\n'
        f'[broker]\nurl = "mqtt://127.0.0.1:{free_port()}"\n'
    )
    found = read_config(config)
    found.data.mkdir()
    write(found, age_s=1)
    open_database(found.database).dispose()
    for reader in ("alarms", "ledger", "twins"):
        move(found, reader, 1)
    archive(found, 1)
    return found


def write(settings: Settings, *, age_s: float) -> None:
    """Append a pack that came so long ago."""
    journal = Journal.open(settings.journal, reserve_bytes=0)
    row = NewRecord(
        time.time_ns() // 1000 - round(age_s * S), "pack", encode(pack(1)), str(ADDRESS), EPOCH, "reading", 1
    )
    journal.append([row])
    journal.close()


def move(settings: Settings, reader: str, offset: int) -> None:
    """Put a reader somewhere."""
    with sqlite3.connect(settings.database) as database:
        database.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (reader, offset))
    database.close()


def archive(settings: Settings, offset: int) -> None:
    """Put the embedded archive somewhere."""
    with sqlite3.connect(settings.archive) as database:
        database.execute("CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, offset INTEGER)")
        database.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (offset,))
    database.close()


def look(settings: Settings, check: str, *, clock: Clock | None = None) -> Finding:
    """Return the finding of one check."""
    (found,) = diagnose(Patient(settings, clock or KeptClock()), {check: CHECKS[check]})
    assert bool(found.do) or found.level is Level.OK or "cut before" in found.says
    return found


@pytest.mark.parametrize("check", [name for name in CHECKS if name not in ("folder", "broker")])
def test_what_is_well_is_ok_though_no_hub_runs(settings: Settings, check: str) -> None:
    """Everything that can be looked at in files is."""
    assert look(settings, check).level is Level.OK


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


def test_a_clock_that_was_set_back_fails(settings: Settings) -> None:
    """The journal's newest record is in its future; one that nobody keeps is a warning."""
    assert look(settings, "clock", clock=KeptClock(late_s=3_600)).level is Level.FAIL
    assert look(settings, "clock", clock=KeptClock(source="rtc")).level is Level.WARN


def test_an_agent_with_another_time_is_named(settings: Settings) -> None:
    """As the alarms have estimated it."""
    state = AgentState(ADDRESS.area, ADDRESS.agent, Offset(best_us=3_600 * S))
    with sqlite3.connect(settings.database) as database:
        database.execute("INSERT INTO device_state VALUES (?, ?)", (f"agent {state.key}", msgspec.json.encode(state)))
    database.close()
    found = look(settings, "clock")
    assert (found.level, f"{state.key} -3600 s" in found.says) == (Level.WARN, True)


def test_a_key_that_stands_nowhere_is_named(settings: Settings) -> None:
    """A berth is none; what has a position, or shares its asset with another key, has a place."""

    def say(device: str, asset: str = "", **values: str | bool | None) -> None:
        state = DeviceState(ADDRESS.area, device, "a", asset=asset, values=dict(values))
        with sqlite3.connect(settings.database) as database:
            row = (f"device {state.key}", msgspec.json.encode(state))
            database.execute("INSERT OR REPLACE INTO device_state VALUES (?, ?)", row)
        database.close()

    say("cam-1-berth", surface=None)
    say("cam-1-road", "road-1", surface="sound")
    found = look(settings, "positions")
    words = f"1 devices are keys of a site's rule and stand nowhere: {ADDRESS.area}/cam-1-road;"
    assert (found.level, words in found.says) == (Level.WARN, True)
    say("ground-1", "road-1", exceeded=False, limit="none")
    assert look(settings, "positions").level is Level.OK
    say("cam-2-road", surface="hole")
    assert look(settings, "positions").level is Level.WARN
    (settings.folder / "policy.toml").write_text(
        f'[[positions]]\ndevice = "{ADDRESS.area}/cam-2-road"\nat = [30.0, 120.0]\n', encoding="utf-8"
    )
    placed = msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, policy="policy.toml"))
    assert look(placed, "positions").level is Level.OK


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


@pytest.mark.parametrize("check", ["versions", "archive"])
def test_a_folder_may_have_any_name(settings: Settings, check: str) -> None:
    """Characters that mean something in an address mean nothing in a path."""
    settings.data.rename(settings.folder / "a%41#b?c=d")
    named = msgspec.structs.replace(settings.config, data="a%41#b?c=d")
    moved = msgspec.structs.replace(settings, config=named)
    write(moved, age_s=1)
    archive(moved, 2)
    assert look(moved, check).level is Level.OK


def test_a_row_that_cannot_be_read_is_a_finding(settings: Settings) -> None:
    """Of another version, or damaged: the check fails in words."""
    with sqlite3.connect(settings.database) as database:
        for key in ("agent a", "device a"):
            database.execute("INSERT INTO device_state VALUES (?, ?)", (key, b"{"))
    database.close()
    assert {look(settings, check).level for check in ("clock", "positions")} == {Level.FAIL}


def test_garbage_in_place_of_the_hubs_word_is_not_the_hub(mosquitto: Mosquitto, settings: Settings) -> None:
    """Somebody wrote it there, and it is retained."""
    there = msgspec.structs.replace(settings.config.broker, url=mosquitto.url)
    asked = msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, broker=there))
    written = threading.Event()
    writer = Link(
        there, client_id="writer", folder=settings.folder, persistent=False, on_puback=lambda _: written.set()
    )
    writer.start()
    assert writer.connected.wait(30)
    writer.publish(hub_status_topic("hub-1"), b"\xff{", retain=True)
    assert written.wait(30)
    with locked(settings):
        found = look(asked, "broker")
    writer.stop()
    assert (found.level, "the hub is not heard there" in found.says) == (Level.FAIL, True)


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


def test_messages_set_aside_are_a_warning(settings: Settings) -> None:
    """With the reasons that are most frequent."""
    journal = Journal.open(settings.journal, reserve_bytes=0)
    now_us = time.time_ns() // 1000
    journal.append([quarantine_row(Faulty(Reason.MALFORMED, ""), topic="t", payload=b"x", now_us=now_us)])
    journal.close()
    found = look(settings, "quarantine")
    assert (found.level, "1 malformed" in found.says) == (Level.WARN, True)


def test_the_command_beside_a_running_hub(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A line each, exit 0 while nothing fails; after the hub has stopped it says so with 1."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
    settings = read_config(hub.config)
    deadline = time.monotonic() + 20
    while min(places_of(settings).values()) == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    found = msgspec.json.decode(hub.ask("doctor", "--json"), type=list[Finding])
    assert [finding.check for finding in found] == list(CHECKS)
    assert worst(found) is not Level.FAIL, found
    assert "the hub is heard" in next(finding.says for finding in found if finding.check == "broker")
    assert hub.stop() == 0
    lines = hub.ask("doctor", code=1).splitlines()
    assert len(lines) == len(CHECKS)
    assert lines[0].startswith("fail  folder")
    assert json.loads(hub.ask("doctor", "--json", code=1))[0]["do"] == "hub run"

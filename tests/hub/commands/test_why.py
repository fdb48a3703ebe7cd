"""``hub why`` follows the alarm of a site from its keys to its receipts; closing and reporting beside it."""

import re
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.alarms.asked.cli import Deed, act_command, show_command
from hub.alarms.kept.reader import AlarmReader
from hub.alarms.kept.store import alarms
from hub.alarms.transitions import ActReason
from hub.commands.report import report
from hub.commands.why import why
from hub.database import open_database
from hub.errors import BadReport, NeedsReason, NoData, NoSuchAlarm
from hub.journal.journal import Journal
from tests.hub.alarms.asked.rig import store
from tests.hub.alarms.scene import AREA
from tests.hub.alarms.street import AFTER, BEFORE, KEPT, Street

CONFIG = 'hub = "h-1"\ndata = "data"\n'


@pytest.fixture
def street() -> Street:
    """Return a street with a collapse."""
    scene = Street()
    scene.see(5, "hole", evidence=KEPT)
    scene.feel(9, True)
    return scene


@pytest.fixture
def config(tmp_path: Path, street: Street) -> Path:
    """Return the config of a hub that has run."""
    (tmp_path / "data").mkdir()
    store(tmp_path / "data", street)
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_why_of_an_alarm_names_keys_places_distance_and_evidence(
    config: Path, street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which keys, where, how far apart, what was kept, what has happened since."""
    (alarm,) = street.open("road.collapse")
    why(alarm.id, config)
    said = capsys.readouterr().out
    assert "rule: 2 of ground (settling: exceeded), person (person.reported_hole)" in said
    assert "within 10s and 30m of each other" in said
    assert f"key ground: {AREA}/gs-1 since 2025-11-20 00:53:29.000 UTC, at 30.250261,120.160000" in said
    assert f"key surface: {AREA}/cam-1-road since 2025-11-20 00:53:25.000 UTC, at 30.250000,120.160000" in said
    assert f"evidence before: {BEFORE}" in said
    assert f"evidence after: {AFTER}" in said
    assert "evidence clip: ring_young" in said
    assert "keys stand 29.0 m apart at most" in said
    assert "raised, keys_agree: ground gs-1, surface cam-1-road; 29 m apart (+0.0 s)" in said
    show_command(config.parent / "data" / "hub.db", alarm.id)
    assert "keys stand 29.0 m apart at most" in capsys.readouterr().out
    (case,) = street.open("road.inspection")
    why(case.id, config)
    said = capsys.readouterr().out
    assert "rule: 1 of ground" in said
    assert f"suppressed, cause: {alarm.id}" in said


def test_an_alarm_whose_id_is_all_digits_is_no_record(
    config: Path, street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """One in 1,800 ids is: sixteen hexadecimal digits without a letter."""
    (alarm,) = street.open("road.collapse")
    renamed = msgspec.structs.replace(alarm, id="4711471147114711")
    engine = open_database(config.parent / "data" / "hub.db")
    with engine.begin() as connection:
        kept = sa.update(alarms).where(alarms.c.id == alarm.id)
        connection.execute(kept.values(id=renamed.id, body=msgspec.json.encode(renamed)))
    engine.dispose()
    why(renamed.id, config)
    assert capsys.readouterr().out.startswith(f"{renamed.id}: {alarm.title}")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("9" * 30, "is not in the journal"),
        ("²", "no alarm '²'"),
        ("asset:nosuch", "nothing is known of asset:nosuch"),
        ("site:a/b", "nothing is known of site:a/b"),
    ],
)
def test_what_nobody_knows_is_said_so(config: Path, what: str, words: str) -> None:
    """And is no empty answer, which would look like: all is well."""
    with pytest.raises((NoData, NoSuchAlarm), match=re.escape(words)):
        why(what, config)


def test_what_came_after_the_close_is_read_by_both_commands(
    tmp_path: Path, street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line of its own in `hub why ALARM` and `hub alarm show`; the alarm stays closed."""
    (alarm,) = street.open("road.collapse")
    street.close(60, alarm)
    street.queue(12, got_s=400)
    (tmp_path / "data").mkdir()
    _, database = store(tmp_path / "data", street)
    (tmp_path / "hub.toml").write_text(CONFIG, encoding="utf-8")
    line = "came later: traffic cam-2-road, true at 2025-11-20 00:53:32.000 UTC, heard 340 s after the end"
    why(alarm.id, tmp_path / "hub.toml")
    assert line in capsys.readouterr().out
    show_command(database, alarm.id)
    assert line in capsys.readouterr().out
    show_command(database, alarm.id, as_json=True)
    assert not msgspec.json.decode(capsys.readouterr().out)["open"]


def test_why_of_a_device_says_what_stands_round_it(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Open near it, or which keys were seen how far away and which were not."""
    why(f"{AREA}/cam-2-road", config)
    assert f"site:{AREA}/cam-2-road road.collapse: open, alarm " in capsys.readouterr().out
    why(f"site:{AREA}/gs-2", config)
    said = capsys.readouterr().out
    text = "2 of its keys within 30 m and 10 s: ground was not, person was not, pool was not, surface was not"
    assert f"site:{AREA}/gs-2 road.collapse: keys_apart, {text}" in said
    assert f"site:{AREA}/gs-2 road.inspection: keys_apart, 1 of its keys" in said


def test_why_of_a_street_with_one_key_says_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The case that is open, and the key that is missing."""
    scene = Street()
    scene.see(5, "hole")
    (tmp_path / "data").mkdir()
    store(tmp_path / "data", scene)
    (tmp_path / "hub.toml").write_text(CONFIG, encoding="utf-8")
    why(f"{AREA}/gs-1", tmp_path / "hub.toml")
    said = capsys.readouterr().out
    assert "surface cam-1-road 29 m away was seen, ground was not" in said
    assert f"site:{AREA}/gs-1 road.inspection: open" in said


def test_a_collapse_is_closed_because_it_was_inspected_only(
    config: Path, street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says so before anything is written."""
    journal, database = config.parent / "data" / "journal.db", config.parent / "data" / "hub.db"
    (alarm,) = street.open("road.collapse")
    for because in (ActReason.OTHER, ActReason.REPAIRED):
        with pytest.raises(NeedsReason, match="--because inspected"):
            act_command("close", journal, database, alarm.id, deed=Deed("Li", because), now_us=1)
    deed = Deed("Li", ActReason.INSPECTED)
    assert act_command("close", journal, database, alarm.id, deed=deed, now_us=street.records[-1].received_us) == 0
    assert "recorded" in capsys.readouterr().out


def test_a_report_says_where(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--at LAT,LON`; near an open alarm it joins it, and a place that is none is refused."""
    for wrong in ("30.25", "north,east", "91,0", "1,2,3"):
        with pytest.raises(BadReport):
            report("a hole", AREA, "Zhao Li", config=config, at=wrong)
    report("a hole", AREA, "Zhao Li", config=config, kind="person.reported_hole", at="30.2501,120.16")
    assert "recorded at" in capsys.readouterr().out
    data = config.parent / "data"
    journal, engine = Journal.open(data / "journal.db", reserve_bytes=0), open_database(data / "hub.db")
    reader = AlarmReader(engine, clock=Clock())
    reader.apply(journal.read(reader.cursor(), 100))
    journal.close()
    engine.dispose()
    why(str(journal_end(data)), config, as_json=True)
    (made,) = msgspec.json.decode(capsys.readouterr().out)["made"]
    assert (made["kind"], made["reason"], made["actor"]) == ("joined", "one_key", "Zhao Li")
    assert made["alarm"]["keys"][-1]["at"] == [30.2501, 120.16]


def journal_end(data: Path) -> int:
    """Return the number of the last record."""
    journal = Journal.open(data / "journal.db", reserve_bytes=0)
    try:
        return journal.last_offset()
    finally:
        journal.close()

"""What the commands about alarms print and do."""

from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from hub.alarms.asked.cli import Deed, act_command, alarms_command, alarms_table, replay_command, show_command
from hub.alarms.kept.reader import AlarmReader
from hub.alarms.transitions import ActReason
from hub.database import open_database
from hub.errors import NoActor, NoData, NoSuchAlarm
from hub.journal.journal import Journal
from hub.screen import Screen
from tests.hub.alarms.asked.rig import store, story
from tests.hub.alarms.scene import Scene
from tests.hub.channels.listening import alarm
from tests.hub.made import AREA

FIELDS = {"id", "rule", "subject", "severity", "title", "area", "open", "acknowledged", "stale", "latched", "sounded"}
FIELDS |= {"t_fact_us", "t_raised_us", "t_cleared_us", "previous", "reason"}


def test_alarms_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON with every promised field, all or only the open ones, and as a table."""
    _, database = store(tmp_path, story())
    assert alarms_command(database, as_json=True) == 0
    rows = msgspec.json.decode(capsys.readouterr().out)
    assert all(set(row) >= FIELDS for row in rows)
    assert alarms_command(database, as_json=True, open_only=True) == 0
    still = msgspec.json.decode(capsys.readouterr().out)
    assert still == [row for row in rows if row["open"]]
    assert {row["rule"] for row in still} == {"cover.flooded", "device.silent"}
    assert alarms_command(database) == 0
    assert "critical" in capsys.readouterr().out


def test_what_is_listed_can_be_acted_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids are whole, however narrow the terminal: `hub alarm ack` wants all of it; a name in brackets is shown."""
    scene = Scene()
    (raised,) = scene.cover(1, tilt_deg=61)
    scene.act("ack", at_s=2, rule=raised.alarm.rule, subject=raised.alarm.subject, actor="[/x] Li")
    _, database = store(tmp_path, scene)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert alarms_command(database) == 0
    assert raised.alarm.id in capsys.readouterr().out
    assert show_command(database, raised.alarm.id) == 0
    assert "[/x] Li" in capsys.readouterr().out


def test_a_latched_alarm_is_acknowledged_and_closed_from_another_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The act is in the journal, and the reader that follows it ends the alarm."""
    scene = Scene()
    (raised,) = scene.cover(1, tilt_deg=61)
    journal, database = store(tmp_path, scene)
    deed, now_us = Deed("li", ActReason.INSPECTED, "stood there", eta_us=raised.t_us), raised.t_us + 1
    assert act_command("ack", journal, database, raised.alarm.id, deed=deed, now_us=now_us) == 0
    assert act_command("close", journal, database, raised.alarm.id, deed=deed, now_us=now_us) == 0
    assert "recorded at" in capsys.readouterr().out
    opened, engine = Journal.open(journal, reserve_bytes=0), open_database(database)
    reader = AlarmReader(engine, clock=Clock())
    reader.apply(opened.read(reader.cursor(), 100))
    opened.close()
    engine.dispose()
    assert alarms_command(database, as_json=True) == 0
    (row,) = msgspec.json.decode(capsys.readouterr().out)
    assert (row["open"], row["acknowledged"]) == (False, True)
    assert show_command(database, raised.alarm.id, as_json=True) == 0
    history = msgspec.json.decode(capsys.readouterr().out)["history"]
    assert [(each["kind"], each["actor"], each["because"]) for each in history] == [
        ("raised", "", None), ("acked", "li", "inspected"), ("closed", "li", "inspected")
    ]  # fmt: skip
    assert show_command(database, raised.alarm.id) == 0
    assert "inspected" in capsys.readouterr().out
    with pytest.raises(NoActor):
        act_command("ack", journal, database, raised.alarm.id, deed=Deed(" "), now_us=now_us)
    with pytest.raises(NoSuchAlarm):
        act_command("close", journal, database, raised.alarm.id, deed=deed, now_us=now_us)


def test_replay_prints_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 when everything is the same, 1 when not."""
    journal, database = store(tmp_path, story())
    assert replay_command(journal, database) == 0
    assert "same" in capsys.readouterr().out
    engine = open_database(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM transitions WHERE n = 1")
    engine.dispose()
    assert replay_command(journal, database, as_json=True) == 1
    assert msgspec.json.decode(capsys.readouterr().out)["same"] is False


def test_no_data_is_an_error_and_not_an_empty_list(tmp_path: Path) -> None:
    """A wrong path is said, and no file is made there."""
    with pytest.raises(NoData):
        alarms_command(tmp_path / "hub.db")
    with pytest.raises(NoData):
        replay_command(tmp_path / "journal.db", tmp_path / "hub.db")
    assert list(tmp_path.iterdir()) == []


def test_a_long_subject_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe too, where nobody can make it wider."""
    subject = f"{AREA}/{'lift-' * 12}1"
    Screen().table(alarms_table([alarm(1, subject=subject, title="Passenger trapped in a lift " * 3)]))
    cells = [line.split("│")[3].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert "".join(cells) == subject

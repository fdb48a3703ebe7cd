"""``hub report`` writes a person's report to the journal, from which the alarm follows."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from hub.alarms.asked.cli import Deed, act_command, alarms_command
from hub.alarms.kept.reader import AlarmReader
from hub.commands.report import report
from hub.database import open_database
from hub.errors import BadReport, NoActor, NoData, NoSuchAlarm, NoteTooLong
from hub.journal.journal import Journal
from tests.hub.alarms.asked.rig import store
from tests.hub.alarms.scene import AREA, Scene

CONFIG = 'hub = "h-1"\ndata = "data"\n'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the config of a hub that has run."""
    (tmp_path / "data").mkdir()
    store(tmp_path / "data", Scene())
    path = tmp_path / "hub.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_a_report_becomes_an_alarm_in_its_area(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the photograph's hash; its file lies beside the data."""
    data, photo = config.parent / "data", config.parent / "hole.png"
    photo.write_bytes(PNG)
    report("a hole", AREA, "Zhao Li", config=config, asset="road-1", photo=photo)
    assert "recorded at" in capsys.readouterr().out
    journal, engine = Journal.open(data / "journal.db", reserve_bytes=0), open_database(data / "hub.db")
    reader = AlarmReader(engine, clock=Clock())
    reader.apply(journal.read(reader.cursor(), 100))
    journal.close()
    engine.dispose()
    for area, count in ((AREA, 1), ("hz/gongshu", 0)):
        assert alarms_command(data / "hub.db", as_json=True, area=area) == 0
        rows = msgspec.json.decode(capsys.readouterr().out)
        assert [(row["rule"], row["subject"]) for row in rows] == [("person.report", "asset:road-1")] * count
    assert (data / "photos" / hashlib.sha256(PNG).hexdigest()).read_bytes() == PNG


def test_a_kind_that_no_rule_asks_for_is_recorded_and_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen would be no key; what was seen is not lost for it."""
    report("a hole", AREA, "Zhao Li", config=config, kind="person.reported_hole")
    assert capsys.readouterr().err == ""
    report("a hole", AREA, "Zhao Li", config=config, kind="person.report_hole")
    told = capsys.readouterr()
    assert "recorded at" in told.out
    assert "no rule asks for reports of kind 'person.report_hole'; known: person.reported_hole" in told.err


def test_a_device_of_which_nothing_is_known_is_noted(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was seen is recorded all the same, and its alarm is none of a device."""
    report("a hole", AREA, "Zhao Li", config=config, device="nope")
    told = capsys.readouterr()
    assert "recorded at" in told.out
    assert f"nothing is known of {AREA}/nope" in told.err


def test_a_name_is_no_book(config: Path) -> None:
    """It stands in the alarm, which goes to everybody with each change; a kind is one that a rule could ask for."""
    with pytest.raises(NoActor, match="200"):
        report("a hole", AREA, "Zhao " * 50, config=config)
    with pytest.raises(NoActor, match="200"):
        act_command("ack", config, config.parent / "data" / "hub.db", "x", deed=Deed("Zhao " * 50), now_us=1)
    with pytest.raises(BadReport, match="--kind"):
        report("a hole", AREA, "Zhao Li", config=config, kind="A hole!")


def test_a_note_is_no_book(config: Path) -> None:
    """The longest comes as far as its alarm, one character more is refused before anything is looked for."""
    data = config.parent / "data"
    with pytest.raises(NoteTooLong, match=r"2001 characters.* 2000"):
        act_command("ack", config, data / "hub.db", "x", deed=Deed("Li", note="x" * 2_001), now_us=1)
    with pytest.raises(NoSuchAlarm):
        act_command("ack", config, data / "hub.db", "x", deed=Deed("Li", note="x" * 2_000), now_us=1)


def test_a_report_that_says_nothing_is_refused(config: Path, tmp_path: Path) -> None:
    """Before anything is written: no name, no text, no place, no asset, no photograph, no hub."""
    with pytest.raises(NoActor):
        report("a hole", AREA, " ", config=config)
    for text, area, more, said in (
        (" ", AREA, {}, "a report is 1 to 400 characters"),
        ("x" * 500, AREA, {}, "a report is 1 to 400 characters"),
        ("a hole", "hz", {}, "--area 'hz' is no"),
        ("a hole", AREA, {"asset": "a b"}, "--asset 'a b' is no"),
        ("a hole", AREA, {"asset": "a\x1b[2J"}, "--asset 'a.x1b.2J' is no"),
        ("a hole", AREA, {"device": "a/b"}, "--device 'a/b' is no"),
        ("a hole", AREA, {"device": "a\x00b"}, "--device 'a.x00b' is no"),
        ("a hole", AREA[:-1] + "\x9b", {}, "--area '.*x9b' is no"),
        ("a hole", AREA, {"at": "nan,1"}, "--at 'nan,1' is no"),
        ("a hole", AREA, {"at": "1,181"}, "--at '1,181' is no"),
        ("a hole", AREA, {"at": "1;2"}, "--at '1;2' is no"),
        ("a hole", AREA, {"at": ""}, "--at '' is no"),  # a variable that nobody set: without a place it would be no key
    ):
        with pytest.raises(BadReport, match=said):
            report(text, area, "Zhao Li", config=config, **more)
    with pytest.raises(BadReport):
        report("a hole", AREA, "Zhao Li", config=config, photo=config)
    other = tmp_path / "other.toml"
    other.write_text('hub = "h-2"\ndata = "none"\n', encoding="utf-8")
    with pytest.raises(NoData):
        report("a hole", AREA, "Zhao Li", config=other)

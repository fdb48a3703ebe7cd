"""What nobody knows is said, and is no empty answer."""

from pathlib import Path

import pytest

from hub.alarms.asked.cli import alarms_command
from hub.alarms.asked.named import is_device, named_alarm
from hub.alarms.kept.log import read_alarms
from hub.data import read_database
from hub.errors import NoSuchAlarm
from tests.hub.alarms.asked.rig import store, story
from tests.hub.alarms.scene import AREA


def test_an_alarm_is_known_and_perhaps_open(tmp_path: Path) -> None:
    """One that has ended is named all the same, unless it is to be open."""
    _, database = store(tmp_path, story())
    with read_database(database) as connection:
        for alarm in read_alarms(connection):
            assert named_alarm(connection, alarm.id) == alarm
            if not alarm.open:
                with pytest.raises(NoSuchAlarm, match="no open alarm"):
                    named_alarm(connection, alarm.id, still_open=True)
        with pytest.raises(NoSuchAlarm, match="no alarm 'nope'"):
            named_alarm(connection, "nope")


def test_an_area_of_which_nothing_is_known_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen would read like quiet; the area of an agent is quiet."""
    _, database = store(tmp_path, story())
    for area, noted in ((AREA, False), (AREA.rpartition("/")[0], False), ("hz/nope", True), (AREA[:-1], True)):
        assert alarms_command(database, as_json=True, area=area) == 0
        assert (f"nothing was ever heard from {area}" in capsys.readouterr().err) is noted


def test_a_device_is_known_by_its_area(tmp_path: Path) -> None:
    """Its name alone is none."""
    _, database = store(tmp_path, story())
    with read_database(database) as connection:
        assert [is_device(connection, name) for name in (f"{AREA}/cover-1", "cover-1", f"{AREA}/nope")] == [
            True,
            False,
            False,
        ]

"""A reader killed with SIGKILL round its commit, in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device_profiles.faults import ENVIRONMENT
from hub.alarms.kept.log import AlarmLog
from hub.database import open_database
from hub.journal.journal import Journal
from tests.hub.alarms.asked.rig import story, unwritten

_PROGRAM = """
import sys
from pathlib import Path
from device_profiles.clock import Clock
from hub.alarms.kept.reader import AlarmReader
from hub.database import open_database
from hub.journal.journal import Journal
folder = Path(sys.argv[1])
journal = Journal.open(folder / "journal.db", reserve_bytes=0)
reader = AlarmReader(open_database(folder / "hub.db"), clock=Clock())
for after in range(reader.cursor(), journal.last_offset(), 5):
    reader.apply(journal.read(after, 5))
reader.flush()
"""


@pytest.mark.parametrize("point", ["hub.before_transitions", "hub.after_transitions"])
def test_a_kill_round_the_commit_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    """Killed again and again at the second commit of each life, the reader ends with every transition once."""
    scene = story()
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    journal.append([unwritten(record) for record in scene.records])
    journal.close()
    command, kills = [sys.executable, "-c", _PROGRAM, str(tmp_path)], 0
    while subprocess.run(command, env=os.environ | {ENVIRONMENT: f"{point}:2"}, check=False).returncode:
        kills += 1
        assert kills < 20
    assert kills >= 2
    engine = open_database(tmp_path / "hub.db")
    assert AlarmLog(engine).after((0, -1), 1000) == scene.made
    engine.dispose()


def test_the_killed_process_dies_of_the_signal(tmp_path: Path) -> None:
    """The fault point is real: the process does not end by an error of its own."""
    scene = story()
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    journal.append([unwritten(record) for record in scene.records])
    journal.close()
    environment = os.environ | {ENVIRONMENT: "hub.before_transitions:1"}
    run = subprocess.run([sys.executable, "-c", _PROGRAM, str(tmp_path)], env=environment, check=False)
    assert run.returncode == -signal.SIGKILL
    engine = open_database(tmp_path / "hub.db")
    assert AlarmLog(engine).after((0, -1), 1000) == []
    engine.dispose()

"""``hub archive status`` and ``hub ledger --archive``, beside a hub that holds the files open."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from device_profiles.clock import Clock
from hub.archive import Point
from hub.archive.reader import ArchiveReader
from hub.archive.stores import open_archive
from hub.archive.tiers.expiry import Expiry
from hub.archive.tiers.marked import MarkedArchive, Progress
from hub.archive.tiers.marks import Marks
from hub.archive.tiers.opened import open_tiers, retention_lookup
from hub.archive.tiers.worker import TierWorker
from hub.cli import app
from hub.config import read_config
from hub.journal.journal import Journal
from tests.hub.made import AREA, T0_US, event, pack, reading, record, unwritten
from tests.servers import free_port


class Hub:
    """The files of a hub and the parts that keep its archive."""

    def __init__(self, folder: Path, archive: str = "") -> None:
        self.config = folder / "hub.toml"
        self.config.write_text(f'hub = "hub-1"\ndata = "data"\n{archive}')
        self.settings = read_config(self.config)
        self.settings.data.mkdir()
        self.journal = Journal.open(self.settings.journal, reserve_bytes=4096)
        self.store = open_archive(self.settings)
        self.marks, self.tiers = Marks(self.settings.tiers), open_tiers(self.settings)
        archive = MarkedArchive(self.store, self.marks)
        self.reader = ArchiveReader(archive)
        expiry = Expiry(self.tiers, self.marks, retention_of=retention_lookup(self.settings))
        progress = Progress(self.journal, archive, self.marks, clock=Clock())
        self.worker = TierWorker(
            archive, self.tiers, self.marks, expiry=expiry, progress_us=progress.now_us, on_crash=lambda _: None
        )

    def close(self) -> None:
        """Stop."""
        for part in (self.tiers, self.marks, self.store, self.journal):
            part.close()

    def receive(self, count: int) -> None:
        """Write packs of a reading a second to the journal."""
        for n in range(count):
            made = pack(reading(at_s=n, speed=n, mode="up"), event("lift.stuck", at_s=n), seq=n + 1)
            self.journal.append([unwritten(record(0, made, at_s=n))])

    def run(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(app, [*words, str(self.config)], env={"COLUMNS": "200"})

    def look(self, *words: str) -> dict[str, object]:
        """Run a command and return its JSON."""
        return json.loads(self.run(*words, "--json").stdout)  # type: ignore[no-any-return]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Return a hub with an embedded archive."""
    made = Hub(tmp_path)
    yield made
    made.close()


def test_status_says_how_far_it_is(hub: Hub) -> None:
    """Records and seconds behind, what each tier holds and what waits, before and after the worker."""
    hub.receive(90)
    hub.reader.apply(hub.journal.read(0, 80))
    hub.store.write([Point(AREA, "a-1", "lift-07", "speed", T0_US, 0, 7, "reading", seq) for seq in (99, 98)], offset=0)
    found = hub.look("archive", "status")
    assert (found["kind"], found["fault"]) == ("embedded", "")
    assert (found["offset"], found["end"], found["behind"]) == (80, 90, 10)
    at_us = T0_US + 80_000_000
    assert found["superseded"] == 2
    assert found["oldest"] == {"offset": 81, "received_us": at_us, "t_us": at_us}
    assert float(str(found["lag_s"])) > 0
    assert (found["dirty"], found["tiers"]["minute"]["count"]) == (1, 0)  # type: ignore[index]
    hub.worker.turn(T0_US + 3_600 * 1_000_000 * 2)
    tiers = hub.look("archive", "status")["tiers"]
    assert tiers["raw"] == {"count": 160, "oldest_us": T0_US, "newest_us": T0_US + 79_000_000}  # type: ignore[index]
    assert [tiers[tier]["count"] for tier in ("events", "minute", "hour")] == [80, 4, 2]  # type: ignore[index]
    shown = hub.run("archive", "status")
    assert shown.exit_code == 0
    assert [words in shown.stdout for words in ("10 behind", "to be computed: 0 hours")] == [True, True]


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    """With the reason and the place it had, and exit 1; its proof fails on one line."""
    hub = Hub(tmp_path, f'[archive]\nkind = "influx"\nurl = "http://127.0.0.1:{free_port()}"\n')
    hub.receive(3)
    found = hub.look("archive", "status")
    assert (found["offset"], found["behind"], found["tiers"]) == (0, 3, {})
    assert "influxdb" in str(found["fault"])
    shown = hub.run("archive", "status")
    assert (shown.exit_code, "DOWN" in shown.stdout) == (1, True)
    assert hub.run("ledger", "--archive").exit_code == 1
    hub.close()


def test_the_ledger_proves_the_archive(hub: Hub) -> None:
    """Exit 0 with both numbers; after one point is deleted exit 1 with device, hour and both numbers."""
    hub.receive(30)
    hub.reader.apply(hub.journal.read(0, 100))
    proof = hub.look("ledger", "--archive", "--values")
    assert (proof["equal"], proof["journal"], proof["archive"], proof["rows"]) == (True, 90, 90, [])
    shown = hub.run("ledger", "--archive")
    assert (shown.exit_code, "equal" in shown.stdout) == (0, True)
    with sqlite3.connect(hub.settings.archive) as connection:
        connection.execute("DELETE FROM points WHERE field = 'speed' AND t_us = ?", (T0_US + 7_000_000,))
    connection.close()
    shown = hub.run("ledger", "--archive")
    assert shown.exit_code == 1
    words = ("hz/xiacheng/chaoming/lift-07", "2025-11-20T00:00:00Z", "missing", "90", "89")
    assert [word for word in words if word not in shown.stdout] == []


@pytest.mark.parametrize("words", [["--archive", "--since", "2h"], ["--values"]])
def test_what_makes_no_sense_together_is_refused(hub: Hub, words: list[str]) -> None:
    """The proof is about all agents."""
    assert hub.run("ledger", *words).exit_code == 2


def test_without_data_it_says_so(tmp_path: Path) -> None:
    """No empty database is made by looking."""
    (tmp_path / "hub.toml").write_text('hub = "hub-1"\ndata = "data"\n')
    shown = CliRunner().invoke(app, ["archive", "status", str(tmp_path / "hub.toml")])
    assert shown.exit_code == 1
    assert not (tmp_path / "data").exists()

"""The verdict of the crash test, and the moment at which it kills the database."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from simulators.stage.influx import FOLDER, wal_grows
from simulators.trials.archived import ArchiveProof
from simulators.trials.crash import CrashResult

PROOF = ArchiveProof(kind="influx", exact=True, points=9, expected=9, superseded=0, refused=0, different=0)
RESULT = CrashResult(
    rounds=1, kills={"influxd.random": 1}, facts_made=9, facts_kept=9, lost=0, altered=0, doubled=0,
    alarms_expected=1, alarms_raised=1, doubled_alarms=0, missing_alarms=0, forgotten_alarms=0, false_alarms=0,
    settled=True, archive=PROOF,
)  # fmt: skip


def test_an_archive_that_is_not_exact_is_no_success() -> None:
    """It is in the document too, beside what the journal has."""
    assert RESULT.good
    assert RESULT.document()["archive"] == msgspec.to_builtins(PROOF)
    wrong = msgspec.structs.replace(RESULT, archive=msgspec.structs.replace(PROOF, exact=False))
    assert not wrong.good
    assert not msgspec.structs.replace(RESULT, kills={"influxd.random": 0}).good


@pytest.mark.parametrize(
    "counter",
    ["lost", "altered", "doubled", "doubled_alarms", "missing_alarms", "forgotten_alarms", "false_alarms"],
)
def test_each_counter_spoils_it(counter: str) -> None:
    """One of anything that must not be."""
    assert not msgspec.structs.replace(RESULT, **{counter: 1}).good
    assert not msgspec.structs.replace(RESULT, settled=False).good


async def test_a_database_that_writes_is_noticed(tmp_path: Path) -> None:
    """Its log grows; one that is turned over has not grown, and one that stays as it is comes to an end."""
    log = tmp_path / FOLDER / "wal" / "db" / "autogen" / "1" / "_00001.wal"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 100)
    assert not await wal_grows(tmp_path, within_s=0.02)
    noticed = asyncio.create_task(wal_grows(tmp_path, within_s=30))
    await asyncio.sleep(0)  # it has looked once
    log.with_name("_00002.wal").write_bytes(b"x")
    log.unlink()
    await asyncio.sleep(0.02)
    assert not noticed.done()
    log.with_name("_00002.wal").write_bytes(b"xx")
    assert await noticed

"""The archive's reader: exactly the journal's points, whatever dies on the way."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles import faults
from device_profiles.clock import Clock
from device_profiles.wire import Heartbeat, Pack
from hub.archive import Point, Query, Settle
from hub.archive.embedded import EmbeddedArchive
from hub.archive.reader import ArchiveReader
from hub.errors import StoreDown
from hub.journal.journal import Journal, Record
from hub.journal.readers import ReaderLoop
from tests.hub.made import AREA, T0_US, event, pack, reading, record, tick, unwritten

CHILD = """
import sys
from pathlib import Path
from hub.archive.embedded import EmbeddedArchive
from hub.archive.reader import ArchiveReader
from hub.journal.journal import Journal
folder = Path(sys.argv[1])
journal = Journal.open(folder / "journal.db", reserve_bytes=4096)
reader = ArchiveReader(EmbeddedArchive(folder / "archive.db"), batch_points=10)
while records := journal.read(reader.cursor(), 7):
    reader.apply(records)
"""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[EmbeddedArchive]:
    """Return an empty archive."""
    made = EmbeddedArchive(tmp_path / "archive.db")
    yield made
    made.close()


def test_readings_and_events_are_archived(archive: EmbeddedArchive) -> None:
    """Every value of a reading is a point, an event is one with its severity and data; the rest is passed over."""
    ArchiveReader(archive).apply(
        [
            record(1, pack(reading(speed=1.5, door_zone=None), Heartbeat(T0_US, {"lift-07": T0_US}))),
            tick(2),
            record(3, pack(event("lift.stuck", at_s=1, floor=3), lane="event")),
            record(4, pack(reading(at_s=-30, speed=1.0), lane="backlog")),
            record(5, pack(lane="status", seq=None)),
        ]
    )
    key = (AREA, "a-1", "lift-07")
    assert archive.read(Query()) == [
        Point(*key, "door_zone", T0_US, None, 7, "reading", 1),
        Point(*key, "event/lift.stuck", T0_US + 1_000_000, '{"data":{"floor":3},"severity":"life"}', 7, "event", 1),
        Point(*key, "speed", T0_US - 30_000_000, 1.0, 7, "backlog", 1, historical=True),
        Point(*key, "speed", T0_US, 1.5, 7, "reading", 1),
    ]
    assert archive.offset() == 5


def test_the_future_is_not_archived_as_truth(archive: EmbeddedArchive) -> None:
    """A fact more than 60 s ahead is left out and counted; its pack's other facts stay."""
    reader = ArchiveReader(archive)
    reader.apply([record(1, pack(reading(at_s=61, speed=9), reading(at_s=60, speed=1)))])
    assert [point.value for point in archive.read(Query())] == [1]
    assert reader.refused == {"future": 1}


def test_of_two_facts_of_one_instant_the_last_counts(archive: EmbeddedArchive) -> None:
    """Inside one pack the later fact is the later word."""
    ArchiveReader(archive).apply([record(1, pack(reading(speed=1), reading(speed=2)))])
    assert [point.value for point in archive.read(Query())] == [2]


def test_a_record_that_cannot_be_decoded_stops_nothing(archive: EmbeddedArchive) -> None:
    """It is counted, and the next record is archived."""
    reader = ArchiveReader(archive)
    broken = Record(1, T0_US, "pack", f"{AREA}/a-1", 7, "reading", 1, b"{")
    reader.apply([broken, record(2, pack(reading(speed=1), seq=2))])
    assert len(archive.read(Query())) == 1
    assert (archive.offset(), reader.refused) == (2, {"undecodable": 1})


def test_records_that_were_cut_unread_are_counted(archive: EmbeddedArchive) -> None:
    """The journal goes on without an archive that is down for too long; that something is missing is said."""
    reader = ArchiveReader(archive)
    reader.apply([tick(1), tick(2)])
    reader.apply([tick(3)])
    assert reader.refused == {}
    reader.apply([tick(9), tick(10)])
    assert reader.refused == {"cut": 1}


def test_no_batch_is_greater_than_its_bound(archive: EmbeddedArchive) -> None:
    """A pack of many values is written in parts, and the place moves only behind the whole of it."""
    writes: list[tuple[int, int]] = []

    class Watched(EmbeddedArchive):
        def write(self, points: list[Point], *, offset: int) -> None:
            writes.append((len(points), offset))
            super().write(points, offset=offset)

    watched = Watched(archive.path)
    many = {f"v{n}": n for n in range(25)}
    ArchiveReader(watched, batch_points=10).apply(
        [record(1, pack(reading(speed=1))), record(2, pack(reading(**many), seq=2)), record(3, pack(seq=3))]
    )
    watched.close()
    assert writes == [(10, 1), (10, 1), (6, 3)]


class Slow(EmbeddedArchive):
    """An archive whose writes end when they are waited for; it tells what happened when."""

    def __init__(self, path: Path, *, fails: str = "") -> None:
        super().__init__(path)
        self.told: list[str] = []
        self._fails = fails

    def begin_write(self, points: Sequence[Point], *, offset: int) -> Settle:
        """Write when it is waited for."""
        assert points
        self._tell(f"begin {offset}")

        def settle() -> None:
            self._tell(f"end {offset}")

        return settle

    def _tell(self, what: str) -> None:
        self.told.append(what)
        if what == self._fails:
            raise StoreDown("archive", what)


def test_while_one_write_is_on_its_way_the_next_is_made_ready(tmp_path: Path) -> None:
    """Never more than two, and none when the reader has done with its records."""
    slow = Slow(tmp_path / "slow.db")
    records = [record(number, pack(reading(at_s=number, speed=1), seq=number)) for number in (1, 2, 3)]
    ArchiveReader(slow, batch_points=1).apply(records)
    slow.close()
    assert slow.told == ["begin 1", "begin 2", "end 1", "begin 3", "end 2", "end 3"]


def test_the_last_write_may_be_left_on_its_way(tmp_path: Path) -> None:
    """The next call ends it, also one that brings nothing."""
    slow = Slow(tmp_path / "slow.db")
    reader = ArchiveReader(slow, batch_points=1)
    reader.begin([record(1, pack(reading(at_s=1, speed=1)))])
    reader.begin([record(2, pack(reading(at_s=2, speed=1), seq=2))])
    assert slow.told == ["begin 1", "begin 2", "end 1"]
    reader.apply([])
    slow.close()
    assert slow.told[3:] == ["end 2"]


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("end 1", ["begin 1", "begin 2", "end 1", "end 2"]),
        ("begin 2", ["begin 1", "begin 2", "end 1"]),
        ("end 3", ["begin 1", "begin 2", "end 1", "begin 3", "end 2", "end 3"]),
    ],
)
def test_none_is_on_its_way_when_it_is_written_again(tmp_path: Path, fails: str, told: list[str]) -> None:
    """A write that fails is told once all that were begun have ended."""
    slow = Slow(tmp_path / "slow.db", fails=fails)
    records = [record(number, pack(reading(at_s=number, speed=1), seq=number)) for number in (1, 2, 3)]
    with pytest.raises(StoreDown, match=fails):
        ArchiveReader(slow, batch_points=1).apply(records)
    slow.close()
    assert slow.told == told


def made_packs(count: int) -> list[Pack]:
    """Return packs of several agents, lanes and epochs, some of which speak of the same instants."""
    return [
        pack(
            reading(f"lift-{n % 3}", at_s=n // 2, speed=n, load_kg=n * 1.5, door_zone=n % 2 == 0),
            reading(f"lift-{n % 3}", at_s=n // 2 + 100 * (n % 5 == 0), speed=-n),
            seq=n + 1,
            epoch=1 + n % 2,
            agent=f"a-{n % 3}",
            lane="backlog" if n % 4 == 0 else "reading",
        )
        for n in range(count)
    ]


def truth(records: list[Record]) -> dict[tuple[str, str, int], object]:
    """Return what must be archived, by a fold over the journal's JSON that shares no code with the reader."""
    kept: dict[tuple[str, str, int], tuple[tuple[int, int], object]] = {}
    for entry in records:
        body = json.loads(entry.body)
        for fact in body["facts"]:
            if fact["t_us"] > entry.received_us + 60_000_000:
                continue
            for field, value in fact["values"].items():
                key, rank = (f"{AREA}/{fact['device']}", field, fact["t_us"]), (body["epoch"], body["seq"])
                if key not in kept or rank >= kept[key][0]:
                    kept[key] = (rank, value)
    return {key: value for key, (_, value) in kept.items()}


def content(archive: EmbeddedArchive) -> dict[tuple[str, str, int], object]:
    """Return what is archived."""
    return {(point.subject, point.field, point.t_us): point.value for point in archive.read(Query())}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(data=st.data())
def test_any_order_of_records_gives_the_same_content(archive: EmbeddedArchive, data: st.DataObject) -> None:
    """Reordered, doubled and cut into any batches, the archive holds exactly the journal's points."""
    packs = made_packs(8)
    order = data.draw(st.permutations(range(8))) + data.draw(st.lists(st.integers(0, 7), max_size=4))
    records = [record(offset + 1, packs[n]) for offset, n in enumerate(order)]
    with sqlite3.connect(archive.path) as connection:
        connection.executescript("DELETE FROM points; UPDATE place SET offset = 0")
    connection.close()
    reader = ArchiveReader(archive, batch_points=data.draw(st.integers(1, 40)))
    while records:
        size = data.draw(st.integers(1, len(records)))
        reader.apply(records[:size])
        records = records[size:]
    assert content(archive) == truth([record(n, made) for n, made in enumerate(packs)])


@pytest.mark.parametrize("point", ["hub.before_archive", "hub.after_archive"])
def test_a_kill_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    """Killed at the point in every run, the archive holds exactly the journal's points in the end."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=4096)
    records = journal.append([unwritten(record(0, made)) for made in made_packs(40)])
    kills = 0
    while _run_child(tmp_path, f"{point}:4") == -signal.SIGKILL:
        kills += 1
        assert kills < 30, "no run got any further"
    archive = EmbeddedArchive(tmp_path / "archive.db")
    assert kills > 2
    assert archive.offset() == journal.last_offset()
    assert content(archive) == truth(records)
    archive.close()
    journal.close()


def _run_child(folder: Path, armed: str) -> int:
    environment = os.environ | {faults.ENVIRONMENT: armed}
    return subprocess.run([sys.executable, "-c", CHILD, str(folder)], env=environment).returncode


def test_a_store_that_is_down_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The reader's thread tells it once, tries again, and loses nothing."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=4096)

    class Moody(EmbeddedArchive):
        tries = 0

        def write(self, points: list[Point], *, offset: int) -> None:
            self.tries += 1
            if self.tries <= 2:
                raise StoreDown("archive", "gone")
            super().write(points, offset=offset)

    archive = Moody(tmp_path / "archive.db")
    crashes: list[str] = []
    loop = ReaderLoop(journal, ArchiveReader(archive), clock=Clock(), on_crash=crashes.append)
    loop.start()
    last = journal.append([unwritten(record(0, made)) for made in made_packs(3)])[-1].offset
    assert loop.drained(last, 20)
    loop.stop()
    assert crashes == []
    assert [entry.getMessage() for entry in caplog.records if entry.levelname == "ERROR"] == [
        "reader archive waits: archive: gone"
    ]
    assert content(archive) == truth(journal.read(0, 10))
    archive.close()
    journal.close()

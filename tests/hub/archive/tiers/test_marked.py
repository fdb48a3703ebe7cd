"""What was archived without marks gets them, and the clock of the tiers is that of the archive's progress."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.profile import Retention
from hub.archive import Query
from hub.archive.reader import ArchiveReader
from hub.archive.tiers import HOUR_US, Tier
from hub.archive.tiers.expiry import Expiry
from hub.archive.tiers.fold import Minutes, hours
from hub.archive.tiers.marked import MarkedArchive, Progress
from hub.archive.tiers.marks import MAX_MARKS, Marks
from hub.archive.tiers.worker import TierWorker
from hub.journal.journal import Journal
from tests.hub.archive.tiers.stores import Stores
from tests.hub.made import T0_US, pack, reading, record, tick, unwritten


class City:
    """A journal, an archive and its marks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal.open(folder / "journal.db", reserve_bytes=4096)
        self.stores = Stores(folder, "")
        self.open_marks()

    def open_marks(self, name: str = "tiers.db", *, most: int = MAX_MARKS) -> None:
        """Open a file of marks, as after a restart."""
        self.marks = Marks(self.folder / name, most=most)
        self.archive = MarkedArchive(self.stores.archive, self.marks)
        self.progress = Progress(self.journal, self.archive, self.marks, clock=Clock())

    def receive(self, seq: int, *, at_s: int) -> None:
        """Write a pack with a reading to the journal."""
        self.journal.append([unwritten(record(0, pack(reading(at_s=at_s, speed=seq), seq=seq), at_s=at_s))])

    def follow(self, limit: int = 500) -> None:
        """Let the archive's reader take some records."""
        ArchiveReader(self.archive).apply(self.journal.read(self.archive.offset(), limit))

    def compute(self) -> bool:
        """Let the worker compute everything; return whether the tiers are those of what is archived."""
        self.turn(T0_US + 1_000 * HOUR_US)
        minutes = Minutes()
        minutes.add(self.stores.archive.read(Query()))
        made = minutes.buckets()
        found = [self.stores.tiers.buckets(tier, Query()) for tier in (Tier.MINUTE, Tier.HOUR)]
        return found == [made, hours(made)]

    def turn(self, now_us: int, *, retention: Retention | None = None) -> None:
        """Let the worker have a turn."""
        expiry = Expiry(self.stores.tiers, self.marks, retention_of=lambda: lambda _: retention)
        worker = TierWorker(
            self.archive, self.stores.tiers, self.marks,
            expiry=expiry, progress_us=self.progress.now_us, on_crash=lambda _: None,
        )  # fmt: skip
        worker.turn(now_us)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """Return an empty city."""
    made = City(tmp_path)
    yield made
    made.marks.close()
    made.journal.close()
    made.stores.close()


def test_the_clock_is_that_of_the_oldest_record_that_waits(city: City) -> None:
    """An archive that is behind makes nothing old; one that is not lives in the present."""
    for seq in (1, 2):
        city.receive(seq, at_s=seq)
    assert city.progress.now_us() == T0_US + 1_000_000
    city.follow(limit=1)
    assert city.progress.now_us() == T0_US + 2_000_000
    city.follow()
    assert city.progress.now_us() > T0_US + 2_000_000
    city.journal.append([unwritten(tick(0, at_s=9))])
    assert city.progress.now_us() == T0_US + 9_000_000


def test_marks_that_were_lost_are_made_anew_from_the_journal(city: City) -> None:
    """Of a version without tiers, or of a damaged file: all that is archived is computed."""
    for seq in range(1, 9):
        city.receive(seq, at_s=600 * seq)
    city.follow()
    city.marks.close()
    city.open_marks("another.db")
    assert not city.compute()
    city.progress.now_us()
    assert city.compute()


def test_a_backup_with_older_marks_is_caught_up(city: City) -> None:
    """The archive's copy has what came between the two copies; the reader may go on meanwhile, and die."""
    city.progress.now_us()
    city.receive(1, at_s=0)
    city.follow()
    (city.folder / "old.db").write_bytes(b"")
    with_marks = Marks(city.folder / "old.db")  # as it was when nothing was archived
    with_marks.close()
    city.receive(2, at_s=700)
    city.follow()
    city.marks.close()
    city.open_marks("old.db")
    city.receive(3, at_s=9_000)
    city.follow()  # marks its own, and must not pass for all of it
    city.marks.close()
    city.open_marks("old.db")
    city.progress.now_us()
    assert city.compute()


def test_more_lost_marks_than_there_may_be_are_made_in_turns(city: City) -> None:
    """Of a whole city's fortnight: the worker makes room for the next, and deletes nothing before all are there."""
    for seq in range(1, 31):
        city.receive(seq, at_s=3_600 * seq)
    city.follow()
    city.marks.close()
    city.open_marks("another.db", most=10)
    city.progress = Progress(city.journal, city.archive, city.marks, clock=Clock(), batch=2)
    for _ in range(9):
        city.turn(city.progress.now_us(), retention=Retention(raw="1h", minute="3000d"))
        assert city.marks.whole or len(city.stores.archive.read(Query())) == 30
    assert city.marks.whole
    assert len(city.stores.tiers.buckets(Tier.MINUTE, Query())) == 30
    city.receive(31, at_s=3_600 * 31)
    city.follow()
    assert city.archive.offset() == 31


def test_a_clock_that_is_set_ahead_deletes_nothing_for_a_day(city: City) -> None:
    """Ten years of points would be gone in one turn; a day is the time to set it right."""
    city.receive(1, at_s=0)
    city.follow()
    assert city.progress.lived(T0_US + 2 * HOUR_US), "its journal does not reach back for a day"
    jump = 10 * 365 * 24
    assert not city.progress.lived(T0_US + jump * HOUR_US)
    city.journal.append([unwritten(tick(0, at_s=3_600 * hour)) for hour in range(jump, jump + 25)])
    assert not city.progress.lived(T0_US + (jump + 12) * HOUR_US)
    assert city.progress.lived(T0_US + (jump + 24) * HOUR_US)
    expiry = Expiry(city.stores.tiers, city.marks, retention_of=lambda: lambda _: Retention(), lived=lambda _: False)
    city.compute()
    expiry.expire(T0_US + jump * HOUR_US, stopping=threading.Event())
    assert len(city.stores.archive.read(Query())) == 1


def test_damaged_marks_are_set_aside(city: City) -> None:
    """The hub starts; they are made anew."""
    city.receive(1, at_s=0)
    city.follow()
    city.marks.close()
    for suffix in ("-wal", "-shm"):
        (city.folder / f"tiers.db{suffix}").unlink(missing_ok=True)
    (city.folder / "tiers.db").write_bytes(b"this is no database" * 1_000)
    city.open_marks()
    assert len(list(city.folder.glob("tiers.db.broken-*"))) == 1
    city.progress.now_us()
    assert city.compute()

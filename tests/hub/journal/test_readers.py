"""A reader's loop feeds it from its cursor, tells its lag and ends loudly."""

import threading
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from hub.errors import StoreDown
from hub.journal.journal import Journal, NewRecord, Record
from hub.journal.readers import AWAY_BASE_S, AWAY_CAP_S, BATCH_BYTES, ReaderLoop


class Recorder:
    """A reader that keeps what it was given, and may be held at a gate or made to fail."""

    name = "recorder"

    def __init__(self, start: int = 0, *, fail_at: int = 0) -> None:
        self.start, self.fail_at = start, fail_at
        self.taken: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def cursor(self) -> int:
        """Return where to begin."""
        return self.start

    def apply(self, records: list[Record]) -> None:
        """Keep the offsets."""
        self.entered.set()
        self.gate.wait(30)
        if self.fail_at in [record.offset for record in records]:
            raise RuntimeError("broken")
        self.taken += [record.offset for record in records]


def acts(count: int) -> list[NewRecord]:
    """Return ``count`` records received now."""
    return [NewRecord(Clock().wall_us(), "act", b"{}") for _ in range(count)]


def test_reads_from_its_cursor_and_follows(tmp_path: Path) -> None:
    """Old records come in batches from the cursor on, new ones as they are written."""
    journal, reader = Journal.open(tmp_path / "journal.db"), Recorder(start=3)
    journal.append(acts(1_200))
    loop = ReaderLoop(journal, reader, clock=Clock(), on_crash=pytest.fail)
    loop.start()
    assert loop.drained(1_200, 30)
    journal.append(acts(2))
    assert loop.drained(1_202, 30)
    loop.stop()
    assert reader.taken == list(range(4, 1_203))
    journal.close()


def test_a_batch_of_large_packs_is_few_packs(tmp_path: Path) -> None:
    """A stop waits for the batch at hand, so its bytes are bounded too; nothing is left out and none is empty."""
    journal, batches = Journal.open(tmp_path / "journal.db"), list[list[Record]]()
    size = BATCH_BYTES // 4 + 1
    journal.append([NewRecord(Clock().wall_us(), "act", bytes(size)) for _ in range(9)])
    journal.append([NewRecord(Clock().wall_us(), "act", bytes(2 * BATCH_BYTES)), *acts(3)])

    class Batches(Recorder):
        def apply(self, records: list[Record]) -> None:
            batches.append(records)

    loop = ReaderLoop(journal, Batches(), clock=Clock(), on_crash=pytest.fail)
    loop.start()
    assert loop.drained(13, 30)
    loop.stop()
    assert [record.offset for batch in batches for record in batch] == list(range(1, 14))
    assert all(sum(len(record.body) for record in batch[:-1]) < BATCH_BYTES for batch in batches)
    assert max(map(len, batches)) == 4  # as many as fill it: the bound is no bound of one
    journal.close()


class Ahead(Recorder):
    """A reader that may leave records on their way; it tells how many it was given by which call."""

    def __init__(self, *, away_at: int = 0) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []
        self._away_at = away_at

    def begin(self, records: list[Record]) -> None:
        """Leave them on their way."""
        self.calls.append(("begin", len(records)))
        if len(self.calls) == self._away_at:
            raise StoreDown("archive", "gone")

    def apply(self, records: list[Record]) -> None:
        """End what is on its way."""
        self.calls.append(("apply", len(records)))


@pytest.mark.parametrize(
    ("count", "away_at", "calls"),
    [
        (5, 0, [("begin", 3), ("apply", 2)]),
        (6, 0, [("begin", 3), ("begin", 3), ("apply", 0)]),
        (5, 1, [("begin", 3), ("begin", 3), ("apply", 2)]),
    ],
)
def test_what_is_on_its_way_is_ended_before_the_loop_rests(
    tmp_path: Path, count: int, away_at: int, calls: list[tuple[str, int]]
) -> None:
    """While more is waiting a reader may go ahead; with the last records, or when none follow, it ends all."""
    journal, reader = Journal.open(tmp_path / "journal.db"), Ahead(away_at=away_at)
    journal.append(acts(count))
    loop = ReaderLoop(journal, reader, clock=Clock(), on_crash=pytest.fail, batch=3, begin=reader.begin)
    loop.start()
    assert loop.drained(count, 20)
    assert loop.lag_ms == 0
    loop.stop()
    journal.close()
    assert reader.calls == calls


def test_what_is_on_its_way_is_not_stored_yet(tmp_path: Path) -> None:
    """The lag tells its age, and whoever waits for it waits on."""
    journal, reader = Journal.open(tmp_path / "journal.db"), Ahead()
    journal.append(acts(6))
    loop: ReaderLoop
    told: list[tuple[float, bool]] = []

    def begin(records: list[Record]) -> None:
        if reader.calls:  # the first three are on their way
            told.append((loop.lag_ms, loop.drained(1, 0)))
        reader.begin(records)

    loop = ReaderLoop(journal, reader, clock=Clock(), on_crash=pytest.fail, batch=3, begin=begin)
    loop.start()
    assert loop.drained(6, 20)
    loop.stop()
    journal.close()
    assert told[0][0] > 0
    assert not told[0][1]


def test_a_stop_ends_what_is_on_its_way(tmp_path: Path) -> None:
    """The reader is told to leave while it begins."""
    journal, reader = Journal.open(tmp_path / "journal.db"), Ahead()
    journal.append(acts(9))

    def begin(records: list[Record]) -> None:
        reader.begin(records)
        loop.leave()

    loop = ReaderLoop(journal, reader, clock=Clock(), on_crash=pytest.fail, batch=3, begin=begin)
    loop.start()
    loop.stop(20)
    journal.close()
    assert reader.calls == [("begin", 3), ("apply", 0)]


def test_whoever_is_to_leave_begins_no_other_batch(tmp_path: Path) -> None:
    """It is told while others stop, and ends with the batch at hand."""
    journal, reader = Journal.open(tmp_path / "journal.db"), Recorder()
    journal.append(acts(1_200))
    reader.gate.clear()
    loop = ReaderLoop(journal, reader, clock=Clock(), on_crash=pytest.fail, batch=100)
    loop.start()
    assert reader.entered.wait(30)
    loop.leave()
    reader.gate.set()
    loop.stop()
    assert (reader.taken, loop.position) == (list(range(1, 101)), 100)
    journal.close()


def test_lag_is_the_age_of_the_oldest_unread(tmp_path: Path) -> None:
    """While a record is held the lag grows, and is 0 when all is stored."""
    journal, reader = Journal.open(tmp_path / "journal.db"), Recorder()
    reader.gate.clear()
    loop = ReaderLoop(journal, reader, clock=Clock(), on_crash=pytest.fail)
    journal.append([NewRecord(Clock().wall_us() - 5_000_000, "act", b"{}")])
    loop.start()
    assert reader.entered.wait(30)
    assert loop.lag_ms >= 5_000
    reader.gate.set()
    assert loop.drained(1, 30)
    loop.stop()
    assert loop.lag_ms == 0
    journal.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_crash_is_told(tmp_path: Path) -> None:
    """An unexpected error ends the thread and is told by the reader's name."""
    journal, crashed = Journal.open(tmp_path / "journal.db"), threading.Event()
    names: list[str] = []
    loop = ReaderLoop(
        journal, Recorder(fail_at=1), clock=Clock(), on_crash=lambda name: (names.append(name), crashed.set())[0]
    )
    loop.start()
    journal.append(acts(1))
    assert crashed.wait(30)
    loop.stop()
    assert names == ["recorder"]
    journal.close()


def test_a_store_that_is_away_is_tried_less_and_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full jitter below a ceiling that doubles to its cap; what goes well begins it anew."""
    ceilings: list[float] = []

    def uniform(_: float, most: float) -> float:
        ceilings.append(most)
        return 0.0

    monkeypatch.setattr("device_profiles.backoff.random.uniform", uniform)
    journal = Journal.open(tmp_path / "journal.db")

    class Away(Recorder):
        tries = 0

        def cursor(self) -> int:
            return len(self.taken)

        def apply(self, records: list[Record]) -> None:
            self.tries += 1
            if self.tries not in (8, 10):
                raise StoreDown("archive", "gone")
            super().apply(records)

    loop = ReaderLoop(journal, Away(), clock=Clock(), on_crash=pytest.fail, batch=1)
    journal.append(acts(2))
    loop.start()
    assert loop.drained(2, 30)
    loop.stop()
    assert ceilings == [AWAY_BASE_S * 2**n for n in range(5)] + [AWAY_CAP_S, AWAY_CAP_S] + [AWAY_BASE_S]
    journal.close()

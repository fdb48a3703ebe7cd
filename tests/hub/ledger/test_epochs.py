"""Old sessions are folded into a total, and nothing that may still be asked is forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.wire import Pack
from hub.database import open_database
from hub.journal.journal import Journal
from hub.ledger.epochs import EARLIER, KEPT, MAX_SESSIONS, fold_old
from hub.ledger.ledger import LaneKey, Ledger
from hub.ledger.store import LedgerSaver, catch_up, load
from hub.ledger.view import table, view
from tests.hub.intake.rig import take
from tests.hub.rig import ADDRESS, EPOCH, pack

AGENT = str(ADDRESS)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Open a journal for one test."""
    found = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    yield found
    found.close()


def sessions(count: int) -> Iterator[Pack]:
    """Yield the packs of so many starts of an agent, the second of which lacks one."""
    for number in range(count):
        yield pack(1, epoch=EPOCH + number)
        yield pack(3 if number == 1 else 2, epoch=EPOCH + number)


def epochs(ledger: Ledger) -> list[int]:
    """Return the epochs that are kept, counted from the first."""
    return sorted({key.epoch - EPOCH for key in ledger.lanes if key.epoch != EARLIER})


def test_what_is_in_the_journal_is_kept(journal: Journal) -> None:
    """A double of it must be recognised."""
    ledger = Ledger()
    take(ledger, journal, *sessions(KEPT + 5))
    assert fold_old(ledger, first_offset=journal.first_offset()) == 0


def test_old_sessions_become_a_total(journal: Journal) -> None:
    """Those that left the journal and lack nothing; the newest and those with a gap stay, and no count changes."""
    ledger = Ledger()
    take(ledger, journal, *sessions(KEPT + 5))
    before = view(ledger).total
    journal.cut(journal.last_offset() + 1)
    assert fold_old(ledger, first_offset=journal.first_offset()) == 4
    assert epochs(ledger) == [1, *range(5, KEPT + 5)]
    assert view(ledger).total == before
    (row,) = (row for row in view(ledger).lanes if row.epoch == EARLIER)
    assert (row.agent, row.lane, row.received, row.missing) == (AGENT, "reading", 8, 0)
    assert table(view(ledger)).row_count == len(view(ledger).lanes) + 1


def test_a_crash_loop_is_bounded(journal: Journal) -> None:
    """Above the bound the oldest sessions are folded, and what they lacked is still counted as missing."""
    ledger = Ledger()
    take(ledger, journal, *sessions(MAX_SESSIONS + 3))
    before = view(ledger).total
    assert fold_old(ledger, first_offset=1) == 3
    assert epochs(ledger) == list(range(3, MAX_SESSIONS + 3))
    assert view(ledger).total == before
    assert before.missing == 1


def test_the_total_is_stored_and_what_it_stands_for_deleted(tmp_path: Path, journal: Journal) -> None:
    """In one transaction with the cursor; a session that comes to life again is counted anew."""
    engine = open_database(tmp_path / "hub.db")
    ledger = Ledger()
    saver = LedgerSaver(engine, ledger)
    saver.start()
    take(ledger, journal, *sessions(KEPT + 5))
    saver.offer(0.0, force=True)
    take(ledger, journal, pack(1, "event", epoch=EPOCH + KEPT + 4))
    fold_old(ledger, first_offset=journal.last_offset())
    take(ledger, journal, pack(1, epoch=EPOCH))
    saver.offer(0.0, force=True)
    saver.stop()
    again = load(engine)
    catch_up(again, journal)
    assert view(again) == view(ledger)
    assert again.lanes[LaneKey(AGENT, EARLIER, "reading")].earlier == 8
    assert epochs(again) == [0, 1, *range(5, KEPT + 5)]
    engine.dispose()

"""The journal's old end goes by age, and by size from its readings on; never past a reader."""

from pathlib import Path

import pytest

from hub.journal.journal import Journal, NewRecord
from hub.journal.retention import cut_old, keep_bound
from hub.journal.thinning import Thinning

DAY_US = 86_400_000_000


def journal_of(folder: Path, *, count: int = 100, size: int = 100, max_bytes: int = 0) -> Journal:
    """Return a journal with one record a day."""
    journal = Journal.open(folder / "journal.db", max_bytes=max_bytes, reserve_bytes=0)
    journal.append([NewRecord(day * DAY_US, "act", b"x" * size) for day in range(1, count + 1)])
    return journal


def test_what_is_old_goes(tmp_path: Path) -> None:
    """Fourteen days are left."""
    journal = journal_of(tmp_path)
    assert cut_old(journal, keep_us=14 * DAY_US, now_us=100 * DAY_US, slowest=lambda: 100) == 85
    assert journal.first_offset() == 86
    journal.close()


def test_a_clock_that_is_set_ahead_makes_nothing_old(tmp_path: Path) -> None:
    """By ten years: a fortnight of proof would be gone in one turn. The new time counts once it was lived through."""
    journal, jump = journal_of(tmp_path), 3_650

    def cut(day: int) -> int:
        return cut_old(journal, keep_us=14 * DAY_US, now_us=day * DAY_US, slowest=lambda: 200)

    assert cut(100 + jump) == 0, "not even a tick says so yet"
    for day in range(100 + jump, 114 + jump):
        journal.append([NewRecord(day * DAY_US, "tick")])
        assert cut(day) == 0
    assert cut(114 + jump) == 100
    journal.close()


def test_never_past_the_slowest_reader(tmp_path: Path) -> None:
    """A reader that is behind keeps what it has not taken in."""
    journal = journal_of(tmp_path)
    cut_old(journal, keep_us=14 * DAY_US, now_us=100 * DAY_US, slowest=lambda: 40)
    assert journal.first_offset() == 41
    journal.close()


def test_nobody_is_asked_when_there_is_nothing_to_cut(tmp_path: Path) -> None:
    """A reader prepares for a cut when it is asked, so it is asked only then."""
    journal = journal_of(tmp_path, max_bytes=3_000_000)
    assert cut_old(journal, keep_us=200 * DAY_US, now_us=100 * DAY_US, slowest=pytest.fail) == 0
    assert keep_bound(journal, Thinning(journal), vital=pytest.fail) == 0
    journal.close()


def test_too_much_goes_before_its_age(tmp_path: Path) -> None:
    """Above nine tenths of the bound the oldest goes, whatever its age, when there are no readings."""
    journal = journal_of(tmp_path, count=5_000, size=1_000, max_bytes=3_000_000)
    keep_bound(journal, Thinning(journal), vital=lambda: 5_000)
    assert 1_000 < journal.first_offset() < 5_000
    assert journal.used_bytes() <= 2_700_000
    journal.close()


def test_invariant_03_a_store_that_is_down_for_long_stops_no_readings(tmp_path: Path) -> None:
    """Too much goes although the archive has not read it, but nothing that alarms have not."""
    journal = journal_of(tmp_path, count=5_000, size=1_000, max_bytes=3_000_000)
    thinning = Thinning(journal)
    keep_bound(journal, thinning, vital=lambda: 1_500)
    assert journal.first_offset() == 1_501
    assert journal.used_bytes() > 3_000_000
    keep_bound(journal, thinning, vital=lambda: 5_000)
    assert journal.used_bytes() <= 2_700_000
    journal.close()


def test_what_is_young_stays_though_a_clock_was_wrong_once(tmp_path: Path) -> None:
    """A hub that started in 1970 wrote records that look old between others that are not; nor is the future young."""
    journal = journal_of(tmp_path, count=44)
    journal.append([NewRecord(0, "tick")] * 10)
    journal.append([NewRecord(day * DAY_US, "act", b"x") for day in range(45, 91)])
    assert cut_old(journal, keep_us=60 * DAY_US, now_us=100 * DAY_US, slowest=lambda: 100) == 39
    assert journal.first_offset() == 40
    assert cut_old(journal, keep_us=60 * DAY_US, now_us=105 * DAY_US, slowest=lambda: 100) == 15  # 1970 with the rest
    journal.close()

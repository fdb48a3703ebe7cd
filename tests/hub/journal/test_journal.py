"""The journal keeps order, numbers, acts of other processes and its reserve."""

import contextlib
import multiprocessing
import sqlite3
import threading
from pathlib import Path

import pytest

from hub.errors import SchemaError
from hub.journal.journal import Act, Journal, NewRecord, append_act


def rows(count: int, first: int = 1) -> list[NewRecord]:
    """Return packs with the sequence numbers from ``first`` on, received at 1,000 times their number."""
    return [
        NewRecord(seq * 1_000, "pack", b"body %d" % seq, "a/b/c/x", 7, "reading", seq)
        for seq in range(first, first + count)
    ]


def test_records_come_back_in_order_with_all_they_had(tmp_path: Path) -> None:
    """What append returned is what read returns."""
    journal = Journal.open(tmp_path / "journal.db")
    written = journal.append(rows(5)) + journal.append(rows(5, first=6))
    assert [record.offset for record in written] == list(range(1, 11))
    assert journal.read(0, 100) == written
    assert journal.read(4, 2) == written[4:6]
    assert (journal.first_offset(), journal.last_offset()) == (1, 10)
    journal.close()


def test_offsets_go_on_after_a_cut_of_everything(tmp_path: Path) -> None:
    """A journal that was cut empty and opened again gives no offset twice."""
    journal = Journal.open(tmp_path / "journal.db")
    journal.append(rows(25))
    assert journal.cut(26, step=10) == 25
    assert (journal.first_offset(), journal.last_offset()) == (26, 25)
    journal.close()
    journal = Journal.open(tmp_path / "journal.db")
    assert journal.last_offset() == 25
    assert journal.append(rows(1))[0].offset == 26
    journal.close()


def test_cut_leaves_what_is_not_before_the_offset(tmp_path: Path) -> None:
    """Cutting in steps stops at the offset."""
    journal = Journal.open(tmp_path / "journal.db")
    journal.append(rows(30))
    assert journal.cut(21, step=7) == 20
    assert [record.offset for record in journal.read(0, 100)] == list(range(21, 31))
    assert journal.cut(21) == 0
    journal.close()


def test_offset_at_finds_the_first_young_record(tmp_path: Path) -> None:
    """Age becomes an offset without a scan."""
    journal = Journal.open(tmp_path / "journal.db")
    journal.append(rows(100))
    journal.cut(11)
    assert journal.offset_at(50_000) == 50
    assert journal.offset_at(1) == 11
    assert journal.offset_at(10**9) == 101
    journal.close()


def test_wait_wakes_on_append(tmp_path: Path) -> None:
    """A reader that waits is woken by a commit, not by its time-out."""
    journal = Journal.open(tmp_path / "journal.db")
    woken: list[bool] = []
    thread = threading.Thread(target=lambda: woken.append(journal.wait(0, 60)))
    thread.start()
    journal.append(rows(1))
    thread.join(10)
    assert woken == [True]
    assert journal.wait(1, 0.0) is False
    journal.close()


def test_act_of_another_process_is_seen(tmp_path: Path) -> None:
    """An act that the command line wrote wakes the hub's readers."""
    journal = Journal.open(tmp_path / "journal.db")
    journal.append(rows(1))
    act = Act("li.wei", "acknowledge", "lift.entrapment", "a/b/c/lift-07")
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_act_elsewhere, args=(tmp_path / "journal.db", act))
    process.start()
    assert journal.wait(1, 60)
    process.join(60)
    assert process.exitcode == 0
    assert [(r.offset, r.kind) for r in journal.read(1, 10)] == [(2, "act")]
    assert journal.append(rows(1))[0].offset == 3
    journal.close()


def _act_elsewhere(path: Path, act: Act) -> None:
    append_act(path, act, now_us=5)


def test_texts_are_found_and_never_cut(tmp_path: Path) -> None:
    """The rule texts in force survive every cut, so that what is left can be replayed."""
    journal = Journal.open(tmp_path / "journal.db")
    assert journal.last_text() is None
    journal.append([NewRecord(1, "text", b"{}"), *rows(30)])
    assert journal.cut(25, step=5) == 23
    found = journal.last_text()
    assert found is not None
    assert found.offset == 1
    assert [record.offset for record in journal.read(0, 100)] == [1, *range(25, 32)]
    journal.close()


def test_a_journal_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    """A schema that we do not know is no journal of ours."""
    path = tmp_path / "journal.db"
    Journal.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(SchemaError, match="schema 2"):
        Journal.open(path)


def test_bound_in_bytes_refuses_readings_only(tmp_path: Path) -> None:
    """Above the bound there is no room for readings, and cutting makes room."""
    journal = Journal.open(tmp_path / "journal.db", max_bytes=100_000, reserve_bytes=4096)
    assert journal.roomy()
    journal.append([NewRecord(1, "pack", b"x" * 10_000) for _ in range(20)])
    assert not journal.roomy()
    assert journal.append([NewRecord(2, "act", b"{}")])
    journal.cut(16)
    assert journal.roomy()
    journal.close()


def test_compact_gives_the_pages_back(tmp_path: Path) -> None:
    """VACUUM at rest shrinks the file and keeps offsets."""
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    journal.append([NewRecord(1, "pack", b"x" * 10_000) for _ in range(50)])
    journal.cut(50)
    journal.compact()
    assert path.stat().st_size < 200_000
    assert [r.offset for r in journal.read(0, 10)] == [50]
    journal.close()


@pytest.mark.parametrize("count", [1, 3])
def test_big_records_come_in_several_reads(tmp_path: Path, count: int) -> None:
    """One read brings a bounded number of bytes, and always at least one record."""
    journal = Journal.open(tmp_path / "journal.db")
    journal.append([NewRecord(1, "pack", b"x" * 9_000_000) for _ in range(count)])
    assert [record.offset for record in journal.read(0, 10)] == [1]
    journal.close()

"""The journal: the hub's append-only log of all its inputs, in one SQLite file whose commits survive a power cut."""

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from device_profiles import durable
from hub import metrics
from hub.errors import JournalFull
from hub.journal.file import open_file, translated
from hub.journal.records import (
    Act,
    Kind,
    NewRecord,
    Record,
    append_act,
    empty_rows,
    first_unbroken,
    insert_rows,
    numbered,
    reserve_path,
)
from hub.journal.tail import Tail
from hub.journal.thinned import Loss, Rewrite, Thinned, read_losses, read_thinned, rewrite, uncount

__all__ = ["POLL_S", "Act", "Journal", "Kind", "NewRecord", "Record", "append_act"]

RESERVE_BYTES = 16 * 1024 * 1024  # room for some 10,000 alarms and acts on a full disk
POLL_S = 0.25  # how late an act that another process wrote is seen
_READ_BYTES = 8 * 1024 * 1024  # what one read may bring into memory
_STEP = 1_000  # rows cut in one transaction: more would hold the writer up for longer than an alarm may wait

_OLDEST = "SELECT offset FROM records WHERE kind <> 'text' ORDER BY offset LIMIT 1"
_SELECT = "SELECT offset, received_us, kind, agent, epoch, lane, seq, body FROM records"


class Journal:
    """The journal of one hub. Whoever appends or cuts waits for the other; readers wait for nobody."""

    def __init__(self, path: Path, *, max_bytes: int = 0, reserve_bytes: int = RESERVE_BYTES) -> None:
        """Open ``path``; ``max_bytes`` 0 is no bound but the disk, ``reserve_bytes`` 0 takes no reserve (readers)."""
        self.path = path
        self.max_bytes = max_bytes
        self._reserve = durable.DiskReserve(reserve_path(path), reserve_bytes)
        self._writing = threading.Lock()
        if reserve_bytes and shutil.disk_usage(path.parent).free < reserve_bytes:
            self._reserve.release()  # a hub that cannot open its files raises no alarm at all
        self._writer = open_file(path)
        self._idle: list[sqlite3.Connection] = []  # read connections that nobody uses now
        self._grown = threading.Condition()
        self.tail = Tail()
        self._last = self._stored_last()
        if reserve_bytes:
            self._reserve.hold()

    @classmethod
    def open(cls, path: Path, *, max_bytes: int = 0, reserve_bytes: int = RESERVE_BYTES) -> "Journal":
        """Open or make the journal in ``path``."""
        return cls(path, max_bytes=max_bytes, reserve_bytes=reserve_bytes)

    def close(self) -> None:
        """Close the file; nobody may use the journal any more."""
        with self._writing:
            self._writer.close()
            while self._idle:
                self._idle.pop().close()

    def append(self, rows: Sequence[NewRecord], *, urgent: bool = False) -> list[Record]:
        """Write ``rows`` in one transaction and return them with their offsets, after the fsync.

        Raises JournalFull when there is no room; ``urgent`` rows take the reserve first.
        """
        if not rows:
            return []
        with self._writing, metrics.COMMIT_SECONDS.time():
            last = self._insert(rows, urgent=urgent)
        records = [numbered(row, offset) for offset, row in enumerate(rows, last - len(rows) + 1)]
        with self._grown:
            self.tail.extend(records)
            self._last = max(self._last, last)
            self._grown.notify_all()
        return records

    def read(self, after: int, limit: int) -> list[Record]:
        """Return at most ``limit`` records after offset ``after``, in order; fewer when they are big."""
        with self._grown:
            records = self.tail.after(after, limit)
        if records:
            return records
        with self._reading() as connection:
            return _few(connection.execute(f"{_SELECT} WHERE offset > ? ORDER BY offset LIMIT ?", (after, limit)))

    def last_text(self) -> Record | None:
        """Return the newest record of rule texts."""
        with self._reading() as connection:
            row = connection.execute(f"{_SELECT} WHERE kind = 'text' ORDER BY offset DESC LIMIT 1").fetchone()
        return Record(*row) if row else None

    def of_kind(self, kind: Literal["quarantine", "aside", "fetch"], after: int, limit: int) -> list[Record]:
        """Return at most ``limit`` records of a rare kind after ``after``, in order; fewer when they are big."""
        where = f"kind = '{kind}' AND offset > ?"  # the kind as a literal: so it is an index's own condition
        with self._reading() as connection:
            return _few(connection.execute(f"{_SELECT} WHERE {where} ORDER BY offset LIMIT ?", (after, limit)))

    def quarantined_sizes(self, after: int) -> list[tuple[int, int]]:
        """Return (offset, bytes) of the messages in quarantine after ``after``, oldest first, notes included."""
        select = "SELECT offset, length(body) FROM records WHERE kind = 'quarantine' AND offset > ? ORDER BY offset"
        with self._reading() as connection:
            return [(offset, size) for offset, size in connection.execute(select, (after,))]

    def empty(self, offsets: Sequence[int]) -> int:
        """Leave only the notes of quarantined messages; return how many had more. Raises JournalFull."""
        with self._writing, translated(self.path), durable.transaction(self._writer):
            return empty_rows(self._writer, offsets)

    def last_offset(self) -> int:
        """Return the offset of the newest record ever written, 0 before the first."""
        with self._grown:
            return self._last

    def newest_offset(self) -> int:
        """Return the offset of the newest record that any process wrote."""
        self._look()
        return self.last_offset()

    def first_offset(self) -> int:
        """Return the offset of the oldest record kept (texts apart); that of the next one when nothing is kept."""
        with self._reading() as connection:
            oldest = connection.execute(_OLDEST).fetchone()
        return int(oldest[0]) if oldest else self._stored_last() + 1

    def unbroken_from(self) -> int:
        """Return the offset from which on no record is missing: texts that stand right before the oldest count."""
        with self._reading() as connection:
            return first_unbroken(connection, self.first_offset())

    def whole_from(self) -> int:
        """Return the offset from which on nothing was cut or thinned: only from there can anything be replayed."""
        return max(self.first_offset(), self.thinned().upto + 1)

    def thinned(self) -> Thinned:
        """Return how far readings are given up."""
        with self._reading() as connection:
            return read_thinned(connection)

    def losses(self) -> list[Loss]:
        """Return what was given up at the bound since the journal began."""
        with self._reading() as connection:
            return read_losses(connection)

    def rewrite(self, change: Rewrite) -> None:
        """Give up readings that every reader has taken in. Raises JournalFull."""
        with self._writing, translated(self.path), durable.transaction(self._writer):
            rewrite(self._writer, change)
        with self._grown:
            self.tail.cut(change.upto + 1)

    def wait(self, after: int, timeout_s: float) -> bool:
        """Return True as soon as there is a record after ``after``, False when ``timeout_s`` real seconds are over."""
        deadline = time.monotonic() + timeout_s
        while True:
            with self._grown:
                left = deadline - time.monotonic()
                if self._grown.wait_for(lambda: self._last > after, max(0.0, min(left, POLL_S))):
                    return True
            if left <= 0:
                return False
            self._look()

    def roomy(self) -> bool:
        """Return whether readings may be written: the reserve is held and the bound is not reached."""
        return self._reserve.hold() and not (self.max_bytes and self.used_bytes() > self.max_bytes)

    def make_room(self) -> bool:
        """Give the reserve to alarms and acts on a full disk; return whether there was any to give."""
        return self._reserve.release()

    def used_bytes(self) -> int:
        """Return the bytes that records take in the file (its free pages are used again)."""
        with self._reading() as connection:
            pages, free, size = (
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def offset_at(self, received_us: int) -> int:
        """Return the offset of a record before which nothing is younger than ``received_us``, by bisection."""
        low, high = self.first_offset(), self._stored_last() + 1
        while low < high:
            middle = (low + high) // 2
            found = self.read(middle - 1, 1)
            if found and found[0].received_us < received_us:
                low = found[0].offset + 1
            else:
                high = middle
        return low

    def first_within(self, since_us: int, upto_us: int) -> int:
        """Return the offset of the first record (texts apart) received between two times, else of the next one."""
        where = "received_us BETWEEN ? AND ? AND kind <> 'text' ORDER BY offset LIMIT 1"
        with self._reading() as connection:
            found = connection.execute(f"SELECT offset FROM records WHERE {where}", (since_us, upto_us)).fetchone()
        return int(found[0]) if found else self._stored_last() + 1

    def cut(self, before_offset: int, step: int = _STEP) -> int:
        """Delete the records before ``before_offset``, ``step`` in a transaction; return how many.

        Texts stay: what is left is judged by the last of them. The caller keeps ``before_offset`` at or below what
        every reader has taken in. Raises JournalFull.
        """
        gone = 0
        while True:
            with self._writing, translated(self.path), durable.transaction(self._writer):
                oldest = self._writer.execute(_OLDEST).fetchone()
                end = min(before_offset, (oldest[0] if oldest else before_offset) + step)
                uncount(self._writer, end)
                cut = self._writer.execute("DELETE FROM records WHERE offset < ? AND kind <> 'text'", (end,)).rowcount
            with self._grown:
                self.tail.cut(end)
            gone += cut
            if not cut or end >= before_offset:
                return gone

    def go_on_after(self, offset: int) -> bool:
        """Number the next record behind ``offset``; return False when it is so anyway.

        For a file that was lost while the readers' cursors were not: they would skip whatever gets a lower number.
        """
        with self._writing, translated(self.path), durable.transaction(self._writer):
            if self._stored_last() >= offset:
                return False
            self._writer.execute("DELETE FROM sqlite_sequence WHERE name = 'records'")
            self._writer.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('records', ?)", (offset,))
        self._look()
        return True

    def compact(self) -> None:
        """Give free pages back to the disk; only at rest, it copies the file. Raises JournalFull."""
        with self._writing, translated(self.path):
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, path: Path) -> None:
        """Copy what is committed now to ``path``, while others write."""
        with self._reading() as source, contextlib.closing(sqlite3.connect(path)) as target:
            source.backup(target)

    def _insert(self, rows: Sequence[NewRecord], *, urgent: bool) -> int:
        try:
            return self._insert_once(rows)
        except JournalFull:
            if not (urgent and self._reserve.release()):
                raise
        return self._insert_once(rows)

    def _insert_once(self, rows: Sequence[NewRecord]) -> int:
        with translated(self.path), durable.transaction(self._writer):
            return insert_rows(self._writer, rows)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with translated(self.path):
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = durable.connect(self.path)
                connection.execute("PRAGMA query_only=ON")
            try:
                yield connection
            finally:
                self._idle.append(connection)

    def _stored_last(self) -> int:
        with self._reading() as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'").fetchone()
        return row[0] if row else 0

    def _look(self) -> None:
        stored = self._stored_last()
        with self._grown:
            if stored > self._last:
                self._last = stored
                self._grown.notify_all()


def _few(rows: sqlite3.Cursor) -> list[Record]:
    """Return records until they are as many bytes as one read may bring."""
    records, size = [], 0
    for row in rows:
        records.append(Record(*row))
        size += len(row[-1])
        if size > _READ_BYTES:
            break
    return records

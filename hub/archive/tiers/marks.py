"""Marks: which minutes and hours of which device must be computed anew, and how far back each tier still reaches."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from device_profiles import durable
from hub.archive import EVENT_PREFIX, Point
from hub.archive.blocks import runs_of
from hub.archive.embedded import set_aside
from hub.archive.tiers import HOUR_US, MINUTE_US, Tier
from hub.errors import StoreDown

MAX_MARKS = 200_000  # hours of devices that wait to be computed: a backlog of four days of 2,000 devices, 40 MB
HOUR_BIT = 1 << 60  # bits 0 to 59 of a mark are the minutes of its hour, this one is the hour itself

Key = tuple[str, int]  # subject, where the hour begins

_SCHEMA = """
CREATE TABLE IF NOT EXISTS marks (
  subject TEXT NOT NULL, hour_us INTEGER NOT NULL, bits INTEGER NOT NULL, PRIMARY KEY (subject, hour_us)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS horizons (
  subject TEXT NOT NULL, tier TEXT NOT NULL, before_us INTEGER NOT NULL, deleted_us INTEGER NOT NULL,
  PRIMARY KEY (subject, tier)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (
  id INTEGER PRIMARY KEY CHECK (id = 1), offset INTEGER NOT NULL, late INTEGER NOT NULL
);
INSERT OR IGNORE INTO place VALUES (1, 0, 0);
"""
_PUT = "INSERT OR REPLACE INTO marks VALUES (?, ?, ?)"
_NEW = "INSERT OR IGNORE INTO horizons VALUES (?, 'raw', 0, 0)"
_MOVE = "INSERT OR REPLACE INTO horizons VALUES (?, ?, ?, ?)"
_FIRST = "SELECT min(hour_us) FROM marks WHERE subject = ?"
_DROP = "DELETE FROM marks WHERE subject = ? AND hour_us = ?"


class Marks:
    """Marks in memory and, before the points that they speak of are written, on disk: a crash forgets none.

    A mark can be taken once its points are in the archive; one that is set again meanwhile stays.
    """

    def __init__(self, path: Path, *, most: int = MAX_MARKS) -> None:
        """Open or make ``path``. Raises StoreDown."""
        self.path = path
        self._most = most
        self._lock = threading.RLock()  # the archive's reader marks, the worker takes
        with self._translated():
            self._connection = _open(path)
            rows = self._connection.execute("SELECT subject, hour_us, bits FROM marks").fetchall()
            subjects = self._connection.execute("SELECT DISTINCT subject FROM horizons").fetchall()
            place, late = self._connection.execute("SELECT offset, late FROM place").fetchone()
        self.late: int = late  # hours that came after their points had been deleted: they changed no tier
        self.place: int = place  # everything that was archived up to here in the journal was marked
        self.whole = False  # everything behind it will be, too
        self._stored: dict[Key, int] = {(subject, hour_us): bits for subject, hour_us, bits in rows}
        self._ready = dict(self._stored)  # of what is stored, what can be taken; the rest is taken or being written
        self._writing: list[dict[Key, int]] = []
        self._subjects: set[str] = {subject for (subject,) in subjects}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __len__(self) -> int:
        """Return how many hours of devices wait."""
        return len(self._stored)

    @property
    def full(self) -> bool:
        """Whether so many wait that soon no more are taken: then what is not over yet is computed too."""
        return len(self._stored) > self._most // 2

    def mark(self, points: Sequence[Point], *, offset: int) -> None:
        """Mark what was archived without a mark, up to the journal's ``offset``. Raises StoreDown."""
        with self._lock:
            marks = _marks_of(points)
            self._mark(marks, offset)
            self._set_ready(marks)

    @contextlib.contextmanager
    def writing(self, points: Sequence[Point], *, offset: int) -> Iterator[None]:
        """Mark what ``points`` change, while they are written; all up to the journal's ``offset`` is marked then.

        Raises StoreDown, before anything is written, when there are too many marks: the archive waits for the worker.
        """
        marks = _marks_of(points)
        with self._lock:
            self._mark(marks, max(self.place, offset) if self.whole else self.place)
            self._writing.append(marks)
        try:
            yield
        finally:  # also of a write that failed: it may be there in part
            with self._lock:
                self._writing = [others for others in self._writing if others is not marks]
                self._set_ready(marks)

    def ready(self) -> list[Key]:
        """Return the hours with something to compute, in order."""
        with self._lock:
            return sorted(self._ready)

    def take(self, key: Key, *, upto_us: int) -> int:
        """Take and return the bits of an hour that are over at ``upto_us``; they stay on disk until they are done."""
        with self._lock:
            bits = self._ready.pop(key, 0)
            due = bits & over(upto_us - key[1])
            self._set_ready({key: bits & ~due})
        return due

    def give_back(self, taken: dict[Key, int]) -> None:
        """Put back what could not be computed now."""
        with self._lock:
            self._set_ready(taken)

    def done(self, taken: dict[Key, int]) -> None:
        """Forget what was computed unless it was marked again since. Raises StoreDown."""
        with self._lock:
            left = {key: self._ready.get(key, 0) for key in taken}
            for marks in self._writing:
                left |= {key: left[key] | marks[key] for key in left.keys() & marks.keys()}
            self._store(
                {key: bits for key, bits in left.items() if bits != self._stored.get(key, 0)}, frozenset(), self.place
            )

    def subjects(self) -> list[str]:
        """Return every device that the archive ever got a value or an event of."""
        with self._lock:
            return sorted(self._subjects)

    def horizon(self, subject: str, tier: Tier = Tier.RAW) -> int:
        """Return before when a tier of a device is deleted."""
        with self._lock, self._translated():
            return self._horizon(subject, tier)[0]

    def advance(self, subject: str, tier: Tier, before_us: int) -> tuple[int, int] | None:
        """Say that a tier is deleted before ``before_us``, or before the first hour that waits to be computed.

        Return from when to when it must be deleted now, if at all. Minutes never get ahead of the points.
        """
        with self._lock, self._translated():
            known_us, deleted_us = self._horizon(subject, tier)
            if tier in (Tier.RAW, Tier.MINUTE):
                (first_us,) = self._connection.execute(_FIRST, (subject,)).fetchone()
                before_us = min(before_us, before_us if first_us is None else first_us)
            if tier is Tier.MINUTE:
                before_us = min(before_us, self._horizon(subject, Tier.RAW)[0])
            before_us = max(before_us, known_us)
            if before_us > known_us:
                self._connection.execute(_MOVE, (subject, tier, before_us, deleted_us))
            return (deleted_us, before_us) if before_us > deleted_us else None

    def deleted(self, subject: str, tier: Tier, before_us: int) -> None:
        """Say that a tier was deleted before ``before_us``."""
        with self._lock, self._translated():
            self._connection.execute(_MOVE, (subject, tier, self._horizon(subject, tier)[0], before_us))

    def _horizon(self, subject: str, tier: Tier) -> tuple[int, int]:
        query = "SELECT before_us, deleted_us FROM horizons WHERE subject = ? AND tier = ?"
        row = self._connection.execute(query, (subject, tier)).fetchone()
        return (row[0], row[1]) if row else (0, 0)

    def _mark(self, marks: dict[Key, int], place: int) -> None:
        rows = {key: self._stored.get(key, 0) | bits for key, bits in marks.items()}
        rows = {key: bits for key, bits in rows.items() if bits != self._stored.get(key, 0)}
        if len(self._stored) + sum(key not in self._stored for key in rows) > self._most:
            raise StoreDown("tiers", f"{len(self._stored)} hours of devices wait to be computed")
        subjects = frozenset(subject for subject, _ in marks) - self._subjects
        if rows or subjects:
            self._store(rows, subjects, place)
        self.place = place  # without rows on disk with the next ones: until then a crash looks for marks again

    def _store(self, rows: dict[Key, int], subjects: frozenset[str], place: int) -> None:
        """Write rows (bits 0: none any more) and new subjects with the place, in one transaction."""
        with self._translated(), durable.transaction(self._connection) as connection:
            connection.executemany(_PUT, [(*key, bits) for key, bits in rows.items() if bits])
            connection.executemany(_DROP, [key for key, bits in rows.items() if not bits])
            connection.executemany(_NEW, [(subject,) for subject in sorted(subjects)])
            connection.execute("UPDATE place SET offset = ?, late = ?", (place, self.late))
        self._stored |= rows
        for key in [key for key, bits in rows.items() if not bits]:
            del self._stored[key]
        self._subjects |= subjects

    def _set_ready(self, marks: dict[Key, int]) -> None:
        for key, bits in marks.items():
            if bits:
                self._ready[key] = self._ready.get(key, 0) | bits

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreDown("tiers", f"{self.path}: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    """Open or make the file; a damaged one is set aside, for the journal has what it was made from."""
    try:
        connection = durable.connect(path)
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError as error:
        if not durable.is_damaged(error):
            raise
        set_aside(path, str(error))
        connection = durable.connect(path)
        connection.executescript(_SCHEMA)
    return connection


def over(elapsed_us: int) -> int:
    """Return the bits of an hour that are over so long after it began."""
    minutes = max(0, min(60, elapsed_us // MINUTE_US))
    return (1 << minutes) - 1 | (HOUR_BIT if minutes == 60 else 0)


def _marks_of(points: Sequence[Point]) -> dict[Key, int]:
    """Return hour → bits of all points; those of one reading are looked at once."""
    marks: dict[Key, int] = {}
    for run in runs_of(points):
        said = run.times if _is_value(run.names) else [b.t_us for b in run.blocks if _is_value(tuple(b.values))]
        for minute in _minutes(said):
            hour, bit = divmod(minute, 60)
            key = run.subject, hour * HOUR_US
            marks[key] = marks.get(key, 0) | 1 << bit | HOUR_BIT
        for hour in {minute // 60 for minute in _minutes(run.times)} if said is not run.times else ():
            marks.setdefault((run.subject, hour * HOUR_US), 0)  # no bit, but its device is known
    return marks


def _minutes(times: Sequence[int]) -> set[int]:
    """Return the minutes since 1970 of some times: one of those that a batch brings, nearly always."""
    first = min(times, default=0) // MINUTE_US
    return {first} if times and max(times) // MINUTE_US == first else {t_us // MINUTE_US for t_us in times}


def _is_value(names: Sequence[str]) -> bool:
    """Return whether any is of a value and not of an event: the first one tells, nearly always."""
    return any(not name.startswith(EVENT_PREFIX) for name in names)

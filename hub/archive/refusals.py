"""What the database refused: a bounded table of points in a file of the archive's own, and its last known place."""

import sqlite3
import threading
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from device_profiles import durable
from hub.archive.embedded import set_aside, translated
from hub.errors import StoreDown

MOST_REFUSED = 100_000  # points; the oldest go and are counted, some 40 MB
_SCHEMA = """
CREATE TABLE IF NOT EXISTS refused_points (
  id INTEGER PRIMARY KEY AUTOINCREMENT, refused_us INTEGER NOT NULL, offset INTEGER NOT NULL,
  subject TEXT NOT NULL, field TEXT NOT NULL, t_us INTEGER NOT NULL,
  agent TEXT NOT NULL, epoch INTEGER NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
  reason TEXT NOT NULL, words TEXT NOT NULL, line TEXT NOT NULL,
  UNIQUE (subject, field, t_us, agent, epoch, lane, seq)
);
CREATE TABLE IF NOT EXISTS place (
  id INTEGER PRIMARY KEY CHECK (id = 1), offset INTEGER NOT NULL, superseded INTEGER NOT NULL, dropped INTEGER NOT NULL
);
INSERT OR IGNORE INTO place VALUES (1, 0, 0, 0);
"""
_COLUMNS = (
    "refused_us",
    "offset",
    "subject",
    "field",
    "t_us",
    "agent",
    "epoch",
    "lane",
    "seq",
    "reason",
    "words",
    "line",
)
_INSERT = f"INSERT OR IGNORE INTO refused_points ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' for _ in _COLUMNS)})"
_READ = f"SELECT {', '.join(_COLUMNS)}, id FROM refused_points WHERE id > ? ORDER BY id LIMIT ?"


class RefusalReason(StrEnum):
    """Why a point is not in the database; the server's words say more."""

    REJECTED = "rejected"  # 400, 422: a type conflict, a time beyond retention, a text it cannot read
    TOO_LARGE = "too_large"  # 413
    UNENCODABLE = "unencodable"  # it cannot be said in line protocol


class RefusedPoint(msgspec.Struct, frozen=True):
    """A point that the database does not take."""

    refused_us: int  # wall time of this machine
    offset: int  # the archive's place in the journal behind its batch
    subject: str  # <area>/<device>
    field: str
    t_us: int
    agent: str
    epoch: int
    lane: str
    seq: int
    reason: RefusalReason
    words: str  # the server's
    line: str  # what was sent
    id: int = 0


class Place(msgspec.Struct, frozen=True):
    """How far the journal is archived."""

    offset: int
    superseded: int  # points up to there that gave way to another of their identity, or found a greater one there


class Refusals:
    """The table; calls may come from several threads. All raise StoreDown when the file cannot be used."""

    def __init__(self, path: Path, *, most: int = MOST_REFUSED) -> None:
        self.path = path
        self._most = most
        self._lock = threading.Lock()
        try:
            self._connection = _open(path)
        except StoreDown as error:
            if error.__cause__ is None or not durable.is_damaged(error.__cause__):
                raise
            set_aside(path, error.reason)  # the journal is archived again, and what is bad refused again
            self._connection = _open(path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def keep(self, points: Sequence[RefusedPoint]) -> int:
        """Store ``points``, once each, on disk; return how many are new."""
        rows = [tuple(getattr(point, column) for column in _COLUMNS) for point in points]
        with self._lock, translated(self.path), durable.transaction(self._connection) as connection:
            before = connection.total_changes
            connection.executemany(_INSERT, rows)
            new = connection.total_changes - before
            self._bound()
        return new

    def read(self, *, after: int = 0, limit: int = 1_000) -> list[RefusedPoint]:
        """Return points in the order of their refusal, those with an id greater than ``after``."""
        with self._lock, translated(self.path):
            rows = self._connection.execute(_READ, (after, limit)).fetchall()
        names = (*_COLUMNS, "id")
        return [msgspec.convert(dict(zip(names, row, strict=True)), RefusedPoint) for row in rows]

    def drop(self, ids: Sequence[int]) -> int:
        """Forget the points with these ids; return how many there were."""
        with self._lock, translated(self.path):
            before = self._connection.total_changes
            self._connection.executemany("DELETE FROM refused_points WHERE id = ?", [(one,) for one in ids])
            return self._connection.total_changes - before

    def counts(self) -> tuple[int, int]:
        """Return how many points are held, and how many were dropped because there were too many."""
        with self._lock, translated(self.path):
            held = self._connection.execute("SELECT count(*) FROM refused_points").fetchone()[0]
            return held, self._connection.execute("SELECT dropped FROM place").fetchone()[0]

    def place(self) -> Place:
        """Return the place that the database had when it was last told."""
        with self._lock, translated(self.path):
            return Place(*self._connection.execute("SELECT offset, superseded FROM place").fetchone())

    def tell_place(self, place: Place) -> None:
        """Remember the database's place, which is on disk there."""
        with self._lock, translated(self.path):
            self._connection.execute("UPDATE place SET offset = ?, superseded = ?", (place.offset, place.superseded))

    def _bound(self) -> None:
        held = self._connection.execute("SELECT count(*) FROM refused_points").fetchone()[0]
        if held > self._most:
            oldest = "SELECT id FROM refused_points ORDER BY id LIMIT ?"
            self._connection.execute(f"DELETE FROM refused_points WHERE id IN ({oldest})", (held - self._most,))
            self._connection.execute("UPDATE place SET dropped = dropped + ?", (held - self._most,))


def now_us() -> int:
    """Return the machine's wall time: when a server said something is no city time."""
    return time.time_ns() // 1_000


def _open(path: Path) -> sqlite3.Connection:
    with translated(path):
        connection = durable.connect(path)
        connection.executescript(_SCHEMA)
        return connection

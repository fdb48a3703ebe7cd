"""The archive of a try-out: one SQLite file beside the journal."""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from device_profiles import durable
from device_profiles.wire import Value
from hub.archive import BATCH_POINTS, Point, Query, Settle
from hub.errors import DataDamaged, StoreDown

logger = logging.getLogger(__name__)

_HOUR_US = 3_600_000_000
# `value` has no declared type, so that SQLite keeps integers, floats and texts as they are; bools are told by `type`.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS points (
  subject TEXT NOT NULL, field TEXT NOT NULL, t_us INTEGER NOT NULL, value, type TEXT NOT NULL,
  agent TEXT NOT NULL, epoch INTEGER NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL, historical INTEGER NOT NULL,
  PRIMARY KEY (subject, field, t_us)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (
  id INTEGER PRIMARY KEY CHECK (id = 1), offset INTEGER NOT NULL, superseded INTEGER NOT NULL DEFAULT 0
);
INSERT OR IGNORE INTO place (id, offset) VALUES (1, 0);
"""
_INSERT = "INSERT OR IGNORE INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RANK = "SELECT epoch, seq, lane, agent FROM points WHERE (subject, field, t_us) = (?, ?, ?)"
_UPSERT = """
INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (subject, field, t_us) DO UPDATE SET value = excluded.value, type = excluded.type, agent = excluded.agent,
  epoch = excluded.epoch, lane = excluded.lane, seq = excluded.seq, historical = excluded.historical
WHERE (excluded.epoch, excluded.seq, excluded.lane, excluded.agent) > (epoch, seq, lane, agent)
"""
_WHERE = "WHERE (? = '' OR subject = ?) AND (? = '' OR field = ?) AND t_us >= ? AND t_us < ?"
_READ = f"SELECT * FROM points {_WHERE} ORDER BY subject, field, t_us LIMIT ?"
_COUNT = f"SELECT t_us / {_HOUR_US}, count(*) FROM points {_WHERE} GROUP BY 1 ORDER BY 1"


class EmbeddedArchive:
    """Points and the place in the journal in one file: both move in one transaction."""

    most_points = BATCH_POINTS  # in one write
    kept_out = 0  # batches of which something was refused: it takes everything

    def __init__(self, path: Path, *, mend: bool = True) -> None:
        """Open or make ``path``; a damaged file is set aside, for the journal has what it held. Raises StoreDown.

        Who only looks does not ``mend``: a hub may be writing to it.
        """
        self.path = path
        self._lock = threading.Lock()  # one connection, used by the archive's reader and by whoever asks
        try:
            self._connection = _open(path)
        except DataDamaged as error:
            if not mend:
                says = "is damaged; the hub fills a new one from the journal when it starts"
                raise StoreDown(str(path), says) from error
            set_aside(path, str(error))
            self._connection = _open(path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def offset(self) -> int:
        """Return the place in the journal."""
        with self._lock, translated(self.path):
            return int(self._connection.execute("SELECT offset FROM place").fetchone()[0])

    def remembered(self) -> int:
        """Return the place in the journal: this archive is never away."""
        return self.offset()

    def superseded(self) -> int:
        """Return how many points gave way to another of their identity, or found a greater one there."""
        with self._lock, translated(self.path):
            return int(self._connection.execute("SELECT superseded FROM place").fetchone()[0])

    def write(self, points: Sequence[Point], *, offset: int) -> None:
        """Store points and place in one transaction; of two points of one identity the greater rank stays."""
        rows = [_row(point) for point in points]
        with self._lock, translated(self.path), durable.transaction(self._connection) as connection:
            connection.execute("SAVEPOINT new")
            if rows and connection.executemany(_INSERT, rows).rowcount != len(rows):  # rare: some met another
                connection.execute("ROLLBACK TO new")
                superseded = _meetings(connection, points)
                connection.executemany(_UPSERT, rows)
                connection.execute("UPDATE place SET superseded = superseded + ?", (superseded,))
            connection.execute("UPDATE place SET offset = ? WHERE offset < ?", (offset, offset))

    def begin_write(self, points: Sequence[Point], *, offset: int) -> Settle:
        """Write at once: there is nobody to wait for."""
        self.write(points, offset=offset)
        return _settled

    def read(self, query: Query) -> list[Point]:
        """Return points in the order of subject, field and time."""
        with self._lock, translated(self.path):
            rows = self._connection.execute(_READ, (*_bounds(query), query.limit)).fetchall()
        return [_point(row) for row in rows]

    def count_by_hour(self, query: Query) -> dict[int, int]:
        """Return start of the hour → points in it; the query's limit is of no effect."""
        with self._lock, translated(self.path):
            rows = self._connection.execute(_COUNT, _bounds(query)).fetchall()
        return {hour * _HOUR_US: count for hour, count in rows}


def _settled() -> None:
    """Nothing is on its way."""


def _open(path: Path) -> sqlite3.Connection:
    try:
        with translated(path):
            connection = durable.connect(path)
            connection.executescript(_SCHEMA)
            if "superseded" not in {row[1] for row in connection.execute("PRAGMA table_info(place)")}:
                connection.execute("ALTER TABLE place ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0")
            return connection
    except StoreDown as error:
        if error.__cause__ is not None and durable.is_damaged(error.__cause__):
            raise DataDamaged(str(path), error.reason) from error
        raise


def set_aside(path: Path, reason: str) -> None:
    """Rename a damaged file with its WAL; who opens ``path`` next makes a new one."""
    aside = f"{path.name}.broken-{time.time_ns() // 1_000_000_000}"
    logger.error("%s; it is kept as %s and filled anew from the journal", reason, aside)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    for suffix in ("-wal", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(path.with_name(aside + suffix))


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Whatever is wrong with the file, its reader waits: alarms never do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        reason = "no space left" if durable.is_disk_full(error) else str(error)
        raise StoreDown("archive", f"{path}: {reason}") from error


def _meetings(connection: sqlite3.Connection, points: Sequence[Point]) -> int:
    """Return how many points will meet one of another pack, whichever of the two stays."""
    ranks: dict[tuple[str, str, int], tuple[int, int, str, str]] = {}
    met = 0
    for point in points:
        identity = point.subject, point.field, point.t_us
        present = ranks.get(identity) or connection.execute(_RANK, identity).fetchone()
        met += present is not None and present != point.rank
        ranks[identity] = max(present or point.rank, point.rank)
    return met


def _bounds(query: Query) -> tuple[str, str, str, str, int, int]:
    return (query.subject, query.subject, query.field, query.field, query.from_us, query.to_us)


def _row(point: Point) -> tuple[Any, ...]:
    kind = type(point.value).__name__
    return (
        point.subject, point.field, point.t_us, point.value, kind,
        point.agent, point.epoch, point.lane, point.seq, point.historical,
    )  # fmt: skip


def _point(row: tuple[Any, ...]) -> Point:
    subject, field, t_us, stored, kind, agent, epoch, lane, seq, historical = row
    area, _, device = subject.rpartition("/")
    value: Value = bool(stored) if kind == "bool" else stored
    return Point(area, agent, device, field, t_us, value, epoch, lane, seq, bool(historical))

"""The tiers of a try-out: a table beside the points, in the embedded archive's file."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from device_profiles import durable
from hub.archive import EVENT_PREFIX, Query
from hub.archive.embedded import translated
from hub.archive.tiers import Bucket, Extent, Tier

_STEP = 5_000  # points deleted in one transaction: the archive's reader waits no longer than that takes
_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
  tier TEXT NOT NULL, subject TEXT NOT NULL, field TEXT NOT NULL, t_us INTEGER NOT NULL,
  count INTEGER NOT NULL, numbers INTEGER NOT NULL, low REAL, high REAL, mean REAL,
  last, last_us INTEGER NOT NULL,
  PRIMARY KEY (tier, subject, field, t_us)
) WITHOUT ROWID;
"""
_PUT = "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_READ = """
SELECT * FROM buckets WHERE tier = ? AND (? = '' OR subject = ?) AND (? = '' OR field = ?) AND t_us >= ? AND t_us < ?
ORDER BY subject, field, t_us LIMIT ?
"""
_EVENTS = f"field >= '{EVENT_PREFIX}' AND field < '{EVENT_PREFIX[:-1]}0'"  # a range of the key: '0' is behind '/'

_FROM = {  # where a tier is; the key of the table goes on with subject, field, t_us
    Tier.RAW: ("points", f"NOT ({_EVENTS})"),
    Tier.EVENTS: ("points", _EVENTS),
    Tier.MINUTE: ("buckets", "tier = 'minute'"),
    Tier.HOUR: ("buckets", "tier = 'hour'"),
}


class EmbeddedTiers:
    """Buckets in the file of an EmbeddedArchive, through a connection of their own."""

    def __init__(self, path: Path) -> None:
        """``path`` is that of an EmbeddedArchive; it is opened when it is needed first: a stuck file stops no start."""
        self._path = path
        self._lock = threading.Lock()  # one connection, used by the worker and by whoever asks
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()

    def put(self, tier: Tier, buckets: list[Bucket]) -> None:
        """Store buckets in one transaction."""
        rows = [_row(tier, bucket) for bucket in buckets]
        with self._using() as opened, durable.transaction(opened) as connection:
            connection.executemany(_PUT, rows)

    def buckets(self, tier: Tier, query: Query) -> list[Bucket]:
        """Return buckets in the order of subject, field and time."""
        bounds = (tier, query.subject, query.subject, query.field, query.field, query.from_us, query.to_us)
        with self._using() as connection:
            rows = connection.execute(_READ, (*bounds, query.limit)).fetchall()
        return [Bucket(*row[1:]) for row in rows]

    def forget(self, tier: Tier, subject: str, *, from_us: int, to_us: int) -> None:
        """Delete in steps, so that nobody waits for long; points at the instant of an event stay with it."""
        table, where = ("points", "1") if tier is Tier.EVENTS else _FROM[tier]
        for field in self._fields(table, where, subject):
            step = f"{where} AND subject = ? AND field = ? AND t_us >= ? AND t_us < ?"
            bounds: tuple[Any, ...] = (subject, field, from_us, to_us)
            if tier is Tier.RAW:
                step += f" AND t_us NOT IN (SELECT t_us FROM points WHERE {_EVENTS} AND subject = ?)"
                bounds += (subject,)
            while self._delete(table, step, bounds):
                pass

    def extent(self, tier: Tier) -> Extent:
        """Return how much there is."""
        table, where = _FROM[tier]
        with self._using() as connection:
            row = connection.execute(f"SELECT count(*), min(t_us), max(t_us) FROM {table} WHERE {where}").fetchone()
        return Extent(*row)

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self._path):
            if self._opened is None:
                self._opened = durable.connect(self._path)
                self._opened.executescript(_SCHEMA)
            yield self._opened

    def _fields(self, table: str, where: str, subject: str) -> Iterator[str]:
        """Yield the fields by one look at the key for each; DISTINCT would read every row."""
        field: str | None = ""
        while field is not None:
            if field:
                yield field
            search = f"SELECT min(field) FROM {table} WHERE {where} AND subject = ? AND field > ?"
            with self._using() as connection:
                field = connection.execute(search, (subject, field)).fetchone()[0]

    def _delete(self, table: str, where: str, bounds: tuple[Any, ...]) -> bool:
        """Delete a step; return whether there may be more."""
        some = f"SELECT t_us FROM {table} WHERE {where} ORDER BY t_us LIMIT {_STEP}"
        with self._using() as connection:
            deleted = connection.execute(f"DELETE FROM {table} WHERE {where} AND t_us IN ({some})", bounds * 2)
        return deleted.rowcount == _STEP


def _row(tier: Tier, bucket: Bucket) -> tuple[Any, ...]:
    return (tier, *msgspec.structs.astuple(bucket))

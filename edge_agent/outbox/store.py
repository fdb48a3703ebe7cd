"""The outbox's file: packs by (epoch, lane, seq), the epoch, the next numbers and the judges' states."""

import contextlib
import fcntl
import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from device_profiles import durable
from device_profiles.wire import LANES, Lane
from edge_agent.errors import OutboxError

logger = logging.getLogger(__name__)

SCHEMA = 1
CHECKPOINT_PAGES = 128  # 0.5 MB: the WAL must not outgrow a reserve
_TABLES = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS seqs(epoch INTEGER NOT NULL, lane TEXT NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY(epoch, lane));
CREATE TABLE IF NOT EXISTS packs(epoch INTEGER NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL,
    created_us INTEGER NOT NULL, bytes INTEGER NOT NULL, count INTEGER NOT NULL, facts BLOB NOT NULL,
    PRIMARY KEY(lane, epoch, seq));
CREATE TABLE IF NOT EXISTS states(device TEXT PRIMARY KEY, state BLOB NOT NULL);
"""
_COLUMNS = "epoch, lane, seq, created_us, count, facts"


class StoredPack(msgspec.Struct, frozen=True):
    """One pack as the outbox keeps it."""

    epoch: int
    lane: Lane
    seq: int
    created_us: int
    count: int  # facts
    facts: bytes  # JSON array


class Run(msgspec.Struct, frozen=True):
    """Neighbouring packs of one (epoch, lane) that were removed."""

    epoch: int
    lane: Lane
    first: int
    last: int
    facts: int


class Removed(msgspec.Struct, frozen=True):
    """How much a DELETE freed."""

    packs: int
    bytes: int


class Store:
    """All SQL of the outbox. One thread writes; reads use a connection of their own."""

    def __init__(self, folder: Path, *, agent: str, now_s: int) -> None:
        """Open or make the file and begin a new epoch. Raises OutboxError, or sqlite3.Error when the disk is full."""
        self.path = folder / "outbox.db"
        self._suspect = folder / "outbox.db.damaged"  # is there: the file is set aside at the next opening
        with contextlib.ExitStack() as stack, self._noting():
            stack.callback(os.close, _lock(folder))
            self._writer = stack.enter_context(contextlib.closing(self._open(now_s)))
            self.boot = secrets.token_hex(4)
            self.epoch = self._begin_epoch(agent, now_s)
            self._reader = stack.enter_context(contextlib.closing(durable.connect(self.path)))
            self._closing = stack.pop_all()  # a start that failed half-way has closed what it opened

    def close(self) -> None:
        """Close the file and give the folder free."""
        self._closing.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        with self._noting():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def checkpoint(self) -> None:
        """Move the WAL into the file, so that its room is used again from its start. Raises sqlite3.Error."""
        self._writer.execute("PRAGMA wal_checkpoint(RESTART)")

    def free_bytes(self) -> int:
        """Return the room inside the file, which needs no disk."""
        pages = self._writer.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages) * int(self._writer.execute("PRAGMA page_size").fetchone()[0])

    def next_seqs(self) -> dict[tuple[int, Lane], int]:
        """Return (epoch, lane) → the next number, for every epoch of which packs may be held."""
        return {(epoch, lane): next_ for epoch, lane, next_ in self._writer.execute("SELECT * FROM seqs")}

    def number(self, lane: Lane) -> int:
        """Return the next seq of a lane in this epoch, and count it as given away."""
        row = self._writer.execute(
            "INSERT INTO seqs VALUES(?, ?, 2) ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1",
            (self.epoch, lane),
        ).fetchone()
        return int(row[0])

    def insert(self, lane: Lane, facts: bytes, count: int, *, created_us: int) -> int:
        """Keep a pack; return its seq."""
        seq = self.number(lane)
        self._writer.execute(
            "INSERT INTO packs VALUES(?, ?, ?, ?, ?, ?, ?)",
            (self.epoch, lane, seq, created_us, len(facts), count, facts),
        )
        return seq

    def forget(self, epoch: int, lane: Lane, to: int) -> Removed:
        """Remove what is receipted."""
        where, key = "WHERE lane = ? AND epoch = ? AND seq <= ?", (lane, epoch, to)
        found = self._writer.execute(f"SELECT count(*), coalesce(sum(bytes), 0) FROM packs {where}", key).fetchone()
        if found[0]:
            self._writer.execute(f"DELETE FROM packs {where}", key)
        return Removed(*found)

    def oldest(self, lane: Lane, limit: int) -> list[tuple[int, int, int, int, int]]:
        """Return (epoch, seq, bytes, count, created_us) of the oldest packs of a lane."""
        return self._writer.execute(
            "SELECT epoch, seq, bytes, count, created_us FROM packs WHERE lane = ? ORDER BY epoch, seq LIMIT ?",
            (lane, limit),
        ).fetchall()

    def remove(self, run: Run) -> None:
        """Remove a run of packs."""
        self._writer.execute(
            "DELETE FROM packs WHERE lane = ? AND epoch = ? AND seq BETWEEN ? AND ?",
            (run.lane, run.epoch, run.first, run.last),
        )

    def save_state(self, device: str, state: bytes) -> None:
        """Keep a judge's state."""
        self._writer.execute("INSERT OR REPLACE INTO states VALUES(?, ?)", (device, state))

    def states(self) -> dict[str, bytes]:
        """Return device → its judge's state."""
        return dict(self._writer.execute("SELECT device, state FROM states"))

    def sizes(self) -> dict[Lane, Removed]:
        """Return how much of each lane is held; a scan, so only at the start."""
        found = {lane: Removed(0, 0) for lane in LANES}
        with self._noting():
            for lane, packs, size in self._writer.execute("SELECT lane, count(*), sum(bytes) FROM packs GROUP BY lane"):
                found[lane] = Removed(packs, size)
        return found

    def unreceipted(self, lane: Lane, after: tuple[int, int], limit: int) -> list[StoredPack]:
        """Return packs of a lane behind (epoch, seq), oldest first. For the reading thread."""
        return self._select("WHERE lane = ? AND (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?", lane, *after, limit)

    def span(self, epoch: int, lane: Lane, first: int, last: int, *, limit: int) -> list[StoredPack]:
        """Return the packs held between two seqs. For the reading thread."""
        where = "WHERE lane = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        return self._select(where, lane, epoch, first, last, limit)

    def _select(self, where: str, *parameters: object) -> list[StoredPack]:
        with self._noting():
            rows = self._reader.execute(f"SELECT {_COLUMNS} FROM packs {where}", parameters)
            return [StoredPack(*row) for row in rows]

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        """Leave word for the next opening when the file turns out to be damaged."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if durable.is_damaged(error):
                with contextlib.suppress(OSError):
                    self._suspect.touch()
            raise

    def _open(self, now_s: int) -> sqlite3.Connection:
        if self._suspect.exists():
            self._set_aside(now_s)
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not durable.is_damaged(error):
                raise
            self._set_aside(now_s)
            return self._connect()

    def _set_aside(self, now_s: int) -> None:
        """Keep a damaged file for people, with what its log holds; a new one begins."""
        aside = f"outbox.db.broken-{now_s}"
        logger.error("%s is damaged: it is kept as %s and a new one begins", self.path, aside)
        self.path.with_name("outbox.db-shm").unlink(missing_ok=True)
        for suffix in ("-wal", ""):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(f"outbox.db{suffix}").rename(self.path.with_name(aside + suffix))
        self._suspect.unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(contextlib.closing(durable.connect(self.path)))
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA):
                raise OutboxError(f"{self.path} has schema {version}, this program knows {SCHEMA}")
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
            stack.pop_all()
            return connection

    def _begin_epoch(self, agent: str, now_s: int) -> int:
        meta = dict(self._writer.execute("SELECT key, value FROM meta"))
        if meta.get("agent", agent) != agent:
            raise OutboxError(f"{self.path} belongs to {meta['agent']}, not to {agent}: give each agent its own data")
        epoch = max(int(meta.get("epoch", 0)) + 1, now_s)
        with self.transaction():
            self._set_meta("agent", agent)
            self._set_meta("epoch", str(epoch))
            self._set_meta("boot", self.boot)
            self._writer.execute(
                "DELETE FROM seqs WHERE NOT EXISTS"
                " (SELECT 1 FROM packs WHERE packs.epoch = seqs.epoch AND packs.lane = seqs.lane)"
            )
        return epoch

    def _set_meta(self, key: str, value: str) -> None:
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))


def _lock(folder: Path) -> int:
    """Return a descriptor that holds the folder until this process ends. Raises OutboxError."""
    descriptor = os.open(folder / "agent.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise OutboxError(f"another agent runs on {folder}") from error
    return descriptor

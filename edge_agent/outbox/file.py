"""The outbox's file: its tables, its lock, and what is done when it turns out to be damaged."""

import contextlib
import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from device_profiles import durable
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
CREATE TABLE IF NOT EXISTS stand_ins(lane TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    created_us INTEGER NOT NULL, ranges TEXT NOT NULL, PRIMARY KEY(lane, epoch, seq));
CREATE INDEX IF NOT EXISTS stand_ins_by_age ON stand_ins(lane, created_us);
CREATE TABLE IF NOT EXISTS losses(lane TEXT NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL,
    last INTEGER NOT NULL, told_in INTEGER NOT NULL, told_by INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS losses_by_range ON losses(lane, epoch, first);
CREATE INDEX IF NOT EXISTS losses_by_word ON losses(told_in, told_by);
CREATE TABLE IF NOT EXISTS states(device TEXT PRIMARY KEY, state BLOB NOT NULL);
"""


class OutboxFile:
    """Where the outbox is kept; only one agent at a time may open it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "outbox.db"
        self._suspect = folder / "outbox.db.damaged"  # is there: the file is set aside at the next opening

    def open(self, *, now_s: int) -> sqlite3.Connection:
        """Return the connection that writes; a damaged file is set aside. Raises OutboxError, sqlite3.Error."""
        if self._suspect.exists():
            self._set_aside(now_s)
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not durable.is_damaged(error):
                raise
            self._set_aside(now_s)
            return self._connect()

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Leave word for the next opening when the file turns out to be damaged."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if durable.is_damaged(error):
                with contextlib.suppress(OSError):
                    self._suspect.touch()
            raise

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


def lock(folder: Path) -> int:
    """Return a descriptor that holds the folder until this process ends. Raises OutboxError."""
    descriptor = os.open(folder / "agent.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise OutboxError(f"another agent runs on {folder}") from error
    return descriptor

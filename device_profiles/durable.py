"""SQLite files whose commits survive a power cut, and the reserve of disk that lets an alarm commit on a full one."""

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

SYNCHRONOUS = "FULL"  # NORMAL loses the last commits of a WAL at a power cut, and a receipt may stand on them
BUSY_TIMEOUT_S = 10.0


def connect(path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """Open ``path`` in WAL mode with explicit transactions (BEGIN … COMMIT); a COMMIT returns after its fsync."""
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, factory=factory
        )
    except sqlite3.Error as error:
        error.add_note(_file(path))  # SQLite does not say which
        raise
    try:
        for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS}", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        connection.close()
        error.add_note(_file(path))
        raise
    return connection


def _file(path: Path) -> str:
    """Return which file could not be opened, and which rights are lacking."""
    lacking = [str(each) for each in (path, path.parent) if each.exists() and not os.access(each, os.R_OK | os.W_OK)]
    return (
        f"{path}: no right to read and write {' and '.join(lacking)} (SQLite needs it to read)"
        if lacking
        else str(path)
    )


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit what is done inside, or nothing of it. It waits for its turn to write before anything is done."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # it failed; a full disk may have rolled back already
            connection.execute("ROLLBACK")


def is_disk_full(error: BaseException) -> bool:
    """Return whether a write failed because there was no room (SQLite says FULL, or IOERR_SHMSIZE for its -shm)."""
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", 0)
        return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_damaged(error: BaseException) -> bool:
    """Return whether a file is no database, or not the one any more that was written."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.DatabaseError) and code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class DiskReserve:
    """A file of real blocks that is given up when the disk is full, so that alarms can still be written."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size  # bytes

    @property
    def held(self) -> bool:
        """Whether the reserve is on disk."""
        with contextlib.suppress(OSError):
            return self.path.stat().st_size >= self.size
        return False

    def hold(self) -> bool:
        """Take the reserve if there is room for twice its size; return whether it is held."""
        if self.held:
            return True
        if shutil.disk_usage(self.path.parent).free < 2 * self.size:
            return False
        try:
            with self.path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self.size)
        except OSError as error:
            self.release()
            if is_disk_full(error):
                return False
            raise
        return True

    def release(self) -> bool:
        """Give the room to whoever writes next; return whether there was any to give."""
        held = self.path.exists()
        self.path.unlink(missing_ok=True)
        return held

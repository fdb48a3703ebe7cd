"""The journal's file: its table, how it is opened, and its faults in the hub's own words."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from device_profiles import durable
from hub.errors import DataDamaged, JournalFull, SchemaError
from hub.journal import thinned

SCHEMA = 1  # PRAGMA user_version

# What is rare is found without reading all the rest; no other row pays for it.
_RARE = """
CREATE INDEX IF NOT EXISTS quarantined ON records (offset) WHERE kind = 'quarantine';
CREATE INDEX IF NOT EXISTS asides ON records (offset) WHERE kind = 'aside';
CREATE INDEX IF NOT EXISTS fetches ON records (offset) WHERE kind = 'fetch';
"""
# AUTOINCREMENT: otherwise the ids of a journal that was cut empty begin at 1 again and cursors skip what comes.
_TABLES = f"""
CREATE TABLE IF NOT EXISTS records (
  offset INTEGER PRIMARY KEY AUTOINCREMENT,
  received_us INTEGER NOT NULL,
  kind TEXT NOT NULL,
  agent TEXT NOT NULL DEFAULT '',
  epoch INTEGER NOT NULL DEFAULT 0,
  lane TEXT NOT NULL DEFAULT '',
  seq INTEGER,
  body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS texts ON records (offset) WHERE kind = 'text';
{_RARE}
{thinned.TABLES}
PRAGMA user_version = {SCHEMA};
"""


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make a journal's file. Raises SchemaError, DataDamaged, JournalFull."""
    with translated(path):
        connection = durable.connect(path)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA):
            connection.close()
            message = f"{path} has schema {version}, this program knows {SCHEMA}: use the version that wrote it"
            raise SchemaError(message)
        if version == 0:
            connection.executescript(_TABLES)
        elif not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'given_up'").fetchone():
            connection.executescript(_RARE + thinned.TABLES)  # a file of before there were these
    return connection


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as JournalFull and DataDamaged where that is what they mean."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if durable.is_disk_full(error):
            raise JournalFull(str(path)) from error
        if durable.is_damaged(error):
            raise DataDamaged(str(path), str(error)) from error
        if str(path) not in "".join(getattr(error, "__notes__", ())):
            error.add_note(str(path))  # SQLite does not say which file is locked
        raise

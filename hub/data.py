"""Open a hub's data beside whoever writes it: what the commands do."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from hub.database import open_database, reading
from hub.errors import NoData
from hub.journal.journal import Journal


def present(path: Path) -> Path:
    """Return ``path``. Raises NoData when it is not there."""
    if not path.is_file():
        raise NoData(f"{path} is not there: has this hub ever run?")
    return path


@contextlib.contextmanager
def opened_journal(path: Path) -> Iterator[Journal]:
    """Yield the journal in ``path``. Raises NoData."""
    journal = Journal.open(present(path), reserve_bytes=0)
    try:
        yield journal
    finally:
        journal.close()


@contextlib.contextmanager
def peeked(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that cannot change ``path``, not even by opening it; its errors name the file."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True
    )  # as_uri: a name may have any character
    try:
        yield connection
    except sqlite3.Error as error:
        error.add_note(str(path))
        raise
    finally:
        connection.close()


@contextlib.contextmanager
def opened_database(path: Path) -> Iterator[sa.Engine]:
    """Yield the relational database in ``path``. Raises NoData."""
    engine = open_database(present(path))
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def read_database(path: Path) -> Iterator[sa.Connection]:
    """Yield a connection that sees one state of the relational database and holds up nobody. Raises NoData."""
    with opened_database(path) as engine, reading(engine).connect() as connection:
        yield connection

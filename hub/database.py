"""The hub's relational state: one SQLite file through SQLAlchemy Core, and the readers' cursors in it."""

import sqlite3
import threading
from pathlib import Path

import sqlalchemy as sa

from device_profiles import durable
from hub.errors import CursorMoved, DataDamaged, JournalFull, NoData, NoRight, SchemaError

SCHEMA = 1  # PRAGMA user_version; a second schema brings Alembic

metadata = sa.MetaData()
cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),  # the last journal record whose effects are in this file
)


class Writing(sqlite3.Connection):
    """A connection whose writing transactions take turns with those of this process.

    SQLite's own waiting is a poll with pauses up to 0.1 s; a lock wakes the next writer at once. Another process's
    writer is waited for as ever.
    """

    turn: threading.Lock
    _has_turn = False

    def take_turn(self) -> None:
        """Wait until no other thread writes, at most as long as for another process."""
        self._has_turn = self.turn.acquire(timeout=durable.BUSY_TIMEOUT_S)

    def commit(self) -> None:
        """Commit, and let the next one write."""
        try:
            super().commit()
        finally:
            self._let_go()

    def rollback(self) -> None:
        """Roll back, and let the next one write."""
        try:
            super().rollback()
        finally:
            self._let_go()

    def close(self) -> None:
        """Close, and let the next one write."""
        try:
            super().close()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self.turn.release()


def open_database(path: Path) -> sa.Engine:
    """Open or make ``path`` with every table that the imported modules declare.

    Raises SchemaError, DataDamaged, JournalFull, NoData, NoRight.
    A transaction (``with engine.begin()``) is BEGIN IMMEDIATE: two writers wait for each other instead of failing.
    Whoever only reads takes ``reading(engine)``.
    """
    turn = threading.Lock()

    def connect() -> sqlite3.Connection:
        connection = durable.connect(path, Writing)
        if isinstance(connection, Writing):
            connection.turn = turn
        return connection

    engine = sa.create_engine(f"sqlite:///{path}", creator=connect, poolclass=sa.pool.QueuePool, pool_size=8)
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(engine, "handle_error", _translate)
    try:
        _prepare(engine, path)
    except sa.exc.OperationalError as error:
        engine.dispose()
        if error.orig is not None and durable.is_disk_full(error.orig):
            raise JournalFull(str(path)) from error
        raise
    return engine


def _prepare(engine: sa.Engine, path: Path) -> None:
    """Make what is missing; where nothing is, take no turn to write: an alarm never waits for who looks on."""
    with reading(engine).connect() as connection:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    if version not in (0, SCHEMA):
        raise SchemaError(f"{path} has schema {version}, this program knows {SCHEMA}: use the version that wrote it")
    wanted = {*metadata.tables, *(index.name for table in metadata.tables.values() for index in table.indexes)}
    if version == SCHEMA and wanted <= there:
        return
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


def read_cursor(connection: sa.Connection, reader: str) -> int:
    """Return the offset of the last record that ``reader`` has taken in, 0 at the beginning."""
    return connection.execute(sa.select(cursors.c.offset).where(cursors.c.reader == reader)).scalar() or 0


def reading(engine: sa.Engine) -> sa.Engine:
    """Return the engine for reads that see one state and hold up no writer: an alarm never waits for who looks on."""
    return engine.execution_options(reads=True)


def furthest_cursor(engine: sa.Engine) -> int:
    """Return the offset of the last record that any reader has taken in."""
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.max(cursors.c.offset))).scalar() or 0


def move_cursor(connection: sa.Connection, reader: str, *, old: int, new: int) -> None:
    """Move a cursor inside the transaction of its effects. Raises CursorMoved when it is not at ``old``."""
    if old == 0 and read_cursor(connection, reader) == 0:
        connection.execute(sa.insert(cursors).prefix_with("OR REPLACE").values(reader=reader, offset=new))
        return
    moved = connection.execute(
        sa.update(cursors).where(cursors.c.reader == reader, cursors.c.offset == old).values(offset=new)
    )
    if moved.rowcount != 1:
        raise CursorMoved(reader, expected=old)


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("reads"):
        connection.exec_driver_sql("BEGIN")
        return
    writing = connection.connection.dbapi_connection
    if isinstance(writing, Writing):
        writing.take_turn()
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # when it fails the rollback that follows gives the turn back


def _translate(context: sa.engine.ExceptionContext) -> None:
    """Tell in our own words what no reader can wait for; a full disk it can."""
    error = context.original_exception
    if context.engine is None or not isinstance(error, sqlite3.DatabaseError):
        return
    path = str(context.engine.url.database)
    if durable.is_damaged(error):
        raise DataDamaged(path, str(error)) from error
    if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CANTOPEN:
        raise NoData(": ".join([*getattr(error, "__notes__", (path,)), str(error)])) from error
    if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
        raise NoRight(path, str(error)) from error

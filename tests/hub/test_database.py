"""Writers of one process take turns by a lock, which wakes them at once; what fails gives its turn back."""

import contextlib
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from device_profiles import durable
from hub.database import cursors, open_database, read_cursor, reading
from hub.errors import NoRight


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """Each adds one to the same row in transactions of its own."""
    engine = open_database(tmp_path / "hub.db")
    with engine.begin() as connection:
        connection.execute(sa.insert(cursors).values(reader="r", offset=0))

    def add() -> None:
        for _ in range(10):
            with engine.begin() as connection:
                now = read_cursor(connection, "r")
                connection.execute(sa.update(cursors).values(offset=now + 1))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine).connect() as connection:
        assert read_cursor(connection, "r") == 80
    engine.dispose()


def test_what_fails_gives_its_turn_back(tmp_path: Path) -> None:
    """An error inside, a statement that fails and a connection that is dropped keep nobody waiting."""
    engine = open_database(tmp_path / "hub.db")
    with pytest.raises(ZeroDivisionError), engine.begin():
        _ = 1 / 0
    with pytest.raises(sa.exc.OperationalError), engine.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM nothing")
    dropped = engine.connect()
    dropped.exec_driver_sql("SELECT 1")
    dropped.invalidate()
    dropped.close()
    done = threading.Event()

    def write() -> None:
        with engine.begin() as connection:
            connection.execute(sa.insert(cursors).values(reader="r", offset=1))
        done.set()

    threading.Thread(target=write, daemon=True).start()
    assert done.wait(30)
    engine.dispose()


def test_who_reads_waits_for_no_writer(tmp_path: Path) -> None:
    """A reader sees the state before, while another thread's transaction is open."""
    engine = open_database(tmp_path / "hub.db")
    with engine.begin() as writer:
        writer.execute(sa.insert(cursors).values(reader="r", offset=1))
        with reading(engine).connect() as connection:
            assert read_cursor(connection, "r") == 0
    engine.dispose()


def test_what_may_not_be_written_is_said_in_our_words(tmp_path: Path) -> None:
    """Of a file, a folder or a whole disk: a command ends with one line, and it names the file."""
    engine = open_database(tmp_path / "hub.db")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(NoRight, match=r"hub\.db.*needs to write"):
            connection.execute(sa.insert(cursors).values(reader="r", offset=0))
    engine.dispose()


def test_who_opens_it_to_look_waits_for_no_writer_and_holds_up_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`hub alarms` beside a busy hub: a database whose tables are all there is opened without a turn to write."""
    monkeypatch.setattr(durable, "BUSY_TIMEOUT_S", 0.1)
    open_database(tmp_path / "hub.db").dispose()
    with contextlib.closing(durable.connect(tmp_path / "hub.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        engine = open_database(tmp_path / "hub.db")
        with reading(engine).connect() as connection:
            assert read_cursor(connection, "r") == 0
        engine.dispose()
        writer.execute("ROLLBACK")
        writer.execute("DROP TABLE cursors")  # of a version that had no such table
    engine = open_database(tmp_path / "hub.db")
    with reading(engine).connect() as connection:
        assert read_cursor(connection, "r") == 0
    engine.dispose()

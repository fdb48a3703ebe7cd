"""What was committed is on the disk, and an alarm still fits on a full one."""

import contextlib
import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles import durable
from device_profiles.durable import DiskReserve, connect, is_disk_full

MEGABYTE = 1 << 20


def test_a_commit_is_synchronous_full_in_wal(tmp_path: Path) -> None:
    """Receipts stand on these two pragmas."""
    connection = connect(tmp_path / "a.db")
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (durable.BUSY_TIMEOUT_S * 1000,)
    connection.close()


def test_what_is_lacking_is_said_of_file_and_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite says "unable to open": which file it was, and that there is no right to it."""
    (tmp_path / "a.db").mkdir()
    with pytest.raises(sqlite3.OperationalError) as caught:
        connect(tmp_path / "a.db")
    assert caught.value.__notes__ == [str(tmp_path / "a.db")]
    monkeypatch.setattr("os.access", lambda path, _: path != tmp_path)  # root may write everywhere
    with pytest.raises(sqlite3.OperationalError) as caught:
        connect(tmp_path / "a.db")
    assert caught.value.__notes__[0].startswith(f"{tmp_path / 'a.db'}: no right to read and write {tmp_path} ")


def test_transactions_are_explicit(tmp_path: Path) -> None:
    """Nothing is committed but by COMMIT."""
    writer, reader = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    writer.execute("CREATE TABLE t(x)")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (1)")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (0,)
    writer.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1,)
    writer.close()
    reader.close()


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    """What raises inside leaves nothing behind, and the connection goes on; so does one whose COMMIT was refused."""
    with contextlib.closing(connect(tmp_path / "a.db")) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("CREATE TABLE t(x PRIMARY KEY, y REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(sqlite3.IntegrityError), durable.transaction(connection):
            connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, 1), (1, 1)])
        with pytest.raises(sqlite3.IntegrityError), durable.transaction(connection):
            connection.execute("INSERT INTO t VALUES (2, 9)")
        with durable.transaction(connection):
            connection.execute("INSERT INTO t VALUES (3, 3)")
        assert connection.execute("SELECT x FROM t").fetchall() == [(3,)]


def test_the_reserve_is_real_blocks(tmp_path: Path) -> None:
    """The reserve takes room on the disk, and gives it back."""
    reserve = DiskReserve(tmp_path / "reserve", MEGABYTE)
    assert not reserve.held
    assert reserve.hold()
    assert reserve.held
    assert reserve.path.stat().st_blocks * 512 >= MEGABYTE
    assert reserve.hold()
    assert reserve.release()
    assert not reserve.held
    assert not reserve.release()


def test_which_errors_mean_a_full_disk() -> None:
    """Only the lack of room counts."""
    assert is_disk_full(OSError(errno.ENOSPC, "full"))
    assert is_disk_full(OSError(errno.EDQUOT, "quota"))
    assert not is_disk_full(OSError(errno.EACCES, "no"))
    assert not is_disk_full(sqlite3.OperationalError("database is locked"))
    assert not is_disk_full(ValueError("x"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system of four megabytes; needs root."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def fill(path: Path) -> OSError:
    """Write to ``path`` until the disk is full, and return how it said so."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            return error


def insert_until_full(connection: sqlite3.Connection) -> sqlite3.Error:
    """Insert rows until the disk is full, and return how SQLite said so."""
    try:
        while True:
            connection.execute("INSERT INTO t VALUES (zeroblob(50000))")
    except sqlite3.Error as error:
        return error


def test_an_alarm_commits_on_a_full_disk_once_the_reserve_is_given(small_disk: Path) -> None:
    """A full disk is recognised, and the released reserve lets the next small commit through."""
    reserve = DiskReserve(small_disk / "reserve", MEGABYTE)
    assert reserve.hold()
    with contextlib.closing(connect(small_disk / "a.db")) as connection:
        connection.execute("CREATE TABLE t(x)")
        assert is_disk_full(insert_until_full(connection))
        assert reserve.release()
        connection.execute("INSERT INTO t VALUES ('alarm')")
        assert connection.execute("SELECT count(*) FROM t WHERE x = 'alarm'").fetchone() == (1,)
        assert not reserve.hold()  # there is no room for twice its size: it must not fill the disk again


@pytest.mark.parametrize("existed", [False, True])
def test_opening_on_a_full_disk_says_that_it_is_full(small_disk: Path, existed: bool) -> None:
    """When not even the -wal and -shm files fit, the error still says that the disk is full."""
    if existed:
        with contextlib.closing(connect(small_disk / "a.db")) as connection:
            connection.execute("CREATE TABLE t(x)")
    assert is_disk_full(fill(small_disk / "filler"))
    with pytest.raises(sqlite3.OperationalError) as caught:
        _open_and_write(small_disk / "a.db")
    assert is_disk_full(caught.value)


def _open_and_write(path: Path) -> None:
    with contextlib.closing(connect(path)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t(x)")
        connection.execute("INSERT INTO t VALUES (1)")

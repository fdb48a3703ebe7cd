"""Backups are whole, checked, and never put over data."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from hub.app import run
from hub.backup import back_up, check_whole, read_manifest, restore
from hub.config import read_config
from hub.database import open_database
from hub.errors import BackupError
from hub.journal.journal import Journal, NewRecord
from hub.journal.records import NEW_LIFE
from hub.photos import keep_photo


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a data folder with a journal that is open, and a database."""
    folder = tmp_path / "data"
    folder.mkdir()
    open_database(folder / "hub.db").dispose()
    journal = Journal.open(folder / "journal.db", reserve_bytes=0)
    journal.append([NewRecord(seq, "act", b"{}") for seq in range(20)])
    journal.cut(6)
    return folder


def test_a_restored_journal_gives_no_offset_that_was_given_before(data: Path, tmp_path: Path) -> None:
    """What it holds keeps its offsets; those that came after the backup may be ids of alarms out there."""
    made = back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)
    assert (made.first_offset, made.last_offset) == (6, 20)
    assert [part.name for part in made.parts] == ["hub.db", "journal.db"]
    assert restore(tmp_path / "copy", tmp_path / "new") == made == read_manifest(tmp_path / "copy")
    journal = Journal.open(tmp_path / "new" / "journal.db", reserve_bytes=0)
    assert [record.offset for record in journal.read(0, 100)] == list(range(6, 21))
    assert journal.append([NewRecord(1, "act", b"{}")])[0].offset == NEW_LIFE + 1
    journal.close()


def test_a_running_hub_may_go_on_writing(data: Path, tmp_path: Path) -> None:
    """A transaction that is open during the backup is not in it and not disturbed."""
    writer = sqlite3.connect(data / "journal.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO records (received_us, kind, body) VALUES (1, 'act', x'')")
    assert back_up(data, tmp_path / "copy", hub="hub-1", now_us=7).last_offset == 20
    writer.execute("COMMIT")
    writer.close()


def test_photographs_go_with_it(data: Path, tmp_path: Path) -> None:
    """Whole ones, checked like the rest, and back in their place; one that was being written stays behind."""
    source = tmp_path / "hole.png"
    source.write_bytes(b"\x89PNG\r\n\x1a\n hole")
    name = keep_photo(source, data / "photos")
    (data / "photos" / ".half").write_bytes(b"x")
    made = back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)
    assert [part.name for part in made.parts] == ["hub.db", "journal.db", f"photos/{name}"]
    restore(tmp_path / "copy", tmp_path / "new")
    assert (tmp_path / "new" / "photos" / name).read_bytes() == source.read_bytes()
    (tmp_path / "copy" / "photos" / name).write_bytes(b"\x89PNG\r\n\x1a\n none")
    with pytest.raises(BackupError, match="damaged"):
        restore(tmp_path / "copy", tmp_path / "newer")


def test_nobody_else_reads_it(data: Path, tmp_path: Path) -> None:
    """Alarms and pictures of people, copied by hand under a generous umask; into a folder that others may enter too."""
    (tmp_path / "there").mkdir(mode=0o755)
    for copy in (tmp_path / "copy", tmp_path / "there"):
        back_up(data, copy, hub="hub-1", now_us=7)
        modes = {path.name: path.stat().st_mode & 0o777 for path in copy.glob("*.db")}
        assert modes == {"hub.db": 0o600, "journal.db": 0o600}
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700


def test_a_damaged_backup_is_refused(data: Path, tmp_path: Path) -> None:
    """One changed byte is enough, and nothing is written."""
    back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)
    path = tmp_path / "copy" / "journal.db"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupError, match="damaged"):
        restore(tmp_path / "copy", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_data_is_never_overwritten(data: Path, tmp_path: Path) -> None:
    """Neither a restore nor a backup goes to a folder with something in it."""
    back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "copy", data)
    with pytest.raises(BackupError, match="not empty"):
        back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)


def test_a_manifest_names_only_files_of_a_hub(data: Path, tmp_path: Path) -> None:
    """A manifest from elsewhere cannot make restore write where it should not."""
    back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)
    manifest = tmp_path / "copy" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"hub.db"', '"../hub.db"'))
    with pytest.raises(BackupError, match="no hub has"):
        restore(tmp_path / "copy", tmp_path / "new")


def test_nothing_to_back_up(tmp_path: Path) -> None:
    """A folder without a journal is no hub's."""
    with pytest.raises(BackupError, match="no journal"):
        back_up(tmp_path, tmp_path / "copy", hub="hub-1", now_us=7)


def test_data_of_a_restore_that_died_is_not_run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub would begin a journal anew behind it, or give offsets twice; it says what to do, and so does a restore."""
    back_up(data, tmp_path / "copy", hub="hub-1", now_us=7)
    config = tmp_path / "hub.toml"
    config.write_text('hub = "hub-1"\ndata = "new"\n')

    def die(journal: Journal, offset: int) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "go_on_after", die)
        with pytest.raises(KeyboardInterrupt):
            restore(tmp_path / "copy", tmp_path / "new")
    with pytest.raises(BackupError, match="a restore did not end"):
        restore(tmp_path / "copy", tmp_path / "new")
    with pytest.raises(BackupError, match="a restore did not end"):
        asyncio.run(run(read_config(config), clock=Clock()))
    shutil.rmtree(tmp_path / "new")
    restore(tmp_path / "copy", tmp_path / "new")
    check_whole(tmp_path / "new")


@pytest.mark.parametrize("change", [{"parts": []}, {"last_offset": 2**70}])
def test_a_manifest_that_cannot_be_one_restores_nothing(data: Path, tmp_path: Path, change: dict[str, object]) -> None:
    """Without a journal there is no backup, and no journal is so long."""
    made = msgspec.to_builtins(back_up(data, tmp_path / "copy", hub="hub-1", now_us=7))
    (tmp_path / "copy" / "manifest.json").write_bytes(msgspec.json.encode(made | change))
    with pytest.raises(BackupError, match=r"manifest\.json"):
        restore(tmp_path / "copy", tmp_path / "new")
    assert not (tmp_path / "new").exists()

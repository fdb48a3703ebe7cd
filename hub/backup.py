"""Backups of a running hub: what follows the journal is copied before it, so that no copy is ahead of the journal.

Photographs and evidence are copied behind it: each was whole before the record that names it was written.
"""

import contextlib
import hashlib
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Annotated

import msgspec

from device_profiles.errors import ConfigError
from device_profiles.whole import sync
from hub.errors import BackupError
from hub.journal.journal import Journal
from hub.journal.records import NEW_LIFE

# In this order: a reader's copy is never ahead of the journal's, and no tier is marked as computed that is not there.
FILES = ("tiers.db", "hub.db", "archive.db", "journal.db")
FOLDERS = ("photos", "evidence")  # of files under the sha256 of their content
MANIFEST = "manifest.json"
HALF = "restore.half"  # in a data folder until all of a backup is there
_KEPT = re.compile(rf"({'|'.join(FOLDERS)})/[0-9a-f]{{64}}\Z")
_CHUNK = 1024 * 1024
_OURS = 0o700  # whoever runs a hub sees its alarms and pictures, and no other user of the machine that keeps the copy


Offset = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class Part(msgspec.Struct, frozen=True):
    """One file of a backup."""

    name: str
    size: int  # bytes
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds."""

    hub: str
    made_us: int
    first_offset: Offset  # of the journal
    last_offset: Offset
    parts: tuple[Part, ...]
    v: int = 1


def back_up(data: Path, folder: Path, *, hub: str, now_us: int) -> Manifest:
    """Copy the databases, photographs and evidence in ``data`` to ``folder``, empty or absent. Raises BackupError."""
    if not (data / "journal.db").is_file():
        raise BackupError(f"{data} holds no journal.db")
    _make_empty(folder, mode=_OURS)
    names = [name for name in FILES if (data / name).is_file()]
    with contextlib.ExitStack() as undo:
        for name in (*names, MANIFEST):  # a copy that failed half-way is no backup, and must not stop the next one
            undo.callback((folder / name).unlink, missing_ok=True)
        for name in names:
            _copy(data / name, folder / name)
        for kept in FOLDERS:
            names += _copy_kept(data, folder, kept, undo)
        first, last = _offsets(folder / "journal.db")
        for name in names:
            (folder / name).chmod(_OURS & 0o666)
        manifest = Manifest(hub, now_us, first, last, tuple(_part(folder, name) for name in names))
        (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        undo.pop_all()
    return manifest


def restore(folder: Path, data: Path) -> Manifest:
    """Copy the backup in ``folder`` to ``data``, which must be empty or absent. Raises BackupError.

    What was journalled after the backup is gone, and its offsets may have left the hub as ids of alarms: the restored
    journal gives none of them again.
    """
    manifest = read_manifest(folder)
    for part in manifest.parts:
        if not (folder / part.name).is_file() or _part(folder, part.name) != part:
            raise BackupError(f"{folder / part.name} is not what {MANIFEST} says; the backup is damaged")
    check_whole(data)
    _make_empty(data)
    (data / HALF).touch()
    for part in manifest.parts:
        (data / part.name).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / part.name, data / part.name)
    with contextlib.closing(Journal.open(data / "journal.db", reserve_bytes=0)) as journal:
        journal.go_on_after((manifest.last_offset // NEW_LIFE + 1) * NEW_LIFE)
    copied = [data / part.name for part in manifest.parts]
    for path in (*copied, *{path.parent for path in copied}):
        sync(path)  # a power cut finds all of it, or the mark
    (data / HALF).unlink()
    return manifest


def check_whole(data: Path) -> None:
    """Check that no restore died half-way in a data folder: offsets could be given twice. Raises BackupError."""
    if (data / HALF).exists():
        raise BackupError(f"{data}: a restore did not end; empty the folder, and `hub restore` again")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupError."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupError(f"{folder / MANIFEST} cannot be read: {error}") from error
    if any(part.name not in FILES and not _KEPT.match(part.name) for part in manifest.parts):
        raise BackupError(f"{folder / MANIFEST} names files that no hub has")
    if not any(part.name == "journal.db" for part in manifest.parts):
        raise BackupError(f"{folder / MANIFEST} names no journal.db")
    return manifest


def _make_empty(folder: Path, *, mode: int = 0o777) -> None:
    """Make ``folder``, or find it empty. Raises BackupError; ConfigError when it cannot be."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        full = any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"cannot be made a folder: {error.strerror}", file=str(folder)) from error
    if full:
        raise BackupError(f"{folder} is not empty")


def _copy(source: Path, target: Path) -> None:
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=30)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=4096)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            if new.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise BackupError(f"the copy of {source} is damaged")
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied to {target.parent}: {error}") from error


def _copy_kept(data: Path, folder: Path, kept: str, undo: contextlib.ExitStack) -> list[str]:
    """Copy what whole files the folder ``kept`` has; return their names. One that goes meanwhile is left out."""
    found = sorted(path.name for path in (data / kept).glob("*")) if (data / kept).is_dir() else []
    names = [name for file in found if _KEPT.match(name := f"{kept}/{file}")]
    if names:
        undo.callback(shutil.rmtree, folder / kept, ignore_errors=True)
    copied = []
    try:
        for name in names:
            (folder / kept).mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # at its bound the oldest evidence goes
                shutil.copyfile(data / name, folder / name)
                copied.append(name)
    except OSError as error:
        raise BackupError(f"{data / kept} cannot be copied to {folder}: {error.strerror}") from error
    return copied


def _offsets(journal: Path) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(journal)) as connection:
        first = connection.execute("SELECT min(offset) FROM records").fetchone()[0]
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'").fetchone()
    return first or 0, last[0] if last else 0


def _part(folder: Path, name: str) -> Part:
    path = folder / name
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return Part(name, path.stat().st_size, digest.hexdigest())

"""A shelf: files under the sha256 of their content, each there whole or not at all, bounded by bytes and by age."""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from device_profiles.errors import ContractError
from device_profiles.evidence import DIGEST
from device_profiles.whole import sync, write_whole

_HALF = "."  # how a file begins that is not whole yet
_IS_HALF = re.compile(r"\.[0-9a-f]{32}\Z")  # the folder may be somebody's who keeps more in it
_LOCK = ".lock"
_AHEAD_US = 60_000_000  # a file of a later time was written by a clock that was wrong


class TooLarge(ContractError):
    """More than the whole shelf may hold."""


class Kept(msgspec.Struct, frozen=True, order=True):
    """One file of a shelf."""

    t_us: int  # when it was put there last
    digest: str
    size: int  # bytes


def shelve(folder: Path, content: bytes) -> str:
    """Write ``content`` into ``folder`` under its sha256, fsynced, whole or not at all. Raises OSError."""
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / digest).is_file():
        return digest
    write_whole(folder / digest, content, half=folder / f"{_HALF}{uuid.uuid4().hex}", mode=0o600)
    sync(folder)
    return digest


class Shelf:
    """Several processes may put and sweep: a lock of the folder keeps them apart. Times are city microseconds."""

    def __init__(self, folder: Path, *, max_bytes: int, max_age_us: int, leave_bytes: int = 0) -> None:
        """``leave_bytes``: so much of the disk is left to others, whatever else the bounds let."""
        self.folder = folder
        self.max_bytes = max_bytes
        self._max_age_us = max_age_us
        self._leave_bytes = leave_bytes

    def put(self, content: bytes, *, now_us: int, spare: Collection[str] = ()) -> str:
        """Keep ``content`` and return its digest; the oldest go for it, of ``spare`` only when nothing else is there.

        Raises TooLarge and OSError.
        """
        if len(content) > self.max_bytes:
            raise TooLarge(f"{len(content)} bytes, more than {self.max_bytes}")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            digest = hashlib.sha256(content).hexdigest()
            if self.read(digest) is None:  # it is not there, or was damaged since
                (self.folder / digest).unlink(missing_ok=True)
                self._make_room(len(content), now_us=now_us, spare=spare)
                self._check_disk(len(content))
                shelve(self.folder, content)
            os.utime(self.folder / digest, ns=(now_us * 1000, now_us * 1000))
        return digest

    def sweep(self, *, now_us: int, spare: Collection[str] = ()) -> int:
        """Remove what is too old, too much, or was never finished; return how many files went."""
        if not self.folder.is_dir():
            return 0
        with self._locked():
            for path in self.folder.glob(f"{_HALF}*"):
                if _IS_HALF.match(path.name):  # nobody writes while we have the lock: whoever began it is dead
                    path.unlink(missing_ok=True)
            return self._make_room(0, now_us=now_us, spare=spare)

    def read(self, digest: str) -> bytes | None:
        """Return a whole file; None when there is none, or when its content is not what its name says."""
        if not DIGEST.match(digest):
            return None
        try:
            content = (self.folder / digest).read_bytes()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def __contains__(self, digest: str) -> bool:
        return DIGEST.match(digest) is not None and (self.folder / digest).is_file()

    def kept(self) -> list[Kept]:
        """Return what is there, oldest first."""
        found = []
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if DIGEST.match(path.name):
                with contextlib.suppress(FileNotFoundError):  # swept by another process
                    state = path.stat()
                    found.append(Kept(state.st_mtime_ns // 1000, path.name, state.st_size))
        return sorted(found)

    def _make_room(self, wanted: int, *, now_us: int, spare: Collection[str]) -> int:
        kept, gone = self.kept(), 0
        held = sum(each.size for each in kept)
        for each in sorted(kept, key=lambda each: (each.digest in spare, each.t_us)):
            if each.t_us > now_us + _AHEAD_US:
                os.utime(self.folder / each.digest, ns=(now_us * 1000, now_us * 1000))
            old = now_us - each.t_us > self._max_age_us and each.digest not in spare
            if old or held + wanted > self.max_bytes:
                (self.folder / each.digest).unlink(missing_ok=True)
                held, gone = held - each.size, gone + 1
        return gone

    def _check_disk(self, wanted: int) -> None:
        if self._leave_bytes and shutil.disk_usage(self.folder).free < wanted + self._leave_bytes:
            raise OSError(errno.ENOSPC, "no room beside what is left to others", str(self.folder))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

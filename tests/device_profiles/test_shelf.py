"""Shelves: whole files under their digests, and the bounds of the folder."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.shelf import Shelf, TooLarge, shelve

HOUR_US = 3_600_000_000
NOW_US = 1_763_600_000_000_000


def shelf(folder: Path, *, max_bytes: int = 1_000, leave_bytes: int = 0) -> Shelf:
    """Return one whose files grow old after a day."""
    return Shelf(folder / "shelf", max_bytes=max_bytes, max_age_us=24 * HOUR_US, leave_bytes=leave_bytes)


def test_what_is_put_is_read_under_its_digest(tmp_path: Path) -> None:
    """The name is the sha256, only the owner may read it, and nothing else lies there."""
    kept = shelf(tmp_path)
    digest = kept.put(b"picture", now_us=NOW_US)
    assert digest == hashlib.sha256(b"picture").hexdigest()
    assert kept.read(digest) == b"picture"
    assert digest in kept
    assert (tmp_path / "shelf" / digest).stat().st_mode & 0o077 == 0
    assert kept.put(b"picture", now_us=NOW_US + 1) == digest
    assert [each.t_us for each in kept.kept()] == [NOW_US + 1]


@pytest.mark.parametrize("name", ["../shelf/x", "", "x" * 64, "A" * 64, ".lock"])
def test_a_name_that_is_no_digest_reads_nothing(tmp_path: Path, name: str) -> None:
    """Nothing outside of the shelf, and no file of another kind, comes out of it."""
    kept = shelf(tmp_path)
    kept.put(b"picture", now_us=NOW_US)
    assert kept.read(name) is None
    assert name not in kept


def test_a_damaged_file_is_not_read_and_is_written_anew(tmp_path: Path) -> None:
    """What is not what its name says is nothing."""
    kept = shelf(tmp_path)
    digest = kept.put(b"picture", now_us=NOW_US)
    (tmp_path / "shelf" / digest).write_bytes(b"pictur")
    assert kept.read(digest) is None
    assert kept.put(b"picture", now_us=NOW_US) == digest
    assert kept.read(digest) == b"picture"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 30 * HOUR_US)), max_size=20), st.integers(302, 900))
def test_the_bound_holds_and_the_oldest_goes_first(
    tmp_path_factory: pytest.TempPathFactory, puts: list[tuple[int, int]], most: int
) -> None:
    """However much comes: never more bytes than the bound, and whatever went is older than all that stayed."""
    kept = shelf(tmp_path_factory.mktemp("shelf"), max_bytes=most)
    now_us, put = NOW_US, {}
    for number, (size, pause_us) in enumerate(puts):
        now_us += pause_us
        put[kept.put(number.to_bytes(2, "big") + bytes(size), now_us=now_us)] = now_us
        here = kept.kept()
        assert sum(each.size for each in here) <= most
        gone = put.keys() - {each.digest for each in here}
        assert max((put[digest] for digest in gone), default=0) <= min(put[each.digest] for each in here)


def test_what_is_spared_goes_last(tmp_path: Path) -> None:
    """The oldest is kept while something else can go; when nothing else can, it goes too."""
    kept = shelf(tmp_path, max_bytes=30)
    spared = kept.put(b"a" * 10, now_us=NOW_US)
    other = kept.put(b"b" * 10, now_us=NOW_US + 1)
    kept.put(b"c" * 20, now_us=NOW_US + 2, spare=[spared])
    assert spared in kept
    assert other not in kept
    kept.put(b"d" * 30, now_us=NOW_US + 3, spare=[spared])
    assert spared not in kept


def test_more_than_the_whole_shelf_is_refused_and_costs_nothing(tmp_path: Path) -> None:
    """A file that can never fit drives nothing out."""
    kept = shelf(tmp_path)
    digest = kept.put(b"picture", now_us=NOW_US)
    with pytest.raises(TooLarge):
        kept.put(b"x" * 1_001, now_us=NOW_US)
    assert digest in kept


def test_a_disk_that_others_need_takes_nothing(tmp_path: Path) -> None:
    """It says no room while the disk has less than is to be left."""
    kept = shelf(tmp_path, leave_bytes=2 * shutil.disk_usage(tmp_path).free)
    with pytest.raises(OSError, match="no room") as failed:
        kept.put(b"picture", now_us=NOW_US)
    assert failed.value.errno == errno.ENOSPC
    assert kept.kept() == []


def test_sweep_removes_what_is_old_and_what_was_never_finished(tmp_path: Path) -> None:
    """Old files and halves go; a file of a clock that was ahead is of now, so that it grows old like any other."""
    kept = shelf(tmp_path)
    old, ahead = (kept.put(name, now_us=NOW_US) for name in (b"old", b"ahead"))
    for digest, hours in ((old, -25), (ahead, 900)):
        t_ns = (NOW_US + hours * HOUR_US) * 1000
        os.utime(tmp_path / "shelf" / digest, ns=(t_ns, t_ns))
    (tmp_path / "shelf" / f".{'5' * 32}").write_bytes(b"pict")
    (tmp_path / "shelf" / ".profile").write_bytes(b"somebody's own")
    (tmp_path / "shelf" / ".ssh").mkdir()
    assert kept.sweep(now_us=NOW_US) == 1
    assert sorted(path.name for path in (tmp_path / "shelf").iterdir()) == [".lock", ".profile", ".ssh", ahead]
    assert old not in kept
    assert kept.sweep(now_us=NOW_US + 25 * HOUR_US) == 1


def test_a_writer_that_is_killed_leaves_nothing_that_can_be_read(tmp_path: Path) -> None:
    """SIGKILL in the middle of a write: no file has a digest's name, and a sweep removes the half."""
    folder = tmp_path / "shelf"
    program = (
        "import os, signal, sys; from pathlib import Path; from device_profiles.shelf import shelve;"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL);"
        "shelve(Path(sys.argv[1]), b'x' * 100_000)"
    )
    root = str(Path(__file__).parents[2])
    ended = subprocess.run(
        [sys.executable, "-c", program, str(folder)], env=os.environ | {"PYTHONPATH": root}, check=False
    )
    assert ended.returncode == -9
    assert [path.name[0] for path in folder.iterdir()] == ["."]
    kept = shelf(tmp_path)
    assert kept.kept() == []
    assert kept.read(hashlib.sha256(b"x" * 100_000).hexdigest()) is None
    kept.sweep(now_us=NOW_US)
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_a_folder_that_takes_nothing_says_so(tmp_path: Path) -> None:
    """What cannot be written raises, and leaves no half."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError):
        shelve(tmp_path / "file", b"picture")

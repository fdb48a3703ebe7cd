"""A file is there whole or not at all: a writer that fails or dies leaves what was there before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device_profiles.whole import sync, write_whole


def test_what_is_written_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    """With the rights that were asked for, and nothing else beside it: not even a half of somebody who died."""
    path = tmp_path / "acl"
    path.write_text("old")
    (tmp_path / "acl.half").symlink_to(tmp_path / "elsewhere")
    write_whole(path, b"new", mode=0o600)
    sync(tmp_path)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["acl"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    """A folder in its place is an error, and no half stays."""
    path = tmp_path / "acl"
    path.mkdir()
    with pytest.raises(OSError):
        write_whole(path, b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["acl"]
    with pytest.raises(OSError):
        write_whole(tmp_path / "none" / "acl", b"new")


def test_a_writer_that_is_killed_leaves_what_was_there(tmp_path: Path) -> None:
    """SIGKILL before the fsync: the old content is there, whole, and the next writer removes the half."""
    path = tmp_path / "acl"
    path.write_text("old")
    program = (
        "import os, signal, sys; from pathlib import Path; from device_profiles.whole import write_whole;"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL);"
        "write_whole(Path(sys.argv[1]), b'x' * 100_000)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run([sys.executable, "-c", program, str(path)], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    write_whole(path, b"new")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("acl", "new")]

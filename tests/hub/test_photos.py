"""Photographs are kept whole under their hash, or refused."""

import hashlib
from pathlib import Path

import pytest

from hub.errors import BadReport
from hub.photos import MAX_BYTES, keep_photo

JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)


def test_a_photograph_is_kept_once_by_its_content(tmp_path: Path) -> None:
    """Twice the same is one file, and nothing else lies there."""
    source, folder = tmp_path / "hole.jpg", tmp_path / "photos"
    source.write_bytes(JPEG)
    digest = keep_photo(source, folder)
    assert digest == keep_photo(source, folder) == hashlib.sha256(JPEG).hexdigest()
    assert [path.name for path in folder.iterdir()] == [digest]
    assert (folder / digest).read_bytes() == JPEG


@pytest.mark.parametrize("content", [None, b"", b"MZ", b"<svg>", b"\xff\xd8\xff" + bytes(MAX_BYTES)])
def test_what_is_no_photograph_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, a program, a script, too large: nothing is kept."""
    source, folder = tmp_path / "hole.jpg", tmp_path / "photos"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(BadReport):
        keep_photo(source, folder)
    assert not folder.exists()

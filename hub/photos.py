"""Photographs of people's reports, kept beside the data under the hash of their content."""

from pathlib import Path

from device_profiles.shelf import shelve
from hub.errors import BadReport

MAX_BYTES = 16_000_000
_KINDS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8")  # how JPEG, PNG, WebP and GIF begin
_HEIF = b"ftyp"  # at byte 4


def keep_photo(source: Path, folder: Path) -> str:
    """Copy a photograph into ``folder``, whole or not at all; return its sha256. Raises BadReport."""
    try:
        with source.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadReport(f"{source} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadReport(f"{source} has more than {MAX_BYTES // 1_000_000} MB")
    if not content.startswith(_KINDS) and content[4:8] != _HEIF:
        raise BadReport(f"{source} is no photograph: JPEG, PNG, WebP, GIF or HEIF")
    try:
        return shelve(folder, content)
    except OSError as error:
        raise BadReport(f"{folder} takes no file: {error.strerror}") from error

"""Files that are there whole or not at all, whoever is killed and when the power goes."""

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, half: Path | None = None, mode: int = 0o666) -> None:
    """Write ``content`` into ``half``, fsynced, and put it in the place of ``path``, with ``mode`` less the umask.

    ``half`` is another name in the same folder; writers that may meet each give one of their own. That the new name
    survives a power cut is `sync`'s, of the folder. Raises OSError; ``path`` is then as it was, and ``half`` is gone.
    """
    half = half or path.with_name(f"{path.name}.half")
    half.unlink(missing_ok=True)  # of somebody who was killed; what is opened must be ours
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            half.unlink()
        raise


def sync(path: Path) -> None:
    """Return when a file's content, or the names in a folder, survive a power cut. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

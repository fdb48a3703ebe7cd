"""Grab pictures from a folder, in the order of their names; without a loop it waits for more."""

import time
from pathlib import Path

import cv2
import numpy as np

from edge_agent.sources.camera.frame import BrokenPicture, Image, NoPicture
from edge_agent.sources.camera.torn import is_torn
from edge_agent.sources.camera.trouble import Stream

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_END = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND\xaeB`\x82"}  # how JPEG and PNG begin, and end
LOOK_S = 0.2  # between two looks for more
READ_S = 2.0


class Stills:
    """An opened folder."""

    key = True  # each still stands alone

    def __init__(self, folder: Path, *, interval_s: float, loop: bool) -> None:
        """Open ``folder``. Raises NoPicture."""
        self.anew = False
        self._folder = folder
        self._interval_s = interval_s
        self._loop = loop
        self._path = Path()
        self._last = ""  # name of the picture that was grabbed last
        self._due_s = time.monotonic()
        if not self._names():
            raise NoPicture(Stream.EMPTY, "the folder holds no picture")

    def grab(self) -> None:
        """Wait for the next picture. Raises NoPicture."""
        self.anew = False
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._path = self._folder / self._next()
        self._last = self._path.name
        self._due_s = max(self._due_s, time.monotonic() - self._interval_s) + self._interval_s

    def picture(self) -> Image:
        """Return it. Raises BrokenPicture, also for half a file."""
        return read_picture(self._path)

    def close(self) -> None:
        """Nothing is held."""

    def _next(self) -> str:
        deadline_s = time.monotonic() + READ_S
        while True:
            names = self._names()
            later = [name for name in names if name > self._last]
            if later:
                return later[0]
            if names and self._loop:
                self.anew = True
                return names[0]
            if time.monotonic() >= deadline_s:
                raise NoPicture(Stream.ENDED if names else Stream.EMPTY, "there is no further picture in the folder")
            time.sleep(LOOK_S)

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise NoPicture(Stream.UNREACHABLE, error.strerror or "cannot be read") from error


def read_picture(path: Path) -> Image:
    """Return the picture in a file, in BGR. Raises BrokenPicture."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenPicture(f"{path.name}: {error.strerror}") from error
    end = _END.get(data[:2], b"")
    if end not in data.rstrip(b"\0")[-64:]:  # some cameras pad with zeros
        raise BrokenPicture(f"{path.name} is cut off: its end is missing")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:
        raise BrokenPicture(f"{path.name} cannot be decoded") from error
    if image is None or is_torn(image):  # type: ignore[arg-type]
        raise BrokenPicture(f"{path.name} cannot be decoded")
    return image  # type: ignore[return-value]

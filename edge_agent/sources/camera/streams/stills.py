"""Grab pictures from a folder, in the order of their names; without a loop it waits for more."""

import os
import time
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISSOCK

import cv2
import msgspec
import numpy as np

from edge_agent.sources.camera.streams.frame import BrokenPicture, Image, NoPicture
from edge_agent.sources.camera.streams.torn import is_cut
from edge_agent.sources.camera.streams.trouble import Stream

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_JPEG, _PNG = b"\xff\xd8", b"\x89PNG"  # how they begin
_END = {_JPEG: b"\xff\xd9", _PNG[:2]: b"IEND\xaeB`\x82"}
_NO_FILES = {S_ISFIFO: "pipe", S_ISDIR: "directory", S_ISCHR: "device", S_ISBLK: "device", S_ISSOCK: "socket"}
MOST_BYTES = 64_000_000  # of one picture
LOOK_S = 0.2  # between two looks for more
READ_S = 2.0
WRITES_S = 1.0  # a file without an end that was not written to for so long never gets one


class Place(msgspec.Struct):
    """Where one is in a folder; it outlives an opening, so that what was shown is not shown again as if it were now."""

    name: str = ""  # of the still that was grabbed last


class Stills:
    """An opened folder."""

    key = True  # each still stands alone

    def __init__(self, folder: Path, *, interval_s: float, loop: bool, place: Place | None = None) -> None:
        """Open ``folder``. Raises NoPicture."""
        self.anew = False
        self._folder = folder
        self._interval_s = interval_s
        self._loop = loop
        self._path = Path()
        self._place = place or Place()
        self._due_s = time.monotonic()
        if not self._names():
            raise NoPicture(Stream.EMPTY, "the folder holds no picture")

    def grab(self) -> None:
        """Wait for the next picture. Raises NoPicture."""
        self.anew = False
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._path = self._folder / self._next()
        self._place.name = self._path.name
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
            late = time.monotonic() >= deadline_s
            later = [name for name in names if name > self._place.name]
            if later and (late or not _grows(self._folder / later[0])):
                return later[0]
            if names and not later and self._loop:
                self.anew = True
                return names[0]
            if late:
                raise NoPicture(Stream.ENDED if names else Stream.EMPTY, "there is no further picture in the folder")
            time.sleep(LOOK_S)

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise NoPicture(Stream.UNREACHABLE, error.strerror or "cannot be read") from error


def name_of(path: Path) -> str:
    """Return a file's name as a text: on a disk it may be any bytes, and no report can hold those."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def read_picture(path: Path) -> Image:
    """Return the picture in a file, in BGR, upright as its EXIF says. Raises BrokenPicture."""
    data = _data(path)
    kind = _kind(data)
    if not kind:
        raise BrokenPicture(f"{name_of(path)} is {'no JPEG, PNG, BMP or WebP' if data else 'empty'}")
    if not _has_end(data):
        raise BrokenPicture(f"{name_of(path)} is cut off: its end is missing")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BrokenPicture(f"{name_of(path)} cannot be decoded") from error
    if image is None or (kind == _JPEG and is_cut(image)):  # type: ignore[arg-type]
        raise BrokenPicture(f"{name_of(path)} cannot be decoded")
    return image  # type: ignore[return-value]


def _data(path: Path) -> bytes:
    """Return what a file holds. Raises BrokenPicture; it neither waits for a pipe nor reads without end."""
    try:
        about = path.stat()
        for is_so, what in _NO_FILES.items():
            if is_so(about.st_mode):
                raise BrokenPicture(f"{name_of(path)} is a {what}")
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            data = file.read(MOST_BYTES + 1) if about.st_size <= MOST_BYTES else b""
    except OSError as error:
        raise BrokenPicture(f"{name_of(path)}: {error.strerror}") from error
    if max(about.st_size, len(data)) > MOST_BYTES:  # it may grow meanwhile
        raise BrokenPicture(f"{name_of(path)} has more than {MOST_BYTES // 1_000_000} MB")
    return data


def _kind(data: bytes) -> bytes:
    """Return how it begins, empty when it is no picture that a camera makes: its name says nothing."""
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return b"RIFF" if webp else next((kind for kind in (_JPEG, _PNG, b"BM") if data.startswith(kind)), b"")


def _has_end(data: bytes) -> bool:
    """Return whether a JPEG or PNG was written to its end; of the others a decoder says so."""
    return _END.get(data[:2], b"") in data.rstrip(b"\0")[-64:]  # some cameras pad with zeros


def _grows(path: Path) -> bool:
    """Return whether a picture was written to a moment ago and has no end yet."""
    try:
        young = abs(time.time() - path.stat().st_mtime) < WRITES_S  # a file's times are the machine's
        data = _data(path) if young else b""
        return young and not (data and _has_end(data))
    except (OSError, BrokenPicture):
        return False

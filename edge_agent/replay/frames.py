"""Read the pictures of a recording: a folder of stills in the order of their names, one still, or a video."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec

from device_profiles.errors import ConfigError
from edge_agent.sources.camera.streams.frame import BrokenPicture, Image
from edge_agent.sources.camera.streams.stills import SUFFIXES, name_of, read_picture
from edge_agent.sources.camera.streams.torn import is_torn

_WHOLE = 0.9  # of the pictures that a video says it has: containers round
_EARLY = 0.001  # s; a video's times are rounded to milliseconds
_BACK = 1.0  # s; a picture is not earlier than the one before it by so much


class Still(msgspec.Struct, frozen=True):
    """One picture of a recording."""

    t_us: int  # from its beginning
    file: str  # its name; of a video "<name>#<number of the frame>"
    image: Image | None  # None: cannot be decoded
    fault: str = ""  # why not


def stills_of(path: Path, *, interval_s: float) -> Iterator[Still]:
    """Yield the pictures at ``path``, ``interval_s`` apart; of a video those that are at least so far apart.

    Raises ConfigError when there is none.
    """
    if path.is_dir():
        names = _names(path)
        if not names:
            raise ConfigError(f"the folder holds no picture ({', '.join(sorted(SUFFIXES))})", file=str(path))
        yield from (_still(path / name, round(at * interval_s * 1e6)) for at, name in enumerate(names))
    elif path.suffix.lower() in SUFFIXES and path.is_file():
        yield _still(path, 0)
    elif path.is_file():
        yield from _frames(path, interval_s)
    else:
        raise ConfigError("is neither a folder of stills nor a video", file=str(path))


def _names(folder: Path) -> list[str]:
    """Return what is called a picture; what is none is said when it is read."""
    try:
        return sorted(one.name for one in folder.iterdir() if one.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(folder)) from error


def _still(path: Path, t_us: int) -> Still:
    try:
        return Still(t_us, name_of(path), read_picture(path))
    except BrokenPicture as error:
        return Still(t_us, name_of(path), None, str(error))


def _frames(path: Path, interval_s: float) -> Iterator[Still]:
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        fps = video.get(cv2.CAP_PROP_FPS)
        period_s = 1 / fps if 0.1 < fps < 1000 else 1 / 25
        number, due_s, before_s, shift_s, name = 0, 0.0, 0.0, 0.0, name_of(path)
        while video.grab():
            at_s = _time_s(video, number * period_s) + shift_s
            if at_s < before_s - _BACK:  # two recordings one behind the other: its clock begins anew
                shift_s, at_s = shift_s + before_s + period_s - at_s, before_s + period_s
            before_s = at_s
            if at_s >= due_s - _EARLY:
                yield _frame(video, round(at_s * 1e6), f"{name}#{number}")
                due_s = max(due_s + interval_s, at_s)
            number += 1
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        video.release()
    if number == 0:
        raise ConfigError("holds no picture that can be decoded: it is no video", file=str(path))
    if number < _WHOLE * count:
        why = f"{name} breaks off: {number} of its {count} pictures can be read"
        yield Still(round(number * period_s * 1e6), f"{name}#{number}", None, why)


def _time_s(video: cv2.VideoCapture, expected_s: float) -> float:
    """Return a frame's own time; some containers have none."""
    said_s = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
    return said_s if said_s > 0 else expected_s


def _frame(video: cv2.VideoCapture, t_us: int, name: str) -> Still:
    good, image = video.retrieve()
    if not good or image is None or image.ndim != 3:
        return Still(t_us, name, None, f"{name} cannot be decoded")
    picture: Image = image  # type: ignore[assignment]
    if is_torn(picture):
        return Still(t_us, name, None, f"{name}: its lower part is missing")
    return Still(t_us, name, picture)

"""Grab pictures from an RTSP stream or a video file, by OpenCV's FFMPEG."""

import os
import time
from pathlib import Path

import cv2

from edge_agent.sources.camera.streams.frame import BrokenPicture, Image, NoPicture
from edge_agent.sources.camera.streams.torn import Tears, is_plain, is_torn
from edge_agent.sources.camera.streams.trouble import Stream

OPEN_MS, READ_MS = 3_000, 2_000  # time-outs
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
# TCP: over UDP a full network gives torn pictures
_RTSP = "rtsp_transport;tcp|fflags;nobuffer+discardcorrupt|flags;low_delay|max_delay;200000|fpsprobesize;0"
# a short analysis: the stream is to be back within 3 s; a long one for H.264 whose description lacks the parameters
_ANALYSES_US = (300_000, 2_500_000)
_FALLBACK_FPS = 25.0
_FROM_OTHERS = (ord("P"), ord("B"))  # types of pictures, as FFMPEG says them
PLAIN = 3  # after one that was lost the next ones show at least what changes; a camera that shows nothing goes on so
_LATE_S = 1.0  # a file that was not read for so long is not hurried through


class Capture:
    """An opened stream or file."""

    def __init__(self, url: str, *, live: bool, loop: bool = False) -> None:
        """Open ``url``. Raises NoPicture. A file that is not ``live`` is played at its own rate."""
        self.anew = False
        self.key = True
        self._key = False  # one came since the last picture that was returned
        self._url = url
        self._live = live
        self._loop = loop
        self._capture = _open(url, live=live)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._period_s = 1.0 / (fps if 0.1 < fps < 1000 else _FALLBACK_FPS)
        self._due_s = time.monotonic()
        self._grabbed = 0
        self._tears = Tears()
        self._plain = 0  # pictures in a row that are of one colour, such as decoders fill with
        self._inter = False  # pictures are made from earlier ones: what repeats in a part of them says nothing

    def grab(self) -> None:
        """Wait for the next picture. Raises NoPicture."""
        self.anew = False
        if not self._live:
            self._keep_time()
        if not self._capture.grab():
            self._end()
        self._grabbed += 1
        builds = self._capture.get(cv2.CAP_PROP_FRAME_TYPE) in _FROM_OTHERS
        self._inter, self._key = self._inter or builds, self._key or not builds

    def picture(self) -> Image:
        """Return the picture that was grabbed last, in BGR. Raises BrokenPicture."""
        self.key, self._key = self._key, False
        try:
            good, image = self._capture.retrieve()
        except cv2.error as error:
            raise BrokenPicture("cannot be decoded") from error
        if not good or image is None or image.ndim != 3 or image.size == 0:
            raise BrokenPicture("cannot be decoded")
        picture: Image = image  # type: ignore[assignment]
        torn = is_torn(picture) if self._inter else self._tears.take(picture)
        self._plain = self._plain + 1 if torn and is_plain(picture) else 0
        if torn and self._plain < PLAIN:
            raise BrokenPicture("its lower part is missing")
        return picture

    def close(self) -> None:
        """Let go of it."""
        self._capture.release()

    def _keep_time(self) -> None:
        now_s = time.monotonic()
        time.sleep(max(0.0, self._due_s - now_s))
        self._due_s = max(self._due_s, now_s - _LATE_S) + self._period_s

    def _end(self) -> None:
        """The stream ended or stopped, the file was played. Raises NoPicture unless it begins again."""
        if self._live:
            raise NoPicture(Stream.TIMEOUT if self._grabbed else Stream.NO_VIDEO, "no picture came in time")
        if not self._grabbed:
            raise NoPicture(Stream.NO_VIDEO, "holds no picture that can be decoded")
        if not self._loop:
            raise NoPicture(Stream.ENDED, "the recording was played to its end")
        self._capture.release()
        self._capture = _open(self._url, live=False)
        self.anew = True
        if not self._capture.grab():
            raise NoPicture(Stream.NO_VIDEO, "holds no picture that can be decoded")


def _open(url: str, *, live: bool) -> cv2.VideoCapture:
    if not live and not Path(url).is_file():
        there = Path(url).exists()  # a pipe would hang whoever opens it, a device may never end
        raise NoPicture(Stream.UNREACHABLE, "is neither a file nor a folder" if there else "there is no such file")
    began_s = time.monotonic()
    for analysis_us in _ANALYSES_US if live else (0,):
        capture = _try(url, options=f"{_RTSP}|analyzeduration;{analysis_us}" if live else "")
        if capture.isOpened() and (not live or capture.get(cv2.CAP_PROP_FRAME_WIDTH) > 0):
            return capture
        opened = capture.isOpened()
        capture.release()
        if not opened:
            break
    if not live:
        raise NoPicture(Stream.NO_VIDEO, "FFMPEG cannot open it: it is no video")
    late = time.monotonic() - began_s > OPEN_MS / 1000 * 0.9
    raise NoPicture(Stream.UNREACHABLE if late else Stream.REFUSED, "FFMPEG cannot open it")


def _try(url: str, *, options: str) -> cv2.VideoCapture:
    times = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
    os.environ[_OPTIONS] = options  # the only way to tell FFMPEG; whoever opens the next video has not asked for it
    try:
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, [*times, cv2.CAP_PROP_N_THREADS, 1])
    finally:
        del os.environ[_OPTIONS]

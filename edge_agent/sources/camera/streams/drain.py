"""A thread that empties a stream as fast as it comes and keeps only its newest picture; a lost one it opens again."""

import logging
import threading
from collections.abc import Callable

import msgspec

from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from edge_agent.sources.camera.streams.frame import BrokenPicture, Frame, Grabber, NoPicture
from edge_agent.sources.camera.streams.trouble import Stream

logger = logging.getLogger(__name__)

RETRY_BASE_S, RETRY_CAP_S = 0.2, 1.0  # a returned stream is to be back within 3 s
_WAITING = frozenset({Stream.ENDED, Stream.EMPTY})  # more may come; nothing is gained by opening it again
STALE_S = 0.5  # a picture that nobody took for so long is not the newest any more
LEAST_PX = 64  # wide and high
MANY_BROKEN = 20  # in a row: then it is opened anew


class Flow(msgspec.Struct):
    """How the stream flows."""

    stream: Stream = Stream.CONNECTING
    detail: str = ""
    grabbed: int = 0
    broken: int = 0
    reconnects: int = 0


class Drain:
    """Runs on a thread of its own. Whoever wants a picture gets the next one that comes: nothing old is waiting."""

    def __init__(
        self,
        open_stream: Callable[[], Grabber],
        *,
        clock: Clock,
        backoff: Backoff | None = None,
        prepare: Callable[[Frame], Frame] | None = None,
        flow: Flow | None = None,
    ) -> None:
        """``open_stream`` raises NoPicture; ``prepare`` is called on the drain's thread, beside whoever looks."""
        self.flow = flow or Flow()
        self.wanted = threading.Event()  # somebody wants the next picture
        self._open = open_stream
        self._prepare = prepare
        self._clock = clock
        self._backoff = backoff or Backoff(base_s=RETRY_BASE_S, cap_s=RETRY_CAP_S)
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a read that hangs is left behind with its thread, which the process takes along."""
        self._stopping.set()
        self._thread.join(0.5)

    @property
    def alive(self) -> bool:
        """Whether its thread runs; one that died of a bug empties nothing any more."""
        return self._thread.is_alive()

    def take(self, timeout_s: float) -> Frame | None:
        """Return the next picture, None when none came in time."""
        with self._changed:
            if self._frame is not None and self._clock.real_s() - self._frame.real_s > STALE_S:
                self._frame = None
            if self._frame is None:
                self.wanted.set()
            self._changed.wait_for(lambda: self._frame is not None, timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def want(self) -> None:
        """Ask for the next picture before it can be taken: for who is not done when it is due."""
        with self._changed:
            if self._frame is None:
                self.wanted.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                grabber = self._open()
            except NoPicture as error:
                self._note(error)
            else:
                try:
                    self._empty(grabber)
                finally:
                    grabber.close()
            self.flow.reconnects += 1
            self._stopping.wait(self._backoff.next_s())

    def _empty(self, grabber: Grabber) -> None:
        """Read until the stream is lost."""
        broken = 0
        anew = self.flow.grabbed > 0  # what a recording says after it was opened again was said before
        while not self._stopping.is_set() and broken < MANY_BROKEN:
            try:
                grabber.grab()
                anew = anew or grabber.anew
                whole = self._deliver(grabber, anew=anew)
            except BrokenPicture as error:
                broken += 1
                self.flow.broken += 1
                if broken > 1:
                    self._note(NoPicture(Stream.BROKEN, str(error)))
            except NoPicture as error:
                self._note(error)
                if error.stream not in _WAITING:
                    return
            else:
                broken, anew = 0, anew and not whole

    def _deliver(self, grabber: Grabber, *, anew: bool) -> bool:
        """Hand the picture over if it is wanted: only then it is converted. Return whether it was."""
        t_us, real_s = self._clock.wall_us(), self._clock.real_s()
        self.flow.grabbed += 1
        if not self.wanted.is_set():
            return False
        image = grabber.picture()
        if min(image.shape[:2]) < LEAST_PX:
            raise BrokenPicture(f"{image.shape[1]} × {image.shape[0]} is no picture of anything")
        frame = Frame(t_us, real_s, image, anew, grabber.key)
        frame = self._prepare(frame) if self._prepare else frame
        self._live()
        with self._changed:
            self.wanted.clear()
            self._frame = frame
            self._changed.notify_all()
        return True

    def _live(self) -> None:
        self._backoff.reset()
        if self.flow.stream is not Stream.LIVE:
            logger.info("pictures come")
        self.flow.stream, self.flow.detail = Stream.LIVE, ""

    def _note(self, error: NoPicture) -> None:
        level = logging.DEBUG if self.flow.stream is error.stream else logging.WARNING
        self.flow.stream, self.flow.detail = error.stream, error.detail
        logger.log(level, "no picture: %s", error)

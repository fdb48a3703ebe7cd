"""A drain gives the newest picture, opens what was lost again, and survives what is broken."""

import itertools
import threading
import time
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from edge_agent.sources.camera.streams.drain import Drain
from edge_agent.sources.camera.streams.frame import BrokenPicture, Frame, Image, NoPicture
from edge_agent.sources.camera.streams.trouble import Stream

WAIT_S = 30.0  # long enough for a loaded machine; nothing here is about speed


class Tap:
    """A stream of numbered pictures; ``bad`` numbers are broken, at ``ends`` it is lost."""

    key = True
    numbers: Iterator[int]

    def __init__(self, numbers: Iterator[int], *, bad: set[int], ends: set[int], small: set[int]) -> None:
        self.anew = False
        self.closed = False
        self._numbers, self._bad, self._ends, self._small = numbers, bad, ends, small
        self._number = 0

    def grab(self) -> None:
        """Give the next number after a moment."""
        time.sleep(0.002)
        self._number = next(self._numbers)
        if self._number in self._ends:
            raise NoPicture(Stream.TIMEOUT, "gone")

    def picture(self) -> Image:
        """Return it."""
        if self._number in self._bad:
            raise BrokenPicture("half")
        size = 2 if self._number in self._small else 64
        return np.full((size, size, 3), self._number % 250, np.uint8)

    def close(self) -> None:
        """Let go."""
        self.closed = True


class Tapped:
    """A drain on taps."""

    def __init__(
        self, *, bad: set[int] | None = None, ends: set[int] | None = None, small: set[int] | None = None
    ) -> None:
        self.taps: list[Tap] = []
        self._numbers = itertools.count(1)
        self._bad, self._ends, self._small = bad or set(), ends or set(), small or set()
        self.drain = Drain(self._open, clock=Clock(), backoff=Backoff(base_s=0.001, cap_s=0.002))

    def _open(self) -> Tap:
        self.taps.append(Tap(self._numbers, bad=self._bad, ends=self._ends, small=self._small))
        return self.taps[-1]

    def __enter__(self) -> Drain:
        self.drain.start()
        return self.drain

    def __exit__(self, *_: object) -> None:
        self.drain.stop()


def _grabbed(drain: Drain, more: int) -> None:
    """Wait until so many pictures more have come."""
    upto = drain.flow.grabbed + more
    while drain.flow.grabbed < upto:
        time.sleep(0.001)


def test_the_newest_picture_comes_and_its_time_is_that_of_the_grab() -> None:
    """What came while nobody looked is not waiting."""
    with Tapped() as drain:
        first = drain.take(WAIT_S)
        _grabbed(drain, 3)
        asked_s = time.monotonic()
        second = drain.take(WAIT_S)
    assert first is not None
    assert second is not None
    assert second.real_s >= asked_s
    assert second.image[0, 0, 0] > first.image[0, 0, 0] + 1
    assert drain.flow.stream is Stream.LIVE


def test_a_lost_stream_is_opened_again_and_the_old_one_closed() -> None:
    """Pictures go on, and the loss is counted."""
    tapped = Tapped(ends={3})
    with tapped as drain:
        while drain.flow.reconnects == 0:
            drain.take(1.0)
        assert drain.take(WAIT_S) is not None
    assert tapped.taps[0].closed
    assert drain.flow.stream is Stream.LIVE


def test_a_broken_picture_is_none_and_the_next_one_comes() -> None:
    """It is counted; one of four pixels is no picture either."""
    tapped = Tapped(bad={1, 2}, small={3})
    tapped.drain.want()  # before it starts: a picture that nobody wants is not converted, broken or not
    with tapped as drain:
        frame = drain.take(WAIT_S)
    assert frame is not None
    assert frame.image[0, 0, 0] >= 4
    assert drain.flow.broken == 3


@pytest.mark.parametrize("stream", [Stream.UNREACHABLE, Stream.NO_VIDEO])
def test_what_cannot_be_opened_is_tried_again_and_again(stream: Stream) -> None:
    """And it says why no picture comes."""
    tries = threading.Semaphore(0)

    def refuse() -> Tap:
        tries.release()
        raise NoPicture(stream, "no")

    drain = Drain(refuse, clock=Clock(), backoff=Backoff(base_s=0.001, cap_s=0.002))
    drain.start()
    try:
        for _ in range(3):
            assert tries.acquire(timeout=WAIT_S)
        assert drain.take(0.01) is None
        assert drain.flow.stream is stream
    finally:
        drain.stop()


def test_a_picture_is_prepared_beside_whoever_looks_and_can_be_asked_for_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the drain's thread; what was asked for early waits, and no other one is prepared meanwhile."""
    monkeypatch.setattr(
        "edge_agent.sources.camera.streams.drain.STALE_S", WAIT_S
    )  # on a busy machine half a second is nothing
    made: list[str] = []

    def prepare(frame: Frame) -> Frame:
        made.append(threading.current_thread().name)
        return msgspec.structs.replace(frame, prepared=len(made))

    tap = Tap(itertools.count(1), bad=set(), ends=set(), small=set())
    drain = Drain(lambda: tap, clock=Clock(), prepare=prepare)
    drain.start()
    try:
        first = drain.take(WAIT_S)
        drain.want()
        while len(made) < 2:
            time.sleep(0.001)
        _grabbed(drain, 3)  # nobody wanted these: the second one is at hand
        second = drain.take(0.0)
    finally:
        drain.stop()
    assert first is not None
    assert second is not None
    assert (first.prepared, second.prepared) == (1, 2)
    assert set(made) == {"drain"}

"""Judge the boxes on a thread of their own: a slow model delays the boxes' words, and no alarm scan of a line."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

from device_profiles.clock import Clock
from edge_agent.sample import Sink
from edge_agent.sources.box.stream import Piece
from edge_agent.sources.box.watched import WatchedBox
from edge_agent.steps import ClockWatch

logger = logging.getLogger(__name__)

ROUND_S = 0.2  # real; from the start of one round to the next: what has come meanwhile is judged together
PAUSE_S = 0.001  # real; after each box that had something, so that the event loop has the interpreter to itself
SWITCH_S = 0.0005  # after so long the thread gives the interpreter away; Python's own 5 ms would add up in a scan
NICE = 5  # below the event loop's thread, when both want the last free CPU
STOP_S = 5.0  # real; a model that hangs does not hold up the end of the program

Guard = Callable[[Callable[[WatchedBox], None]], Callable[[WatchedBox], None]]


class BoxWatch:
    """A context manager: its thread runs inside it. ``put`` and ``sink`` are called on the event loop."""

    def __init__(self, boxes: Iterable[WatchedBox], *, sink: Sink, guard: Guard, clock: Clock) -> None:
        """``guard`` keeps what breaks one box's turn from the other boxes."""
        self.rounds = 0
        self._boxes = {box.device: box for box in boxes}
        self._sink = sink
        self._turn = guard(self._judge)
        self._clock = clock
        self._steps = ClockWatch(clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._switch_s = sys.getswitchinterval()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="boxes", daemon=True)

    def __enter__(self) -> "BoxWatch":
        """Start, inside the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._switch_s = sys.getswitchinterval()
        if self._boxes:
            sys.setswitchinterval(SWITCH_S)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
        sys.setswitchinterval(self._switch_s)

    def stop(self) -> None:
        """Stop. What still waits is not judged: the boxes go on sending, and the judges' states are stored."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def put(self, device: str, piece: Piece) -> None:
        """Keep a piece for the next round; bounded by `WatchedBox`."""
        self._boxes[device].put(piece)

    def _run(self) -> None:
        if sys.platform == "linux":  # there a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while not self._stopping.is_set():
            began_s = self._clock.real_s()
            self._follow_clock()
            for box in self._boxes.values():
                self._turn(box)
            self.rounds += 1
            self._stopping.wait(max(0.0, began_s + ROUND_S - self._clock.real_s()))

    def _follow_clock(self) -> None:
        step_us = self._steps.step_us()
        for box in self._boxes.values() if step_us else ():
            box.shift(step_us)

    def _judge(self, box: WatchedBox) -> None:
        sample = box.turn(self._clock.wall_us())
        if sample is None or self._loop is None or self._stopping.is_set():
            return
        with suppress(RuntimeError):  # the loop closed meanwhile: the program ends
            self._loop.call_soon_threadsafe(self._sink, sample)
        self._stopping.wait(PAUSE_S)

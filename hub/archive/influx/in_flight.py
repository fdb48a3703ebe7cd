"""Several requests at once, on daemon threads: one that hangs holds up no program that stops."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from hub.errors import HubError

T = TypeVar("T")
R = TypeVar("R")


class InFlight(Generic[T, R]):
    """Threads that do one ``work``; who submits waits while all of them are busy and one more waits for each."""

    def __init__(self, work: Callable[[T], R], *, threads: int, name: str) -> None:
        self._work = work
        self._waiting: queue.Queue[tuple[T, Future[R]] | None] = queue.Queue(threads)
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, item: T) -> "Future[R]":
        """Have ``item`` worked on."""
        future: Future[R] = Future()
        self._waiting.put((item, future))
        return future

    def close(self, timeout_s: float = 1.0) -> None:
        """End the threads that are idle; one that hangs ends with the program."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(timeout_s / len(self._threads))

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            item, future = job
            try:
                future.set_result(self._work(item))
            except HubError as error:
                future.set_exception(error)
            finally:
                if not future.done():  # a fault of ours: who waits ends too, and this thread says why
                    future.cancel()

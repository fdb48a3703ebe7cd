"""Several requests at once, on daemon threads: one that hangs holds up no program that stops."""

import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from hub.errors import StoreDown

T = TypeVar("T")
R = TypeVar("R")


class InFlight(Generic[T, R]):
    """Threads that do one ``work``; who submits waits while all of them are busy and one more waits for each."""

    def __init__(self, work: Callable[[T], R], *, threads: int, name: str) -> None:
        self._work = work
        self._name = name
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
        """End the threads that are idle, and what nobody has begun; one that hangs ends with the program."""
        with contextlib.suppress(queue.Empty):
            while (job := self._waiting.get_nowait()) is not None:
                job[1].set_exception(StoreDown(self._name, "is closed"))
        for _ in self._threads:
            with contextlib.suppress(queue.Full):  # who waits to submit was quicker
                self._waiting.put_nowait(None)
        for thread in self._threads:
            thread.join(timeout_s / len(self._threads))

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            item, future = job
            with _Carried(future):
                future.set_result(self._work(item))


class _Carried:
    """Whatever goes wrong, a fault of ours too, goes wrong for who waits, and ends no thread."""

    def __init__(self, future: "Future[Any]") -> None:
        self._future = future

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if error is not None:
            self._future.set_exception(error)
        return True

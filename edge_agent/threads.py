"""Work that blocks runs on a thread of its own, and what it dies of ends the program."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from edge_agent.errors import ThreadCrashed


async def run_on(thread: Executor, work: Callable[[], None]) -> None:
    """Return when ``work`` has ended, or raise what it died of."""
    await asyncio.get_running_loop().run_in_executor(thread, work)


@contextmanager
def crashes() -> Iterator["asyncio.Future[None]"]:
    """Give a future that fails when any other thread of the process dies of an exception, paho's for example."""
    loop = asyncio.get_running_loop()
    crash: asyncio.Future[None] = loop.create_future()

    def take(hook: threading.ExceptHookArgs) -> None:
        error = ThreadCrashed(hook.thread.name if hook.thread else "?")
        error.__cause__ = hook.exc_value
        loop.call_soon_threadsafe(_fail, crash, error)

    before, threading.excepthook = threading.excepthook, take
    try:
        yield crash
    finally:
        threading.excepthook = before
        crash.cancel()


def _fail(future: "asyncio.Future[None]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)

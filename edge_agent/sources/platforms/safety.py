"""Wait until all that was taken is on disk: only then a platform is told that we have it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from device_profiles.wire import Fact, Lane

SAFE_S = 5.0  # real; a commit takes milliseconds, a full disk longer than a platform waits

Safe = Callable[[], Awaitable[bool]]  # False: not yet


class Keeper(Protocol):
    """The outbox."""

    @property
    def holds_back(self) -> bool:
        """Whether readings wait in memory because the disk has no room for them."""

    def put(
        self, facts: Mapping[Lane, Sequence[Fact]], *, then: Callable[[], None] | None = None, urgent: bool = False
    ) -> None:
        """Keep facts; ``then`` is called, on any thread, when what was put so far is on disk, unless it holds back."""


async def is_safe(keeper: Keeper) -> bool:
    """Return whether all that was put so far is on disk, after at most SAFE_S."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def tell() -> None:
        if not keeper.holds_back:
            loop.call_soon_threadsafe(done.set)

    keeper.put({}, then=tell, urgent=True)
    try:
        async with asyncio.timeout(SAFE_S):
            await done.wait()
    except TimeoutError:
        return False
    return True

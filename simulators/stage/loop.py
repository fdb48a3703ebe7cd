"""A loop that runs as long as what it belongs to stands."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack


def begin_loop(stack: AsyncExitStack, loop: Coroutine[None, None, None], *, name: str) -> None:
    """Begin a loop that ends when ``stack`` is closed."""
    stack.push_async_callback(_end, asyncio.create_task(loop, name=name))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})

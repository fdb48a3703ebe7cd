"""What a person types to a simulated thing that runs by itself, word by word."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import suppress

_LINE = 4096  # bytes


async def typed_words(hear: int) -> AsyncGenerator[str, None]:
    """Yield each word that comes from the file number ``hear``; after the end of input just wait, until cancelled."""
    words: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def typed() -> None:
        data = os.read(hear, _LINE)
        if not data:
            loop.remove_reader(hear)
        for word in data.decode("utf-8", "replace").split():
            words.put_nowait(word)

    with suppress(PermissionError):  # a file: nobody types
        loop.add_reader(hear, typed)
    try:
        while True:
            yield await words.get()
    finally:
        loop.remove_reader(hear)

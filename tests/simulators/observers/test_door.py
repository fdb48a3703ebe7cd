"""A door lets in who comes while it is open, and nobody is inside any more once it is shut."""

import asyncio
import contextlib

from simulators.observers.door import Door
from simulators.observers.packets import ProtocolError


async def test_who_is_inside_is_let_go_and_the_door_stays_open_for_others() -> None:
    """Whoever speaks no MQTT loses the line; the next one is served."""
    entered = asyncio.Semaphore(0)

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        entered.release()
        raise ProtocolError("no MQTT")

    door = Door(refuse)
    await door.open()
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        async with asyncio.timeout(10):
            await entered.acquire()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
    await door.shut()


async def test_a_shut_door_has_nobody_inside() -> None:
    """It waits for who is inside to go."""
    inside, leave, left = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside.set()
        await leave.wait()
        left.set()

    door = Door(stay)
    await door.open()
    async with asyncio.timeout(10):
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        await inside.wait()
        shut = asyncio.create_task(door.shut())
        await asyncio.sleep(0)
        assert not shut.done()
        leave.set()
        await shut
    assert left.is_set()
    writer.close()

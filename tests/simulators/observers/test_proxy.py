"""The proxy does what it counts: what reaches a real broker is what it says it passed on."""

import asyncio
import contextlib
from collections import Counter

import aiomqtt
import pytest

from simulators.observers.proxy import NONE, Mischief, Proxy

TOPIC = "a/b"


async def _through(broker_port: int, mischief: Mischief, count: int) -> tuple[list[int], Proxy]:
    """Publish numbers through a proxy; return those that a subscriber behind the broker heard."""
    async with (
        Proxy("127.0.0.1", broker_port, mischief=mischief) as proxy,
        aiomqtt.Client("127.0.0.1", broker_port) as hub,
    ):
        await hub.subscribe(TOPIC, qos=1)
        async with aiomqtt.Client("127.0.0.1", proxy.port) as agent:
            for number in range(count):
                await agent.publish(TOPIC, str(number), qos=1)
            proxy.mischief = NONE
            await agent.publish(TOPIC, "-1", qos=1)
        heard: list[int] = []
        async with asyncio.timeout(20):
            async for message in hub.messages:
                heard.append(int(bytes(message.payload)))  # type: ignore[arg-type]
                if heard[-1] == -1:
                    return heard[:-1], proxy
    raise AssertionError


async def test_without_mischief_all_passes(broker_port: int) -> None:
    """In order, once."""
    heard, proxy = await _through(broker_port, NONE, 50)
    assert heard == list(range(50))
    assert (proxy.up.came, proxy.up.passed) == (51, 51)


async def test_what_is_dropped_is_acked_and_gone(broker_port: int) -> None:
    """The publisher hears a PUBACK for each, the broker nothing."""
    heard, proxy = await _through(broker_port, Mischief(1.0, 0.0, 0.0), 20)
    assert heard == []
    assert proxy.up.dropped == 20


async def test_a_mixture_adds_up(broker_port: int) -> None:
    """Each number was dropped, passed once or passed twice."""
    heard, proxy = await _through(broker_port, Mischief(0.2, 0.2, 0.0), 300)
    counts = Counter(heard)
    assert len(counts) == 300 - proxy.up.dropped
    assert sum(count == 2 for count in counts.values()) == proxy.up.doubled > 0
    assert len(heard) + 1 == proxy.up.passed
    assert heard == sorted(heard)


async def test_neighbours_change_places(broker_port: int) -> None:
    """A swapped message comes after its neighbour; with nobody to wait for it comes by itself."""
    async with (
        Proxy("127.0.0.1", broker_port, mischief=Mischief(0.0, 0.0, 1.0)) as proxy,
        aiomqtt.Client("127.0.0.1", broker_port) as hub,
        aiomqtt.Client("127.0.0.1", proxy.port) as agent,
    ):
        await hub.subscribe(TOPIC, qos=1)
        async with asyncio.timeout(20):
            await asyncio.gather(*(agent.publish(TOPIC, str(number), qos=1) for number in range(2)))
            heard = [bytes((await anext(hub.messages)).payload) for _ in range(2)]  # type: ignore[arg-type]
            assert heard == [b"1", b"0"]
            await agent.publish(TOPIC, "alone", qos=1)
            assert bytes((await anext(hub.messages)).payload) == b"alone"  # type: ignore[arg-type]
        assert proxy.up.swapped == 2


async def test_a_cut_line_lets_nobody_in_until_it_heals(broker_port: int) -> None:
    """Who was connected notices at once."""
    async with Proxy("127.0.0.1", broker_port, mischief=NONE) as proxy:
        with contextlib.suppress(aiomqtt.MqttError):  # the goodbye of a client whose line is cut
            async with aiomqtt.Client("127.0.0.1", proxy.port) as agent, asyncio.timeout(10):
                await proxy.cut()
                with pytest.raises(aiomqtt.MqttError):
                    await anext(agent.messages)
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", proxy.port, timeout=2):
                pass
        proxy.heal()
        async with aiomqtt.Client("127.0.0.1", proxy.port) as agent:
            await agent.publish(TOPIC, "1", qos=1)
    assert proxy.up.passed == 1


@pytest.mark.parametrize("turns", range(10))
async def test_a_line_that_still_dials_is_cut_too(broker_port: int, turns: int) -> None:
    """However far it has come when the cut happens, also when all is whole again before the broker answers."""
    async with Proxy("localhost", broker_port, mischief=NONE) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        for _ in range(turns):
            await asyncio.sleep(0)
        await proxy.cut()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                assert await reader.read() == b""
        writer.close()

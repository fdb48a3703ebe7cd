"""The tap knows every pack that passed to a real broker, passes everything on, and breaks lines on command."""

import asyncio
import contextlib
import json
import socket

import aiomqtt
import pytest

from device_profiles.topics import AgentAddress, lane_topic, receipt_topic
from simulators.observers.packs import PackKey
from simulators.observers.tap import Tap

ADDRESS = AgentAddress("hz/xiacheng/chaoming", "chaoming-01")


def _payload(seq: int) -> bytes:
    facts = [{"type": "heartbeat", "t_us": seq, "seen_us": {}}]
    return json.dumps({"v": 1, "epoch": 9, "seq": seq, "facts": facts}).encode()


async def test_packs_are_recorded_once_and_reach_the_broker(broker_port: int) -> None:
    """A double adds nothing, what is no pack is counted as strange, and a subscriber behind the broker hears all."""
    topic = lane_topic(ADDRESS, "event")
    async with Tap("127.0.0.1", broker_port) as tap, aiomqtt.Client("127.0.0.1", broker_port) as hub:
        await hub.subscribe(topic, qos=1)
        async with aiomqtt.Client("127.0.0.1", tap.port) as agent:
            for payload in (_payload(1), _payload(2), _payload(2), b"garbage", _payload(3)):
                await agent.publish(topic, payload, qos=1)
        async with asyncio.timeout(10):
            heard = [bytes((await anext(hub.messages)).payload) for _ in range(5)]  # type: ignore[arg-type]
    assert heard[-1] == _payload(3)
    assert set(tap.packs) == {PackKey(str(ADDRESS), 9, "event", seq) for seq in (1, 2, 3)}
    assert (tap.facts, tap.publishes, tap.strange) == (3, 5, 1)


async def test_a_cut_breaks_the_line_and_a_hold_swallows(broker_port: int) -> None:
    """cut() is noticed at once; while held nobody gets in; after resume() a client connects and packs stay known."""
    topic = lane_topic(ADDRESS, "reading")
    async with Tap("127.0.0.1", broker_port) as tap:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", tap.port) as agent:
                await agent.publish(topic, _payload(1), qos=1)
                tap.hold()
                tap.cut()
                with pytest.raises(aiomqtt.MqttError):
                    async with asyncio.timeout(10):
                        await anext(agent.messages)
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", tap.port, timeout=0.3):
                pass
        tap.resume()
        async with aiomqtt.Client("127.0.0.1", tap.port) as agent:
            await agent.publish(topic, _payload(2), qos=1)
    assert {key.seq for key in tap.packs} == {1, 2}


async def test_a_dead_broker_is_a_refused_connection() -> None:
    """With no broker behind it the tap lets a client go at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        async with Tap("127.0.0.1", probe.getsockname()[1]) as tap:
            reader, writer = await asyncio.open_connection("127.0.0.1", tap.port)
            async with asyncio.timeout(10):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
            writer.close()


def test_receipts_to_an_agent_are_known() -> None:
    """By agent and lane, up to which pack all is in the journal; what is no receipt is passed over."""
    tap = Tap("127.0.0.1", 1)
    topic = receipt_topic(ADDRESS)
    receipt = b'{"hub":"xiacheng","epoch":7,"lanes":{"event":{"to":41}},"t_us":1}'
    for payload, name in ((receipt, topic), (b"{}", topic.replace("receipt", "command")), (b"no receipt", topic)):
        tap._take(0x30, len(name).to_bytes(2, "big") + name.encode() + payload)
    assert tap.receipts == {(str(ADDRESS), "event"): (7, 41)}

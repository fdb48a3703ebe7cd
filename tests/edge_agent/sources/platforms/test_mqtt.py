"""Platforms over MQTT: acked when safe, bad messages too, and nothing lost while the agent was away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt

from edge_agent.sources.platforms.mqtt import MqttSource
from tests.edge_agent.sources.platforms.rig import ONE, Rig, body, mqtt
from tests.servers import Mosquitto

WAIT_S = 30.0


@asynccontextmanager
async def _listening(server: Mosquitto, rig: Rig, folder: Path, **changes: str) -> AsyncIterator[MqttSource]:
    platform = mqtt(server.url, **changes)
    source = MqttSource(platform, rig.feed, safe=rig.safe, client_id="agent.platform-1", folder=folder)
    task = asyncio.create_task(source.run())
    await asyncio.to_thread(source.link.subscribed.wait, WAIT_S)
    yield source
    task.cancel()
    await asyncio.wait({task})


async def _until(rig: Rig, count: int, device: str = "lift-01") -> None:
    async with asyncio.timeout(WAIT_S):
        while len(rig.of(device)) < count:
            rig.came.clear()
            await rig.came.wait()


async def _publish(server: Mosquitto, *payloads: bytes, topic: str = "lifts/1") -> None:
    async with aiomqtt.Client("127.0.0.1", server.port) as client:
        for payload in payloads:
            await client.publish(topic, payload, qos=1)


async def test_bad_messages_stop_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Each is counted with its reason, and the good one behind them arrives."""
    rig = Rig(mqtt(mosquitto.url))
    async with _listening(mosquitto, rig, tmp_path, max_body="64kB"):
        await _publish(mosquitto, b"", b"\xff", b"x" * 70_000, b"[]", body(rig.message()))
        await _until(rig, 1)
        assert rig.refusals() == [("not_json", 1), ("too_large", 1), ("not_an_object", 1)]


async def test_the_registration_code_may_stand_in_the_topic(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """As a level of it."""
    rig = Rig(mqtt(mosquitto.url, dialect="nocode"))
    async with _listening(mosquitto, rig, tmp_path, topic="lifts/push/+"):
        said = {"h": {"t": rig.clock.now_us // 1000}, "b": {"door": 2}}
        await _publish(mosquitto, body(said), topic=f"lifts/push/{ONE}")
        await _until(rig, 1)
        assert rig.of("lift-01")[0].values["door_closed"] is True


async def test_what_came_while_the_agent_was_away_is_read(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The session is persistent."""
    rig = Rig(mqtt(mosquitto.url))
    async with _listening(mosquitto, rig, tmp_path):
        pass
    await _publish(mosquitto, body(rig.message()))
    async with _listening(mosquitto, rig, tmp_path):
        await _until(rig, 1)


async def test_a_message_that_is_not_safe_comes_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """No ack before the disk has it: a restarted agent hears it again."""
    rig = Rig(mqtt(mosquitto.url))
    blocked = asyncio.Event()

    async def never() -> bool:
        blocked.set()
        await asyncio.sleep(3_600)
        return True

    rig.safe = never  # type: ignore[method-assign]
    async with _listening(mosquitto, rig, tmp_path):
        await _publish(mosquitto, body(rig.message()))
        await asyncio.wait_for(blocked.wait(), WAIT_S)
    again = Rig(mqtt(mosquitto.url))
    async with _listening(mosquitto, again, tmp_path):
        await _until(again, 1)

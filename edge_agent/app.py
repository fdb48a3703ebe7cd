"""The agent, wired in one straight line: sources → desk → outbox → uplink; it stops in the order of the flow."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from typing import Protocol, TypeVar

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from device_profiles.profile import BoxLine
from edge_agent.config import LoadedConfig
from edge_agent.desk import Desk
from edge_agent.evidence.begin import EvidenceKeeper
from edge_agent.judge.ride.ride import RideJudge
from edge_agent.outbox import Outbox
from edge_agent.sample import Sink
from edge_agent.sources import Source
from edge_agent.sources.box.claims import Claims
from edge_agent.sources.box.motion import load_motion_of
from edge_agent.sources.box.source import BoxSource, Deliver
from edge_agent.sources.box.stored import ride_state
from edge_agent.sources.box.watch import BoxWatch
from edge_agent.sources.box.watched import WatchedBox
from edge_agent.sources.camera.begin import camera_sources
from edge_agent.sources.modbus import ModbusSource
from edge_agent.sources.platforms.config import HttpPlatform, read_token
from edge_agent.sources.platforms.feed import Feed
from edge_agent.sources.platforms.http import HttpSource
from edge_agent.sources.platforms.mqtt import MqttSource
from edge_agent.sources.platforms.safety import is_safe
from edge_agent.threads import crashes, run_on
from edge_agent.uplink import Uplink

logger = logging.getLogger("edge_agent")


async def run(loaded: LoadedConfig, *, clock: Clock, stop: asyncio.Event) -> None:
    """Run the agent until ``stop``. Raises ConfigError, AgentError, or a group of what its tasks died of."""
    async with AsyncExitStack() as stack:
        outbox = _open_outbox(loaded, clock=clock)
        stack.callback(outbox.close)
        writer = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="outbox"))
        stack.callback(outbox.stop)
        uplink = Uplink(loaded, outbox, clock=clock)
        sender = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="uplink"))
        stack.callback(uplink.stop)
        states = outbox.states()
        desk = Desk(loaded, outbox, states=states, clock=clock)
        sink = guarded(desk.take)
        sources = [ModbusSource(line, loaded.profiles, sink=sink, clock=clock) for line in loaded.config.lines]
        boxes = _boxes(loaded, states=states)
        watch = stack.enter_context(BoxWatch(boxes.values(), sink=sink, guard=guarded, clock=clock))
        listeners = _listeners(loaded, boxes, deliver=watch.put, clock=clock)
        platforms = _platforms(loaded, outbox, states=states, sink=sink, clock=clock)
        cameras = camera_sources(loaded, sink=sink, clock=clock, states=states)
        evidence = EvidenceKeeper(loaded, clock=clock)
        crash = stack.enter_context(crashes())

        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_wait(crash), name="threads")
            writing = group.create_task(run_on(writer, outbox.run), name="outbox")
            sending = group.create_task(run_on(sender, uplink.run), name="uplink")
            making = [group.create_task(source.run(), name="line") for source in sources]
            making += [group.create_task(listener.run(), name="box") for listener in listeners]
            making += [group.create_task(platform.run(), name="platform") for platform in platforms]
            making += [group.create_task(camera.run(), name="camera") for camera in cameras]
            making.append(group.create_task(evidence.run(), name="evidence"))
            making.append(group.create_task(desk.beat_loop(), name="heartbeat"))
            logger.info("ready")
            await stop.wait()
            for task in making:
                task.cancel()
            await asyncio.wait(making)
            await asyncio.to_thread(watch.stop)
            uplink.stop()
            await sending
            outbox.stop()
            await writing
            watching.cancel()


class _OfDevice(Protocol):
    @property
    def device(self) -> str: ...


T = TypeVar("T", bound=_OfDevice)


def guarded(take: Callable[[T], None]) -> Callable[[T], None]:
    """Return ``take`` with the per-message guard: what breaks it costs that one, not the street."""

    def take_or_leave(thing: T) -> None:
        try:
            take(thing)
        except Exception:
            logger.exception("a sample of %s is left out: %r", thing.device, thing)

    return take_or_leave


def _boxes(loaded: LoadedConfig, *, states: Mapping[str, bytes]) -> dict[str, WatchedBox]:
    motions = {kind: load_motion_of(loaded.profiles[kind].spec.box or BoxLine()) for kind in loaded.rides}
    boxes: dict[str, WatchedBox] = {}
    for box in loaded.config.boxes:
        motion = motions[box.profile]
        state = ride_state(box.device, states.get(box.device), floors=loaded.floors.get(box.device, ()))
        judge = RideJudge(loaded.rides[box.profile], classify=motion.classify, state=state)
        spec = loaded.profiles[box.profile].spec
        boxes[box.device] = WatchedBox(box.device, spec, judge, judged_by=motion.name)
    return boxes


def _listeners(
    loaded: LoadedConfig, boxes: Mapping[str, WatchedBox], *, deliver: Deliver, clock: Clock
) -> list[BoxSource]:
    claims = Claims()
    return [
        BoxSource(
            box,
            loaded.profiles[box.profile].spec.box or BoxLine(),
            counts=boxes[box.device].counts,
            claims=claims,
            deliver=deliver,
            clock=clock,
        )
        for box in loaded.config.boxes
    ]


def _platforms(
    loaded: LoadedConfig, outbox: Outbox, *, states: Mapping[str, bytes], sink: Sink, clock: Clock
) -> list[Source]:
    sources: list[Source] = []
    for platform in loaded.config.platforms:
        feed = Feed(platform, loaded.profiles, sink=sink, clock=clock, stored=states.get(platform.name))
        safe = partial(is_safe, outbox)
        if isinstance(platform, HttpPlatform):
            sources.append(HttpSource(platform, feed, safe=safe, token=read_token(platform, loaded.folder)))
        else:
            client_id = f"{loaded.config.address}/{platform.name}".replace("/", ".")
            sources.append(MqttSource(platform, feed, safe=safe, client_id=client_id, folder=loaded.folder))
    return sources


async def _wait(crash: "asyncio.Future[None]") -> None:
    await crash


def _open_outbox(loaded: LoadedConfig, *, clock: Clock) -> Outbox:
    config = loaded.config
    try:
        return Outbox(loaded.data, agent=str(config.address), clock=clock, bounds=config.outbox.bounds)
    except OSError as error:
        raise ConfigError(f"{loaded.data}: {error.strerror}", file=loaded.file, key="data") from error

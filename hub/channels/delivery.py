"""Delivery: two threads, one for life-safety and one for all else, that bring each alarm to each of its receivers.

```
alarm reader ─ on_transitions ─┬→ thread life:  router → outbox → sender for each receiver → channel
                               └→ thread other: router → outbox → sender for each receiver → channel
```
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.alarms.transitions import Transition
from hub.alarms.words import receiver_word
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import drop_removed, trim
from hub.channels.outbox.router import Router
from hub.channels.outbox.standing import forget_others
from hub.channels.outbox.turns import Say, Turns
from hub.channels.receivers import AnyReceiver
from hub.channels.routes import Lane, lane_of
from hub.channels.sender import Sender
from hub.channels.ways.ways import open_channel

logger = logging.getLogger(__name__)

STOP_S = 3.0  # how long a stop waits for what is on its way
TRIM_S = 3_600.0  # real: how often what is told and old is forgotten
_POLL_S = 5.0  # real: how late transitions are seen of which nobody says a word


class DeliverySpec(msgspec.Struct, frozen=True):
    """What both lanes need to know."""

    receivers: tuple[AnyReceiver, ...]
    hub: str
    folder: Path  # what the config's paths are relative to
    keep_us: int  # how long rows of alarms that have ended are kept


class Delivery:
    """Both lanes."""

    def __init__(
        self,
        engine: sa.Engine,
        spec: DeliverySpec,
        *,
        clock: Clock,
        say: Say,
        make_room: Callable[[], bool],
        on_crash: Callable[[str], None],
    ) -> None:
        """``say`` writes to the journal; ``make_room`` gives up its reserve of disk. Raises ConfigError."""
        _forget_removed(engine, spec, say=say, now_us=clock.wall_us())
        gate = Gate(engine)
        self._lanes = {
            lane: _LaneThread(gate, spec, lane, clock=clock, say=say, make_room=make_room, on_crash=on_crash)
            for lane in Lane
        }
        self._idle = not spec.receivers

    def start(self) -> None:
        """Begin to tell, first what was not told before the last stop."""
        for lane in () if self._idle else self._lanes.values():
            lane.start()

    def stop(self) -> None:
        """End; what is on its way then is sent again after the next start, under the same key."""
        for lane in self._lanes.values():
            lane.ask_to_stop()
        for lane in self._lanes.values():
            lane.stop()

    def on_transitions(self, made: Sequence[Transition]) -> None:
        """Hear of transitions that were just committed; never waits."""
        if any(lane_of(transition) is Lane.LIFE for transition in made):
            self._lanes[Lane.LIFE].wake()
        self._lanes[Lane.OTHER].wake()


class _LaneThread:
    """One lane: an event loop with the router and the senders, and a thread for the disk."""

    def __init__(
        self,
        gate: Gate,
        spec: DeliverySpec,
        lane: Lane,
        *,
        clock: Clock,
        say: Say,
        make_room: Callable[[], bool],
        on_crash: Callable[[str], None],
    ) -> None:
        self._gate = gate
        self._spec = spec
        self._lane = lane
        self._clock = clock
        self._make_room = make_room
        self._on_crash = on_crash
        self._router = Router(gate, spec.receivers, lane)
        self._turns = [Turns(gate, receiver, lane, hub=spec.hub, say=say) for receiver in spec.receivers]
        self._channels = [
            open_channel(receiver, hub=spec.hub, folder=spec.folder, now_us=clock.wall_us)
            for receiver in spec.receivers
        ]
        self._disk = ThreadPoolExecutor(1, thread_name_prefix=f"delivery disk {lane.value}")
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"delivery {lane.value}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._wake.set)

    def ask_to_stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._thread.join(STOP_S + 1.0)
        self._disk.shutdown(cancel_futures=True)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._live())
        finally:  # the error itself goes to threading.excepthook
            if not self._stop.is_set():
                self._on_crash(f"delivery {self._lane.value}")

    async def _live(self) -> None:
        senders = [
            Sender(turns, channel, clock=self._clock, disk=self._disk, make_room=self._make_room)
            for turns, channel in zip(self._turns, self._channels, strict=True)
        ]
        try:
            async with asyncio.TaskGroup() as group:
                route = group.create_task(self._route_loop(senders), name=f"route {self._lane.value}")
                tasks = [group.create_task(sender.send_loop(), name=sender.name) for sender in senders]
                await self._stop.wait()
                route.cancel()
                for sender in senders:
                    sender.stop()
                _, late = await asyncio.wait(tasks, timeout=STOP_S)
                for task in late:
                    task.cancel()
        finally:
            for channel in self._channels:
                await channel.close()

    async def _route_loop(self, senders: list[Sender]) -> None:
        """Queue what comes; a full disk is the senders' to wait out, here it is met again at the next poll."""
        trimmed_s = 0.0
        while True:
            self._wake.clear()
            more = await senders[0].on_disk(lambda: self._router.route(now_us=self._clock.wall_us()))
            for sender in senders:
                sender.wake.set()
            if self._lane is Lane.OTHER and self._clock.real_s() - trimmed_s > TRIM_S:
                trimmed_s = self._clock.real_s()
                await senders[0].on_disk(self._trim)
            if not more:
                await self._rest()

    def _trim(self) -> None:
        with self._gate.write() as connection:
            trim(connection, self._clock.wall_us() - self._spec.keep_us)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_POLL_S):
                await self._wake.wait()
        except TimeoutError:
            return


def _forget_removed(engine: sa.Engine, spec: DeliverySpec, *, say: Say, now_us: int) -> None:
    """Give up what waits for receivers that the config no longer has, and end their alarms."""
    names = [receiver.name for receiver in spec.receivers]
    with engine.begin() as connection:
        count = drop_removed(connection, names, now_us=now_us)
        for name in forget_others(connection, names):
            say(receiver_word(name, hub=spec.hub, dead=False, detail="removed from the config", now_us=now_us))
    if count:
        logger.warning("%d changes will never be told: their receivers are not in the config any more", count)

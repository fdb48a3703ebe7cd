"""The task that sends one receiver's notices on one lane, one after another."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.config import duration_s
from device_profiles.durable import is_disk_full
from device_profiles.faults import fault_point
from hub.channels.breaker import AFTER, Breaker
from hub.channels.channel import Channel
from hub.channels.faults import DeliveryError, Fault, Refused, Unsent
from hub.channels.notice import Notice
from hub.channels.outbox.turns import Turns
from hub.channels.receivers import AnyReceiver
from hub.errors import JournalFull

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 5.0  # real: how often the outbox is looked at when nobody says that there is something
CARE_S = 1.0  # real: how often what waits is looked at for its fallback, while tries fail
MOST_ASKED_S = 300.0  # city: the longest pause that a receiver's Retry-After makes, so that it silences nothing
FULL_S = 1.0  # real: between two tries on a full disk


class Sender:
    """``wake`` is set when there may be something to send. Blocking work goes to ``disk``, one thread."""

    def __init__(
        self, turns: Turns, channel: Channel, *, clock: Clock, disk: Executor, make_room: Callable[[], bool]
    ) -> None:
        self.wake = asyncio.Event()
        self._turns = turns
        self._channel = channel
        self._clock = clock
        self._disk = disk
        self._make_room = make_room
        most_s = clock.real_seconds(patience_s(turns.receiver))
        self._breaker = Breaker(turns.lane.value, cap_s=duration_s(turns.receiver.pause), most_asked_s=most_s)
        self._resend = turns.resend
        self._away = False  # everything that waits goes at once, in a list
        self._tried = False  # since the start
        self._slow = False  # it took the last notice, but not at once: others may wait behind it for too long
        self._stopping = False
        self.name = f"{turns.receiver.name} ({turns.lane.value})"

    async def send_loop(self) -> None:
        """Send until cancelled; what is on its way then is sent again after the next start."""
        self._breaker.failures = await self.on_disk(self._turns.failures)
        self._away = self._breaker.open
        while not self._stopping:
            wait_s = await self._turn()
            if wait_s > 0 and not self._stopping:
                await self._rest(wait_s)

    def stop(self) -> None:
        """End after the notice at hand."""
        self._stopping = True
        self.wake.set()

    async def _turn(self) -> float:
        """Send one notice; return how many real seconds there is nothing more to do, unless woken."""
        now_s = self._clock.real_s()
        if self._breaker.failures:
            await self.on_disk(lambda: self._turns.overdue(now_us=self._clock.wall_us(), tried=self._tried))
        elif self._slow:
            await self.on_disk(lambda: self._turns.kept_waiting(now_us=self._clock.wall_us()))
        blocked_s = self._breaker.wait_s(now_s)
        if blocked_s > 0:
            await asyncio.sleep(min(blocked_s, CARE_S))
            return 0.0
        found = await self.on_disk(lambda: self._turns.next(now_us=self._clock.wall_us(), anew=self._away))
        if isinstance(found, Notice):
            await self._send(found)
            return 0.0
        self._away = self._away and self._breaker.open
        again_s = self._resend.wait_s(now_s)
        if again_s == 0:
            return await self._send_again()
        longest_s = CARE_S if self._breaker.failures else LOOK_S if again_s is None else min(LOOK_S, again_s)
        return min(longest_s, self._clock.real_seconds(found / 1e6)) if found is not None else longest_s

    async def _send_again(self) -> float:
        """Tell a part of what is open again; whether it was new to the receiver nobody knows, so nothing is noted."""
        part = await self.on_disk(self._resend.part)
        try:
            if part is not None:
                await self._channel.send(part)
        except (DeliveryError, ValueError, ArithmeticError) as error:
            logger.log(logging.WARNING if self._breaker.failures == 0 else logging.DEBUG, "%s: %s", self.name, error)
            again_s = error.again_s if isinstance(error, DeliveryError) else 0.0
            self._breaker.bad(self._clock.real_s(), asked_s=again_s)
            return CARE_S
        self._resend.told(part, self._clock.real_s())
        if part is not None and self._breaker.good():
            self._resend.hurry(self._clock.real_s())
        return 0.0

    async def _rest(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self.wake.wait()
        except TimeoutError:
            return
        self.wake.clear()

    async def _send(self, notice: Notice) -> None:
        fault_point("hub.after_form")
        begun_s = self._clock.real_s()
        try:
            receipt = await self._channel.send(notice)
        except DeliveryError as error:
            await self._take_failure(notice, error)
            return
        except (ValueError, ArithmeticError) as error:  # it cannot be written so: a dead letter, not the hub's end
            await self._take_failure(notice, Refused(Fault.REFUSED, f"cannot be written: {error}"))
            return
        fault_point("hub.after_send")
        self._slow = self._clock.real_s() - begun_s > CARE_S
        turns, now_us = self._turns, self._clock.wall_us()
        await self.on_disk(lambda: turns.told(notice, accepted=receipt.accepted, receipt=receipt.text, now_us=now_us))
        fault_point("hub.after_told")
        if self._breaker.good():
            logger.info("%s is told again", self.name)
            self._resend.hurry(self._clock.real_s())

    async def _take_failure(self, notice: Notice, error: DeliveryError) -> None:
        now_s, turns = self._clock.real_s(), self._turns
        self._tried = True
        level = logging.WARNING if self._breaker.failures == 0 else logging.DEBUG
        logger.log(level, "%s: %s", self.name, error)
        count, now_us = len(notice.transitions), self._clock.wall_us()
        if count > 1 and error.fault in (Fault.STATUS, Fault.REFUSED, Fault.EXIT):
            self._turns.pacing.halve(count)  # one of them may be what it does not take
        if isinstance(error, Refused) and count == 1:
            await self.on_disk(lambda: turns.refused(notice, error, now_us=now_us))
            return
        if isinstance(error, Refused):
            error = Unsent(error.fault, error.detail)
        pause_s = self._breaker.bad(now_s, asked_s=error.again_s)
        due_us = now_us + round(pause_s * 1e6 * self._clock.speed)
        await self.on_disk(lambda: turns.failed(notice, error, due_us=due_us, now_us=now_us))
        if self._breaker.failures == AFTER:
            logger.error("%s takes no alarms: %s; they wait", self.name, error)
        self._away = self._away or self._breaker.open

    async def on_disk(self, work: Callable[[], T]) -> T:
        """Run what blocks; on a full disk take the reserve, then wait."""
        full = False
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._disk, work)
            except (sa.exc.OperationalError, JournalFull) as error:
                if isinstance(error, sa.exc.OperationalError) and not _full(error):
                    raise
            if not self._make_room():
                logger.log(logging.DEBUG if full else logging.ERROR, "%s waits: no space left on the disk", self.name)
                full = True
                await asyncio.sleep(FULL_S)


def patience_s(receiver: AnyReceiver) -> float:
    """Return the longest pause that a receiver may ask for: there is a try left before others are told, or nobody."""
    told = [receiver.fallback_after] if receiver.fallback else []
    return min(MOST_ASKED_S, *(duration_s(after) / 2 for after in (*told, receiver.dead_after)))


def _full(error: sa.exc.OperationalError) -> bool:
    return isinstance(error.orig, sqlite3.Error) and is_disk_full(error.orig)

"""One simulated platform: it looks at its lifts' terminals all the time and pushes what changed, and keep-alives."""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Mapping
from typing import Protocol

import msgspec

from device_profiles.clock import Clock
from simulators.platforms.dialects import Make, Push
from simulators.platforms.noise import KINDS, noise
from simulators.platforms.terminal import Report, Terminal

logger = logging.getLogger(__name__)

LOOK_S = 0.01  # real; at speed 10 a report is at most 0.1 s old
RETRY_S = 0.1  # real
NOISE_S = 4.0  # city
MAX_QUEUE = 10_000  # reports; the oldest are dropped beyond it, as a platform that is cut off does


class Sender(Protocol):
    """The way to the agent."""

    async def send(self, body: bytes, *, registration_code: str) -> bool:
        """Send one body; return False when it must be sent again."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class Platform:
    """A platform. Give it its terminals; ``look_loop`` and ``push_loop`` run until cancelled."""

    def __init__(
        self, make: Make, terminals: Mapping[str, Terminal], *, sender: Sender, keep_alive_us: int, clock: Clock
    ) -> None:
        self.silent: set[str] = set()  # devices of which it says nothing
        self.cut = False  # the platform is off
        self._make = make
        self._terminals = terminals
        self._sender = sender
        self._keep_alive_us = keep_alive_us
        self._clock = clock
        self._said: dict[str, tuple[int, Report]] = {}  # when all was said, and what was said last
        self._queue: deque[Push] = deque(maxlen=MAX_QUEUE)
        self._some = asyncio.Event()
        self._last: Push | None = None  # of the last of its lifts; what noise is made of

    async def look_loop(self) -> None:
        """Queue a push for each change, and everything as often as the keep-alive asks."""
        while True:
            t_us = self._clock.wall_us()
            for device, terminal in self._terminals.items():
                if device not in self.silent and not self.cut:
                    self._look(device, terminal, t_us)
            await asyncio.sleep(LOOK_S)

    async def push_loop(self) -> None:
        """Send what is queued, in order."""
        while True:
            await self._some.wait()
            batch = [self._queue.popleft() for _ in range(min(self._make.batch, len(self._queue)))]
            if not self._queue:
                self._some.clear()
            body = msgspec.json.encode(self._make.body(batch))
            await self._send(body, registration_code=batch[0].registration_code)

    async def noise_loop(self) -> None:
        """Send, one every few seconds, what the agent must refuse."""
        for kind in itertools.cycle(KINDS):
            await self._clock.sleep(NOISE_S)
            if self._last is not None:
                code, body = noise(kind, self._make, self._last)
                await self._send(body, registration_code=code)

    async def _send(self, body: bytes, *, registration_code: str) -> None:
        while not await self._sender.send(body, registration_code=registration_code):  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(RETRY_S)

    def _look(self, device: str, terminal: Terminal, t_us: int) -> None:
        report = terminal.report(t_us)
        full_us, before = self._said.get(device, (0, None))
        if t_us - full_us >= self._keep_alive_us:
            full_us, before = t_us, None
        elif before == report:
            return
        self._said[device] = full_us, report
        push = Push(terminal.registration_code, t_us, report, terminal.meters(), before)
        self._last = push if device == max(self._terminals) else self._last
        self._queue.append(push)
        self._some.set()

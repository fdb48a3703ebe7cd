"""Crews: they hear a call, answer, drive, free the passengers and call back, all by the hub's own command line."""

import asyncio
import random
from typing import Protocol

from device_profiles.clock import Clock
from device_profiles.config import duration_s
from simulators.receivers.office import HeardNotice, Told
from simulators.responders.desk import Answer
from simulators.responders.spec import Range, ResponderSpec

_CALLS = frozenset({"raised", "escalated", "sounded", "lapsed", "unsuppressed", "unshelved"})  # what sets a crew going
_LOOK_S = 1.0  # city time between two looks at the door
_LOOK_BACK_S = 3.0  # city time between "everybody is out" and the end, declared by name


class Scene(Protocol):
    """The place to which a crew drives."""

    def arrive(self, lift: str) -> tuple[str, ...]:
        """Begin the work at a lift; return the acts that it consists of."""
        ...

    def is_done(self, acts: tuple[str, ...]) -> bool:
        """Return whether the work has come to its end: the door is wide open."""
        ...


class CommandLine(Protocol):
    """Where a crew's word is typed in."""

    async def run(self, *arguments: str) -> Answer:
        """Run a command of the hub to its end."""
        ...


class DeedRefused(Exception):
    """The hub did not take what a crew reported."""


class Crews:
    """All crews of a story; an async context manager that ends what they are at with the story."""

    def __init__(self, specs: tuple[ResponderSpec, ...], *, seed: int, clock: Clock, scene: Scene) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._seed = seed
        self._clock = clock
        self._scene = scene
        self._said: set[tuple[str, str]] = set()  # (alarm, word): what was heard on the radio is not said again
        self._called: set[tuple[str, str]] = set()  # (crew, alarm)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Crews":
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hear(self, notice: HeardNotice, desk: CommandLine, config: str) -> None:
        """Let the crew that a notice calls set out, once for each alarm."""
        spec = self._specs.get(notice.receiver)
        if spec is None:
            return
        for told in notice.alarms:
            if told.change in _CALLS and (spec.name, told.id) not in self._called:
                self._called.add((spec.name, told.id))
                radio = _Radio(desk, config, told.id, spec.person)
                self._tasks.add(asyncio.create_task(self._respond(spec, told, radio), name=spec.name))

    def check(self) -> None:
        """Raise what a crew has failed of."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            task.result()

    async def _respond(self, spec: ResponderSpec, told: Told, radio: "_Radio") -> None:
        lift = told.subject.rpartition("/")[2]
        chance = random.Random(f"{self._seed}/{spec.name}/{lift}")
        drives_s = _drawn(chance, spec.drives)
        await self._clock.sleep(_drawn(chance, spec.answers))
        if self._first(told, "ack"):
            await radio.say("ack", "--eta", f"{drives_s:.0f}s")
        await self._clock.sleep(_drawn(chance, spec.leaves))
        if self._first(told, "dispatch"):
            await radio.say("dispatch")
        await self._clock.sleep(drives_s)
        if self._first(told, "arrive"):
            await radio.say("arrive")
            await self._rescue(lift, radio)

    async def _rescue(self, lift: str, radio: "_Radio") -> None:
        """Free them; the lift may tell the end itself before the crew declares it."""
        acts = self._scene.arrive(lift)
        while not self._scene.is_done(acts):
            await self._clock.sleep(_LOOK_S)
        await radio.say("safe", may_be_over=True)
        await self._clock.sleep(_LOOK_BACK_S)
        await radio.say("close", "--because", "rescued", "--note", "everybody is out", may_be_over=True)

    def _first(self, told: Told, word: str) -> bool:
        first = (told.id, word) not in self._said
        self._said.add((told.id, word))
        return first


class _Radio:
    """What one crew says of one alarm."""

    def __init__(self, desk: CommandLine, config: str, alarm: str, person: str) -> None:
        self._desk = desk
        self._config = config
        self._alarm = alarm
        self._person = person

    async def say(self, act: str, *more: str, may_be_over: bool = False) -> None:
        """Have an act typed in. Raises DeedRefused, unless the alarm ``may_be_over`` and is."""
        answer = await self._desk.run("alarm", act, self._alarm, self._config, "--actor", self._person, *more)
        if answer.code and not (may_be_over and "no open alarm" in answer.output):
            raise DeedRefused(f"{self._person}: {act}: {answer.output.strip()}")


def _drawn(chance: random.Random, span: Range) -> float:
    low, high = span
    return chance.uniform(duration_s(low), duration_s(high))

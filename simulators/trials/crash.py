"""The crash test: agent, hub, broker and database die by SIGKILL at named points and at random; nothing may be lost."""

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from device_profiles import faults
from device_profiles.clock import MAX_SPEED, Clock, simulated_clock
from simulators.lifts.spec import LiftSpec
from simulators.observers.packs import journalled, journalled_again, loss
from simulators.play.play import Play
from simulators.play.scenario import Scenario
from simulators.run.run import TICK_S, advance, work_folder
from simulators.stage.brokers import find_mosquitto
from simulators.stage.influx import wal_grows
from simulators.stage.process import Program, ProgramDied
from simulators.stage.stage import Stage, StageOptions, until
from simulators.trials.archived import ArchiveProof, drain, prove
from simulators.trials.entrapments import RULE, AlarmCount, Trapper, count_alarms, forgotten

AIMED_S = 25.0  # real, with the start of the program; a point that is not reached by then is not passed
LIFE_S = (0.2, 2.0)  # real; undisturbed between two deaths
SETTLE_S = 120.0  # real; for the last entrapments to be alarmed, rescued and cleared
_RARE = faults.COMMITS + faults.TELLING  # passed only when alarms change
_APART = faults.ACTS + faults.DELIVERY  # passed by who acts and by a hub with receivers: `make alarm-crash` dies there
_POINTS = tuple(point for point in faults.POINTS if point not in _APART)
_RANDOM = ("agent.random", "hub.random", "broker.random")
_INFLUX = ("influxd.random", "influxd.writing")


class CrashResult(msgspec.Struct, frozen=True):
    """What is left after all the deaths."""

    rounds: int
    kills: dict[str, int]  # point → how often a program died there
    facts_made: int  # seen by the tap
    facts_kept: int  # in the journal, unchanged
    lost: int
    altered: int  # packs whose facts differ
    doubled: int  # rows of the journal that say a pack again
    alarms_expected: int
    alarms_raised: int
    doubled_alarms: int
    missing_alarms: int
    forgotten_alarms: int  # told, and the hub knows nothing of them in the end
    false_alarms: int
    settled: bool  # every entrapment was alarmed and its alarm cleared in the end
    archive: ArchiveProof

    @property
    def good(self) -> bool:
        """Whether nothing was lost, changed, doubled or false, the archive is exact, and every point was died at."""
        facts = self.lost + self.altered + self.doubled
        alarms = self.doubled_alarms + self.missing_alarms + self.forgotten_alarms + self.false_alarms
        died = all(self.kills.values())
        return not facts + alarms and self.settled and self.archive.exact and died and self.alarms_expected > 0

    def document(self) -> dict[str, Any]:
        """Return the result as a JSON document."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


class _Decided(msgspec.Struct, frozen=True):
    """An alarm, as the hub lists it or a client heard it."""

    id: str
    rule: str
    subject: str
    t_fact_us: int


async def crash(rounds: int, *, seed: int = 1, keep: Path | None = None) -> CrashResult:
    """Run ``rounds`` of deaths. Raises ValueError without Mosquitto, ProgramDied when a program ends by itself."""
    if find_mosquitto() is None:
        raise ValueError("the crash test needs mosquitto on the PATH: the embedded broker keeps no session")
    play = Play(_city(), seed=seed)
    clock = simulated_clock(start_us=Clock().wall_us(), speed=MAX_SPEED)
    with work_folder(keep) as folder:
        async with Stage(play, clock, folder, options=StageOptions(influx=True)) as stage:
            test = _CrashTest(stage, random.Random(seed), points=_POINTS)
            settled = await test.play(rounds)
            await drain(stage)
            await stage.finish()
            decided = await stage.run_hub("alarms", str(stage.hub_config), "--json")
            alarms = msgspec.json.decode(decided, type=list[_Decided])
            return test.result(rounds, settled=settled, decided=alarms, archive=await prove(stage))


def write_result(console: Console, result: CrashResult) -> None:
    """Write the result for people."""
    for point, kills in result.kills.items():
        console.print(f"{point:<28}{kills:>4} kills", style="" if kills else "red")
    console.print(
        f"facts: {result.facts_made} made, {result.facts_kept} kept, {result.lost} lost; "
        f"packs: {result.altered} altered, {result.doubled} doubled"
    )
    alarms = f"alarms: {result.alarms_expected} expected, {result.alarms_raised} raised, "
    console.print(
        f"{alarms}{result.doubled_alarms} doubled, {result.missing_alarms} missing, "
        f"{result.forgotten_alarms} forgotten, {result.false_alarms} false"
    )
    console.print(_archive_words(result.archive))
    verdict = "PASSED" if result.good else "FAILED" if result.settled else "FAILED: not every alarm cleared in the end"
    console.print(verdict, style="bold green" if result.good else "bold red")


def _archive_words(archive: ArchiveProof) -> str:
    name = "InfluxDB" if archive.kind == "influx" else "embedded (no influxd on the PATH, none was killed)"
    compared = f"{archive.points} points, {archive.expected} by the journal, {archive.different} hours differ"
    return f"archive: {name}, {'exact' if archive.exact else 'NOT EXACT'}: {compared}"


class _CrashTest:
    def __init__(self, stage: Stage, chance: random.Random, *, points: tuple[str, ...]) -> None:
        self._stage = stage
        self._chance = chance
        self._points = points
        self._random = (*_RANDOM, *(_INFLUX if stage.influx is not None else ()))
        self._kills = dict.fromkeys((*points, *self._random), 0)
        self._start_us = stage.clock.wall_us()
        devices = [spec.device for spec in stage.play.scenario.lifts]
        self._trapper = Trapper(stage.play, devices, start_us=self._start_us)

    async def play(self, rounds: int) -> bool:
        """Play all rounds and let the last entrapments end; return whether they did. Raises ProgramDied."""
        try:
            async with asyncio.TaskGroup() as group:
                world = group.create_task(self.world_loop(), name="world")
                for number in range(rounds):
                    await self.round(number, rounds=rounds)
                settled = await self.settle()
                world.cancel()
        except ExceptionGroup as died:
            raise died.exceptions[0] from None
        return settled

    async def world_loop(self) -> None:
        """Keep the world turning."""
        while True:
            advance(self._stage, self._start_us)
            self._trapper.tick(self._stage.witness.open_alarms())
            await asyncio.sleep(TICK_S)

    async def round(self, number: int, *, rounds: int) -> None:
        """Kill one program at a random moment, then one at a named point; leave everything running a while."""
        for victim in _share(self._random, number, rounds=rounds):
            await self._live()
            await self._kill(victim)
        for point in _share(self._points, number, rounds=rounds):
            await self._live()
            await self._die_at(point)

    async def settle(self) -> bool:
        """Let the last entrapments end; return whether they did."""
        self._trapper.stopping = True
        return await until(lambda: not self._trapper.busy, SETTLE_S)

    def result(self, rounds: int, *, settled: bool, decided: list[_Decided], archive: ArchiveProof) -> CrashResult:
        """Compare the tap with the journal, and the entrapments with the alarms that the hub knows or ever told."""
        made, kept = self._stage.tap.packs, journalled(self._stage.journal)
        gone, count = loss(made, kept), self._count(decided)
        return CrashResult(
            rounds=rounds,
            kills=self._kills,
            facts_made=self._stage.tap.facts,
            facts_kept=sum(kept[key].facts for key in made.keys() & kept.keys()),
            lost=gone.facts,
            altered=gone.altered,
            doubled=journalled_again(self._stage.journal),
            alarms_expected=count.expected,
            alarms_raised=count.raised,
            doubled_alarms=count.doubled,
            missing_alarms=count.missing,
            forgotten_alarms=len(forgotten(self._stage.witness.words, {alarm.id for alarm in decided})),
            false_alarms=count.false,
            settled=settled,
            archive=archive,
        )

    def _count(self, decided: list[_Decided]) -> AlarmCount:
        told = [_Decided(word.id, word.rule, word.subject, word.t_fact_us) for word in self._stage.witness.words]
        alarms = {alarm.id: alarm for alarm in (*decided, *told) if alarm.rule == RULE}.values()
        ours = [(alarm.subject.rpartition("/")[2], alarm.t_fact_us - self._start_us) for alarm in alarms]
        return count_alarms(self._trapper.entrapments, ours)

    async def _live(self) -> None:
        await asyncio.sleep(self._chance.uniform(*LIFE_S))

    async def _kill(self, victim: str) -> None:
        program = self._program(victim)
        if victim == "influxd.writing" and not await wal_grows(self._stage.folder, within_s=AIMED_S):
            return
        program.signal(signal.SIGKILL)
        if await program.wait() == -signal.SIGKILL:
            self._kills[victim] += 1
        if victim in _INFLUX:
            await self._live()  # the hub meets a database that is away
        await self._start(program)

    async def _die_at(self, point: str) -> None:
        """Start the point's program with the point armed, wait for its death, and start it again."""
        program = self._program(point)
        program.signal(signal.SIGKILL)
        await program.wait()
        passes = 1 if point in _RARE else self._chance.randint(1, 8)
        await program.start(self._stage.environment(**{faults.ENVIRONMENT: f"{point}:{passes}"}))
        try:
            async with asyncio.timeout(AIMED_S):
                code = await program.wait()
        except TimeoutError:
            program.signal(signal.SIGKILL)
            await program.wait()
        else:
            if code != -signal.SIGKILL:
                raise ProgramDied(program.name, code=code, log=program.tail)
            self._kills[point] += 1
        await self._start(program)

    async def _start(self, program: Program) -> None:
        await program.start(self._stage.environment())
        await program.until_ready()

    def _program(self, point: str) -> Program:
        name = point.partition(".")[0]
        stage = self._stage
        program = {"agent": stage.agent, "hub": stage.hub, "broker": stage.broker, "influxd": stage.influx}[name]
        assert program is not None
        return program


def _share(names: tuple[str, ...], number: int, *, rounds: int) -> tuple[str, ...]:
    """Return the names whose turn it is in round ``number``: one, or more when there are fewer rounds than names."""
    return names[number % len(names) :: min(rounds, len(names))]


def _city() -> Scenario:
    lifts = tuple(LiftSpec(f"lift-{number:02}", floors=6 + 2 * number, people_per_minute=4.0) for number in range(1, 5))
    return Scenario("crash", "Programs die while facts flow", 0, "7d", lifts, spare="lift-04")

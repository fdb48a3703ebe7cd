"""The soak: hub and agent live for long while network, broker and processes falter, and nothing may be lost or grow."""

import asyncio
import random
import re
import signal
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from device_profiles.clock import MAX_SPEED, Clock, simulated_clock
from simulators.lifts.spec import LiftSpec
from simulators.observers.packs import journalled, journalled_again, loss
from simulators.play.play import Play
from simulators.play.scenario import Scenario
from simulators.run.run import TICK_S, advance, work_folder
from simulators.stage.brokers import find_mosquitto
from simulators.stage.process import Program, ProgramDied
from simulators.stage.stage import Stage, StageOptions, until
from simulators.trials.entrapments import RULE, Trapper, count_alarms, forgotten

CALM_S = (5.0, 15.0)  # real; between two faults
PAUSE_S = (0.5, 2.5)  # real; how long something falters: less than the programs wait before they give up
SETTLE_S = 60.0  # real; for the last entrapments to end
SAMPLE_S = 1.0
GROWTH_PCT = 20.0  # of resident memory, from the second quarter to the last: above it something is kept that should not


class SoakResult(msgspec.Struct, frozen=True):
    """What is left after it."""

    minutes: float
    facts_made: int  # seen by the tap
    facts_kept: int  # in the journal, unchanged
    lost: int  # facts that are not, or not as they were
    missing: int  # packs that the ledger lacks, entrapments without an alarm, alarms that the hub told and forgot
    doubled: int  # packs that are in the journal twice, and second alarms of one entrapment
    balanced: bool  # the ledger adds up to the tap's own count
    rss_growth_pct: float  # of hub and agent together
    faults: dict[str, int]  # what faltered → how often
    alarms: int
    settled: bool  # every entrapment was told, and its alarm cleared in the end

    @property
    def good(self) -> bool:
        """Whether nothing is lost, missing, doubled, growing or open for ever."""
        wrong = self.lost + self.missing + self.doubled
        return not wrong and self.balanced and self.rss_growth_pct <= GROWTH_PCT and self.alarms > 0 and self.settled

    def document(self) -> dict[str, Any]:
        """Return the result as a JSON document."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


async def soak(minutes: float, *, seed: int = 1, keep: Path | None = None) -> SoakResult:
    """Run for ``minutes``. Raises ValueError without Mosquitto, ProgramDied when a program ends by itself."""
    if find_mosquitto() is None:
        raise ValueError("the soak needs mosquitto on the PATH: the embedded broker keeps no session")
    lifts = tuple(LiftSpec(f"lift-{number:02}", floors=6 + 2 * number, people_per_minute=4.0) for number in range(1, 5))
    play = Play(Scenario("soak", "Everything falters a little", 0, "7d", lifts, spare="lift-04"), seed=seed)
    clock = simulated_clock(start_us=Clock().wall_us(), speed=MAX_SPEED)
    with work_folder(keep) as folder:
        async with Stage(play, clock, folder, options=StageOptions()) as stage:
            test = _Soak(stage, random.Random(seed))
            settled = await test.run(minutes * 60)
            await stage.finish()
            alarms = msgspec.json.decode(await stage.run_hub("alarms", str(stage.hub_config), "--json"))
            ledger = msgspec.json.decode(await stage.run_hub("ledger", "--json", str(stage.hub_config)))
            return test.result(minutes, settled=settled, alarms=alarms, ledger=ledger["total"])


def write_result(console: Console, result: SoakResult) -> None:
    """Write the result for people."""
    for fault, times in result.faults.items():
        console.print(f"{fault:<16}{times:>4} times")
    console.print(
        f"facts: {result.facts_made} made, {result.facts_kept} kept, {result.lost} lost; {result.alarms} alarms"
    )
    balance = "balanced" if result.balanced else "the ledger does not add up"
    console.print(
        f"missing {result.missing}, doubled {result.doubled}, {balance}; memory {result.rss_growth_pct:+.1f} %"
    )
    verdict = "PASSED" if result.good else "FAILED" if result.settled else "FAILED: not every alarm cleared in the end"
    console.print(verdict, style="bold green" if result.good else "bold red")


class _Soak:
    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self._stage = stage
        self._chance = chance
        self._start_us = stage.clock.wall_us()
        devices = [spec.device for spec in stage.play.scenario.lifts]
        self._trapper = Trapper(stage.play, devices, start_us=self._start_us)
        self._memory: list[int] = []  # kB of hub and agent, once a second
        assert stage.broker is not None
        self._pauses = {"pause hub": stage.hub, "pause agent": stage.agent, "pause broker": stage.broker}
        self.faults = dict.fromkeys((*self._pauses, "kill broker", "cut network", "hold network"), 0)

    async def run(self, seconds: float) -> bool:
        """Let it falter for ``seconds``, then the last entrapments end; return whether they did. Raises ProgramDied."""
        try:
            async with asyncio.TaskGroup() as group:
                loops = [
                    group.create_task(self._world_loop(), name="world"),
                    group.create_task(self._memory_loop(), name="memory"),
                ]
                await self._falter(seconds)
                self._trapper.stopping = True
                settled = await until(lambda: not self._trapper.busy, SETTLE_S)
                for loop in loops:
                    loop.cancel()
        except ExceptionGroup as died:
            raise died.exceptions[0] from None
        return settled

    def result(
        self, minutes: float, *, settled: bool, alarms: list[dict[str, Any]], ledger: dict[str, int]
    ) -> SoakResult:
        """Compare tap, journal, ledger, entrapments and alarms."""
        made, kept = self._stage.tap.packs, journalled(self._stage.journal)
        gone = loss(made, kept)
        raised = [
            (alarm["subject"].rpartition("/")[2], alarm["t_fact_us"] - self._start_us)
            for alarm in alarms
            if alarm["rule"] == RULE
        ]
        count = count_alarms(self._trapper.entrapments, raised)
        unknown = forgotten(self._stage.witness.words, {alarm["id"] for alarm in alarms})
        return SoakResult(
            minutes=minutes,
            facts_made=self._stage.tap.facts,
            facts_kept=sum(kept[key].facts for key in made.keys() & kept.keys()),
            lost=gone.facts + gone.altered,
            missing=ledger["missing"] + count.missing + len(unknown),
            doubled=journalled_again(self._stage.journal) + count.doubled + count.false,
            balanced=ledger["received"] == len(made) == len(kept) and not ledger["lost"],
            rss_growth_pct=growth_pct(self._memory),
            faults=self.faults,
            alarms=count.raised,
            settled=settled,
        )

    async def _falter(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + seconds
        while (left_s := end_s - loop.time()) > 0:
            await asyncio.sleep(min(self._chance.uniform(*CALM_S), left_s))
            if loop.time() < end_s:
                fault = self._chance.choice(list(self.faults))
                await self._fault(fault)
                self.faults[fault] += 1

    async def _fault(self, fault: str) -> None:
        pause_s = self._chance.uniform(*PAUSE_S)
        if fault in self._pauses:
            await _pause(self._pauses[fault], pause_s)
        elif fault == "kill broker":
            assert self._stage.broker is not None
            self._stage.broker.signal(signal.SIGKILL)
            await self._stage.broker.wait()
            await self._stage.start_broker()
        elif fault == "cut network":
            self._stage.tap.cut()
        else:
            self._stage.tap.hold()
            await asyncio.sleep(pause_s)
            self._stage.tap.resume()

    async def _world_loop(self) -> None:
        while True:
            advance(self._stage, self._start_us)
            self._trapper.tick(self._stage.witness.open_alarms())
            await asyncio.sleep(TICK_S)

    async def _memory_loop(self) -> None:
        while True:
            for program in (self._stage.hub, self._stage.agent):
                if not program.running:
                    raise ProgramDied(program.name, code=program.code, log=program.tail)
            self._memory.append(resident_kb(self._stage.hub.pid) + resident_kb(self._stage.agent.pid))
            await asyncio.sleep(SAMPLE_S)


async def _pause(program: Program, seconds: float) -> None:
    program.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        program.signal(signal.SIGCONT)


def growth_pct(samples: Sequence[int]) -> float:
    """Return how much the median grew from the second quarter to the last; caches fill in the first."""
    quarter = len(samples) // 4
    if not quarter:
        return 0.0
    before = statistics.median(samples[quarter : 2 * quarter])
    return round(100.0 * (statistics.median(samples[-quarter:]) / before - 1.0), 1)


def resident_kb(pid: int) -> int:
    """Return a process's resident memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found[1]) if found else 0

"""One run of a scenario: set the stage, play at the city's pace, wait for what is under way, score."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from device_profiles.clock import Clock, simulated_clock
from simulators.packs import journalled
from simulators.play import Play, WireFault
from simulators.process import ProgramDied
from simulators.sabotage import Sabotage, lose_a_pack, observing_path, staged
from simulators.scenario import NODE_ACTS, PERSON_ACTS, Scenario, cast
from simulators.scoring import Observed, Score, score
from simulators.stage import Stage, StageOptions

TICK_S = 0.01  # real; at speed 10 the registers are at most 0.1 s old, less than the time of one scan

OnTick = Callable[[Stage, int], None]  # the stage, and the city time since the play began in µs


class RunOptions(msgspec.Struct, frozen=True):
    """What a run may vary."""

    seed: int | None = None  # None: the scenario's own
    speed: float | None = None  # city seconds in a real one; None: the scenario's own
    keep: Path | None = None  # where the work folder stays; None: it is removed
    sabotage: Sabotage | None = None
    stage: StageOptions = StageOptions()


async def run(scenario: Scenario, options: RunOptions, *, on_tick: OnTick | None = None) -> Score:
    """Play ``scenario`` on a stage of its own and return its score. Raises ProgramDied, ValueError."""
    seed = scenario.seed if options.seed is None else options.seed
    played = staged(cast(scenario, seed=seed), options.sabotage)
    play = Play(played, seed=seed)
    speed = scenario.speed if options.speed is None else options.speed
    clock = simulated_clock(start_us=Clock().wall_us(), speed=speed)
    with work_folder(options.keep) as folder:
        stage = Stage(play, clock, folder, options=options.stage, path=observing_path(options.sabotage))
        async with stage:
            stage.witness.forget_past()
            start_us = await play_through(stage, on_tick=on_tick)
            words = await stage.finish()
        if options.sabotage is Sabotage.LOST:
            lose_a_pack(stage.journal, stage.tap.packs)
        truth = {name: start_us + t_us for name, t_us in play.truth.items() if name in _known(played, options.sabotage)}
        observed = Observed(truth, words, stage.tap.packs, journalled(stage.journal), speed)
        return score(played, observed, seed=play.seed, broker=stage.place.name)


async def play_through(stage: Stage, *, on_tick: OnTick | None = None) -> int:
    """Play to the end of the story; return the city time at which it began. Raises ProgramDied, ValueError."""
    start_us = stage.clock.wall_us()
    async with Hands(stage) as hands:
        while stage.play.t_us < stage.play.ends_us - 1_000_000:
            for deed in advance(stage, start_us):
                hands.begin(deed)
            hands.check()
            for program in (stage.hub, *stage.agents.values(), stage.broker):
                if program is not None and not program.running and program.name not in hands.off:
                    raise ProgramDied(program.name, code=program.code, log=program.tail)
            if on_tick is not None:
                on_tick(stage, stage.play.t_us)
            await asyncio.sleep(TICK_S)
    return start_us


def advance(stage: Stage, start_us: int) -> list[WireFault]:
    """Bring the world to the present: physics, faults on the line, registers; return what is left for other hands."""
    to_us = min(stage.clock.wall_us() - start_us, stage.play.ends_us)
    deeds: list[WireFault] = []
    for fault in stage.play.advance(to_us):
        if fault.act in NODE_ACTS | PERSON_ACTS:
            deeds.append(fault)
        else:
            (stage.platforms if fault.lift in stage.platforms else stage.bus).strike(fault)
    stage.bus.show()
    return deeds


class Hands:
    """What happens to programs and what people do while the city goes on; each deed is a task of its own.

    An async context manager: what is not done at the end of the story will not be, and is missing in the truth.
    """

    def __init__(self, stage: Stage) -> None:
        self.off: set[str] = set()  # programs that are not expected to run
        self._stage = stage
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, deed: WireFault) -> None:
        """Begin a deed."""
        if deed.act == "node_off":
            self.off.add(self._stage.agent.name)
        self._tasks.add(asyncio.create_task(self._do(deed), name=deed.name))

    def check(self) -> None:
        """Raise what a deed has failed of."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            task.result()

    async def __aenter__(self) -> "Hands":
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _do(self, deed: WireFault) -> None:
        if deed.act != "node_on":
            self._stage.play.took_hold(deed.name)  # before the hub can tell of it
        match deed.act:
            case "node_off":
                self._stage.agent.signal(signal.SIGKILL)
                await self._stage.agent.wait()
            case "node_on":
                await self._stage.agent.start(self._stage.environment())
                await self._stage.agent.until_ready()
                self.off.discard(self._stage.agent.name)
                self._stage.play.took_hold(deed.name)
            case _:
                await self._act_on_alarm(deed)

    async def _act_on_alarm(self, deed: WireFault) -> None:
        """Let a person take or end the open alarm that the command centre sees. Raises ValueError if it sees none."""
        named = deed.rule, self._stage.play.scenario.subject(deed.lift)
        open_ = [word.id for word in self._stage.witness.open_alarms().values() if (word.rule, word.subject) == named]
        if not open_:
            raise ValueError(f"{deed.name}: the command centre sees no open {deed.rule} of {deed.lift}")
        command = {"acknowledge": "ack", "close": "close"}[deed.act]
        words = (open_[-1], "--actor", "Li Wei", "--note", deed.name)
        await self._stage.run_hub("alarm", command, *words, str(self._stage.hub_config))


@contextmanager
def work_folder(keep: Path | None) -> Iterator[Path]:
    """Yield an empty folder; without ``keep`` it is removed afterwards. Raises ValueError if ``keep`` is in use."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise ValueError(f"{keep} is not empty")
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="citynerve-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _known(scenario: Scenario, sabotage: Sabotage | None) -> set[str]:
    """Return the acts that the truth knows: all, but for the one that a sabotage hides."""
    return {act.name for act in scenario.acts if sabotage is not Sabotage.FALSE or act.lift != scenario.spare}

"""One run of a scenario: set the stage, play at the city's pace, wait for what is under way, score."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from device_profiles.clock import Clock, simulated_clock
from simulators.observers.packs import journalled, journalled_again, journalled_facts
from simulators.play.acts import HAND_ACTS, WORKER_ACTS
from simulators.play.play import Play, WireFault
from simulators.play.scenario import Scenario, cast
from simulators.play.story import SITE
from simulators.responders.desk import Desk
from simulators.run.explained import explain, write_reached
from simulators.run.hands import Hands
from simulators.run.receipted import receipt_check
from simulators.scoring.cameras import camera_checks
from simulators.scoring.check import Check
from simulators.scoring.ground import ground_checks
from simulators.scoring.inspected import why_checks
from simulators.scoring.receivers import Inquest, check_all
from simulators.scoring.sabotage import Sabotage, lose_a_pack, observing_path, staged
from simulators.scoring.scoring import Observed, Score, score
from simulators.scoring.surfaces import surface_checks
from simulators.scoring.told import told_by
from simulators.stage.evidence import evidence_checks, until_fetched
from simulators.stage.process import ProgramDied
from simulators.stage.stage import Stage, StageOptions

TICK_S = 0.01  # real; at speed 10 the registers are at most 0.1 s old, less than the time of one scan

OnEnd = Callable[[Stage], Awaitable[None]]  # the story is over, and all still runs
OnTick = Callable[[Stage, int], None]  # the stage, and the city time since the play began in µs


class RunOptions(msgspec.Struct, frozen=True):
    """What a run may vary."""

    seed: int | None = None  # None: the scenario's own
    speed: float | None = None  # city seconds in a real one; None: the scenario's own
    keep: Path | None = None  # where the work folder stays; None: it is removed
    sabotage: Sabotage | None = None
    reasons: Path | None = None  # where the reasons that were reached go; None: nobody asks
    stage: StageOptions = StageOptions()


async def run(
    scenario: Scenario, options: RunOptions, *, on_tick: OnTick | None = None, on_end: OnEnd | None = None
) -> Score:
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
            await until_fetched(stage.witness.words, stage.hub_config.parent)
            if on_end is not None:
                await on_end(stage)
            inquest = await hold_inquest(stage)
            notices = list(stage.office.notices)  # of the story: that the agents are stopped is no part of it
            words = await stage.heard()  # of the story too: while receipts are waited for the world stands still
            receipts = await receipt_check(stage)
            await stage.finish()
            explained = await explain(stage) if options.reasons is not None else None
        if options.sabotage is Sabotage.LOST:
            lose_a_pack(stage.journal, stage.tap.packs)
        truth = {name: start_us + t_us for name, t_us in play.truth.items() if name in _known(played, options.sabotage)}
        checks = [] if inquest is None else check_all(played, notices, inquest, speed=speed)
        if inquest is not None and _is_inspected(played):
            checks.extend(why_checks(inquest.why, receivers=[receiver.name for receiver in played.receivers]))
        if played.ground or played.cameras:
            told = told_by(journalled_facts(stage.journal), start_us)
            checks.extend(ground_checks(stage.ground.radios, told, start_us))
            checks.extend(camera_checks(played.cameras, play.scenes, told, ends_s=play.t_us / 1e6, roads=played.roads))
            checks.extend(evidence_checks(words, stage.hub_config.parent) if played.cameras else ())
            checks.extend(surface_checks(played.cameras, play.happened, told))
        if explained is not None and options.reasons is not None:
            checks += explained.checks
            write_reached(options.reasons, explained.reached, scenario=scenario.name, seed=seed)
        if not receipts.good:
            checks.append(receipts)
        if stage.witness.strange:
            checks.append(Check("alarm topics", False, f"unreadable, or of another area: {stage.witness.strange[:3]}"))
        kept, again = journalled(stage.journal), journalled_again(stage.journal)
        observed = Observed(truth, words, stage.tap.packs, kept, speed, again, checks)
        return score(played, observed, seed=play.seed, broker=stage.place.name)


async def play_through(stage: Stage, *, on_tick: OnTick | None = None) -> int:
    """Play to the end of the story; return the city time at which it began. Raises ProgramDied, ValueError."""
    start_us = stage.clock.wall_us()
    stage.cameras.begin(start_us)
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


async def hold_inquest(stage: Stage) -> Inquest | None:
    """Ask the hub, by its commands, how the story ended for those who were told; None when it has no such people."""
    scenario, config = stage.play.scenario, str(stage.hub_config)
    if not scenario.receivers and not scenario.responders:
        return None
    async with Desk(stage.environment()) as desk:
        alarms = await desk.run("alarm", "list", config, "--json")
        response = await desk.run("response", config, "--json")
        audit = await desk.run("audit", "verify", config)
        listed = json.loads(alarms.output)
        of_sites = [alarm["id"] for alarm in listed if alarm["subject"].startswith(SITE)]
        why = [await desk.run("why", alarm, config, "--json") for alarm in of_sites if _is_inspected(scenario)]
    told = [json.loads(answer.output) for answer in why]
    return Inquest(listed, json.loads(response.output), audit.code, audit.output, told)


def _is_inspected(scenario: Scenario) -> bool:
    """Return whether somebody ends the alarm of a site in it."""
    return any(act.act == "inspect" for act in scenario.acts)


def advance(stage: Stage, start_us: int) -> list[WireFault]:
    """Bring the world to the present: physics, faults on the line, registers; return what is left for other hands."""
    to_us = min(stage.clock.wall_us() - start_us, stage.play.ends_us)
    deeds: list[WireFault] = []
    for fault in stage.play.advance(to_us):
        if fault.act in HAND_ACTS | WORKER_ACTS:
            deeds.append(fault)
        elif fault.happening is not None:
            stage.cameras.happens(fault.camera, fault.happening)
        elif fault.camera:
            stage.cameras.strike(fault.camera, fault.act)
        else:
            (stage.platforms if fault.lift in stage.platforms else stage.bus).strike(fault)
    stage.bus.show()
    return deeds


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

"""The demo's second story: a road collapses; its camera alone makes a case, the ground beside it too an alarm."""

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from device_profiles.config import duration_s
from simulators.packs import pack_of_event
from simulators.report import score_text
from simulators.run import RunOptions, run
from simulators.scenario import Scenario, load_scenarios
from simulators.scoring import Score
from simulators.stage import Stage, StageOptions
from simulators.telling import plain_log

SCENARIO, RULE, EVENT = "road-collapse", "road.collapse", "road.hole"
SEED = 3  # the second key is the ground sensor's
SPEED = 2.0  # a camera is real
_DURATION = "41s"
_ACTOR = "Li Wei"


async def road_tale(console: Console, *, embedded: bool = False) -> Score:
    """Play it, over drawn pictures, and return its score."""
    scenario = _tale(load_scenarios()[SCENARIO])
    console.print(Text(f"\n{scenario.title}. {duration_s(scenario.duration):g} s at {SPEED:g} times life. Starting …"))
    options = RunOptions(seed=SEED, speed=SPEED, stage=StageOptions(embedded=embedded))

    async def follow_up(stage: Stage) -> None:
        await _follow_up(console, stage)

    result = await run(scenario, options, on_tick=plain_log(console, speed=SPEED), on_end=follow_up)
    console.print(score_text(result))
    return result


def _tale(scenario: Scenario) -> Scenario:
    """Return the scenario with one camera, whose pictures need no photographs."""
    camera = replace(scenario.cameras[0], photographs=False, skies=(), sky="overcast")
    return replace(scenario, cameras=(camera,), duration=_DURATION)


async def _follow_up(console: Console, stage: Stage) -> None:
    """Say which receipt covers the camera's word, fetch the evidence, and ask the hub why it alarmed."""
    pack = pack_of_event(stage.journal, EVENT)
    if pack is not None:
        _, to = stage.tap.receipts.get((pack.agent, pack.lane), (0, 0))
        text = f"receipt: {EVENT} is in {pack.lane} pack {pack.seq}; the hub's receipt, after its fsync, goes to {to}"
        console.print(Text(text, style="green"), soft_wrap=True)
    alarms = [word.id for word in stage.witness.open_alarms().values() if word.rule == RULE]
    for alarm in alarms[:1]:
        config = str(stage.hub_config)
        console.print(Text(f"$ hub evidence fetch {alarm} --actor {_ACTOR!r}", style="bold"), soft_wrap=True)
        console.print(Text(await stage.run_hub("evidence", "fetch", alarm, "--actor", _ACTOR, config)))
        console.print(Text(f"$ hub why {alarm}", style="bold"), soft_wrap=True)
        console.print(Text(await stage.run_hub("why", alarm, config)), soft_wrap=True)

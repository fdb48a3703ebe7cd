"""The demo's second story: a road collapses; its camera alone makes a case, the ground beside it too an alarm."""

from collections.abc import AsyncIterator

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from device_profiles.config import duration_s
from simulators.demo.telling import plain_log, together
from simulators.observers.packs import pack_of_event
from simulators.play.loading import load_scenarios
from simulators.play.scenario import Scenario
from simulators.run.run import RunOptions, run
from simulators.scoring.report import score_text
from simulators.scoring.scoring import Score
from simulators.stage.stage import Stage, StageOptions

SCENARIO, RULE, EVENT = "road-collapse", "road.collapse", "road.hole"
SEED = 3  # the second key is the ground sensor's
SPEED = 2.0  # a camera is real
_DURATION = "41s"
_ACTOR = "Li Wei"


async def road_tale(console: Console, *, embedded: bool = False, sheet: Console | None = None) -> Score:
    """Play it, over drawn pictures, and return its score; what is told stands on the ``sheet`` too."""
    scenario = _tale(load_scenarios()[SCENARIO])
    consoles = [console] if sheet is None else [console, sheet]
    for each in consoles:
        each.print(Text(f"\n{scenario.title}. {duration_s(scenario.duration):g} s at {SPEED:g} times life. Starting …"))
    options = RunOptions(seed=SEED, speed=SPEED, stage=StageOptions(embedded=embedded))

    async def follow_up(stage: Stage) -> None:
        async for text in _follow_up(stage):
            console.print(text, soft_wrap=True)
            if sheet is not None:
                sheet.print(text, no_wrap=True, overflow="ellipsis")

    logs = (plain_log(each, speed=SPEED) for each in consoles)
    result = await run(scenario, options, on_tick=together(*logs), on_end=follow_up)
    console.print(score_text(result))
    return result


def _tale(scenario: Scenario) -> Scenario:
    """Return the scenario with one camera, whose pictures need no photographs."""
    camera = replace(scenario.cameras[0], photographs=False, skies=(), sky="overcast")
    return replace(scenario, cameras=(camera,), duration=_DURATION)


async def _follow_up(stage: Stage) -> AsyncIterator[Text]:
    """Say which receipt covers the camera's word, fetch the evidence, and ask the hub why it alarmed."""
    pack = pack_of_event(stage.journal, EVENT)
    if pack is not None:
        _, to = stage.tap.receipts.get((pack.agent, pack.lane), (0, 0))
        text = f"receipt: {EVENT} is in {pack.lane} pack {pack.seq}; the hub's receipt, after its fsync, goes to {to}"
        yield Text(text, style="green")
    alarms = [word.id for word in stage.witness.open_alarms().values() if word.rule == RULE]
    for alarm in alarms[:1]:
        config = str(stage.hub_config)
        yield Text(f"$ hub evidence fetch {alarm} --actor {_ACTOR!r}", style="bold")
        yield Text((await stage.run_hub("evidence", "fetch", alarm, "--actor", _ACTOR, config)).rstrip())
        yield Text(f"$ hub why {alarm}", style="bold")
        yield Text((await stage.run_hub("why", alarm, config)).rstrip())

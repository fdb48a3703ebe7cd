"""The demo: an entrapment in a city of a few lifts, then a road that collapses, told on the real wire."""

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulators.demo.road_tale import road_tale
from simulators.demo.telling import begin, line_text, plain_log, together
from simulators.lifts.lift import Lift
from simulators.observers.witness import AlarmWord
from simulators.play.loading import load_scenarios
from simulators.play.story import Story, city_time, state_of
from simulators.run.run import OnTick, RunOptions, run
from simulators.scoring.report import score_text
from simulators.scoring.scoring import Score
from simulators.stage.stage import Stage, StageOptions

SCENARIO = "lift-entrapment-between-floors"
SPEED = 6.0  # 150 s of the city in 25 s: slow enough to follow
REFRESHES_PER_S = 8
_COLUMNS = {"lift": 7, "floor": 5, "what it does": 23, "m/s": 5, "door": 6, "inside": 6, "kg": 4, "alarm": 17}
_SPARE = ("m/s", "kg")  # columns that a narrow terminal does without
_WIDE = 100  # characters
_LINES = 14  # of the story on the screen
_INTO_US = 5_000_000  # city; so far into an alarm the lifts are drawn


async def demo(console: Console, *, embedded: bool = False, sheet: Console | None = None) -> tuple[Score, ...]:
    """Play both stories and return their scores: a live table in a terminal, a plain log elsewhere.

    What is told stands on the ``sheet`` too, with the lifts as they are a few seconds into the alarm.
    """
    lift = await _lift_tale(console, embedded=embedded, sheet=sheet)
    return lift, await road_tale(console, embedded=embedded, sheet=sheet)


async def _lift_tale(console: Console, *, embedded: bool, sheet: Console | None) -> Score:
    scenario = load_scenarios()[SCENARIO]
    options = RunOptions(speed=SPEED, stage=StageOptions(embedded=embedded, influx=not embedded))
    opening = Text(f"{scenario.title}. One street node, one hub, {len(scenario.lifts)} lifts; {SPEED:g} times as"
                   f" fast as life. Starting broker, hub and agent …")  # fmt: skip
    for each in (console, sheet):
        if each is not None:
            each.print(opening)
    if sheet is not None:
        told = together(plain_log(console, speed=SPEED), plain_log(sheet, speed=SPEED), still(sheet))
        result = await run(scenario, options, on_tick=told)
    elif console.is_terminal:
        with Live(console=console, refresh_per_second=REFRESHES_PER_S, transient=False) as live:
            screen = Screen(live)
            result = await run(scenario, options, on_tick=screen.tick)
            screen.close()
    else:
        result = await run(scenario, options, on_tick=plain_log(console, speed=SPEED))
    console.print(score_text(result))
    return result


class Screen:
    """The live picture: lifts above, the story below."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._story: Story | None = None
        self._drawn_s = 0.0
        self._last: RenderableType = Text("")

    def tick(self, stage: Stage, t_us: int) -> None:
        """Draw anew, a few times a second."""
        if self._story is None:
            self._story = begin(stage, t_us)
        self._story.follow(stage.witness.words, speed=SPEED)
        now_s = time.monotonic()
        if now_s - self._drawn_s >= 1 / REFRESHES_PER_S:
            self._drawn_s = now_s
            self._last = _picture(stage, self._story, width=self._live.console.width)
            self._live.update(self._last)

    def close(self) -> None:
        """Leave the last picture standing."""
        self._live.update(self._last, refresh=True)


def still(sheet: Console) -> OnTick:
    """Return what draws the lifts once, when the first alarm has stood for a few seconds."""
    drawn = False

    def tick(stage: Stage, _: int) -> None:
        nonlocal drawn
        since_us = min((word.t_fact_us for word in stage.witness.open_alarms().values()), default=None)
        if not drawn and since_us is not None and stage.clock.wall_us() - since_us > _INTO_US:
            drawn = True
            sheet.print(_lifts(stage, width=sheet.width))

    return tick


def _picture(stage: Stage, story: Story, *, width: int) -> RenderableType:
    log = Text("\n").join(line_text(line) for line in story.lines[-_LINES:])
    return Group(_lifts(stage, width=width), log)


def _lifts(stage: Stage, *, width: int) -> RenderableType:
    names = [name for name in _COLUMNS if width >= _WIDE or name not in _SPARE]
    table = Table(box=None)
    for name in names:
        table.add_column(name, width=_COLUMNS[name], no_wrap=True)
    alarms = {word.subject.rpartition("/")[2]: word for word in stage.witness.open_alarms().values()}
    for device, lift in stage.play.lifts.items():
        cells = _cells(lift, alarms.get(device), now_us=stage.clock.wall_us())
        table.add_row(*(cells[name] for name in names))
    title = f"{stage.play.scenario.area} · {city_time(stage.clock.wall_us())}"
    return Panel(table, title=title, title_align="left")


def _cells(lift: Lift, word: AlarmWord | None, *, now_us: int) -> dict[str, RenderableType]:
    body = lift.body
    state, style = state_of(lift)
    since = f"{word.rule.rpartition('.')[2]}, {(now_us - word.t_fact_us) / 1e6:.0f} s" if word else ""
    return {
        "lift": lift.spec.device,
        "floor": str(body.floor),
        "what it does": Text(state, style=style),
        "m/s": f"{body.car.v:+.2f}",
        "door": "closed" if body.door.closed else "open" if body.door.wide else f"{body.door.opened:.0%}",
        "inside": str(len(body.people)),
        "kg": f"{body.load_kg:.0f}",
        "alarm": Text(since, style="bold white on red" if since else ""),
    }

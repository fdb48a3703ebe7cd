"""The demo: one entrapment in a city of a few lifts, told while it happens on the real wire."""

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulators.report import score_text
from simulators.run import OnTick, RunOptions, run
from simulators.scenario import load_scenarios
from simulators.scoring import Score
from simulators.stage import Stage, StageOptions
from simulators.story import Line, Story, city_time, state_of

SCENARIO = "lift-entrapment-between-floors"
SPEED = 4.0  # 150 s of the city in 38 s: slow enough to follow
REFRESHES_PER_S = 8
_COLUMNS = {"lift": 8, "floor": 5, "what it does": 22, "m/s": 5, "door": 6, "inside": 6, "kg": 4, "alarm": 28}
_LINES = 14  # of the story on the screen


async def demo(console: Console, *, embedded: bool = False) -> Score:
    """Play the demo and return its score: a live table in a terminal, a plain log elsewhere."""
    scenario = load_scenarios()[SCENARIO]
    options = RunOptions(speed=SPEED, stage=StageOptions(embedded=embedded))
    console.print(Text(f"{scenario.title}. One street node, one hub, {len(scenario.lifts)} lifts; {SPEED:g} times as"
                       f" fast as life. Starting broker, hub and agent …"))  # fmt: skip
    if console.is_terminal:
        with Live(console=console, refresh_per_second=REFRESHES_PER_S, transient=False) as live:
            screen = Screen(live)
            result = await run(scenario, options, on_tick=screen.tick)
            screen.close()
    else:
        result = await run(scenario, options, on_tick=plain_log(console))
    console.print(score_text(result))
    return result


def plain_log(console: Console) -> OnTick:
    """Return what writes each new line of the story once."""
    stories: list[Story] = []
    written = 0

    def tick(stage: Stage, t_us: int) -> None:
        nonlocal written
        if not stories:
            stories.append(_begin(stage, t_us))
        story = stories[0]
        story.follow(stage.witness.words, speed=SPEED)
        for line in story.lines[written:]:
            console.print(_line_text(line), soft_wrap=True)
        written = len(story.lines)

    return tick


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
            self._story = _begin(stage, t_us)
        self._story.follow(stage.witness.words, speed=SPEED)
        now_s = time.monotonic()
        if now_s - self._drawn_s >= 1 / REFRESHES_PER_S:
            self._drawn_s = now_s
            self._last = _picture(stage, self._story)
            self._live.update(self._last)

    def close(self) -> None:
        """Leave the last picture standing."""
        self._live.update(self._last, refresh=True)


def _begin(stage: Stage, t_us: int) -> Story:
    now_us = stage.clock.wall_us()
    story = Story(stage.play, start_us=now_us - t_us)
    kind = {"mosquitto": "Mosquitto", "embedded": "the embedded broker (amqtt)"}
    story.tell(now_us, f"broker: {kind.get(stage.place.name, stage.place.name)}; hub, agent and line are up")
    return story


def _picture(stage: Stage, story: Story) -> RenderableType:
    table = Table(box=None)
    for name, width in _COLUMNS.items():
        table.add_column(name, width=width, no_wrap=True)
    alarms = {word.subject.rpartition("/")[2]: word for word in stage.witness.open_alarms().values()}
    for device, lift in stage.play.lifts.items():
        body = lift.body
        state, style = state_of(lift)
        word = alarms.get(device)
        since = f"{word.rule}, {(stage.clock.wall_us() - word.t_fact_us) / 1e6:.0f} s" if word else ""
        door = "closed" if body.door.closed else "open" if body.door.wide else f"{body.door.opened:.0%}"
        cells = (device, str(body.floor), Text(state, style=style), f"{body.car.v:+.2f}", door, str(len(body.people)))
        table.add_row(*cells, f"{body.load_kg:.0f}", Text(since, style="bold white on red"))
    log = Text("\n").join(_line_text(line) for line in story.lines[-_LINES:])
    title = f"{stage.play.scenario.area} · {city_time(stage.clock.wall_us())}"
    return Group(Panel(table, title=title, title_align="left"), log)


def _line_text(line: Line) -> Text:
    return Text.assemble((city_time(line.t_us), "dim"), "  ", (line.text, line.style))

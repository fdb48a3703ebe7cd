"""The demo: one entrapment in a city of a few lifts, told while it happens on the real wire."""

import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from simulators.lifts.lift import Lift
from simulators.report import score_text
from simulators.run import OnTick, RunOptions, run
from simulators.scenario import load_scenarios
from simulators.scoring import Score
from simulators.stage import Stage, StageOptions
from simulators.story import Line, Story, city_time, state_of
from simulators.witness import AlarmWord

SCENARIO = "lift-entrapment-between-floors"
SPEED = 4.0  # 150 s of the city in 38 s: slow enough to follow
REFRESHES_PER_S = 8
_COLUMNS = {"lift": 7, "floor": 5, "what it does": 23, "m/s": 5, "door": 6, "inside": 6, "kg": 4, "alarm": 17}
_SPARE = ("m/s", "kg")  # columns that a narrow terminal does without
_WIDE = 100  # characters
_LINES = 14  # of the story on the screen


async def demo(console: Console, *, embedded: bool = False) -> Score:
    """Play the demo and return its score: a live table in a terminal, a plain log elsewhere."""
    scenario = load_scenarios()[SCENARIO]
    options = RunOptions(speed=SPEED, stage=StageOptions(embedded=embedded, influx=not embedded))
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
            self._last = _picture(stage, self._story, width=self._live.console.width)
            self._live.update(self._last)

    def close(self) -> None:
        """Leave the last picture standing."""
        self._live.update(self._last, refresh=True)


def _begin(stage: Stage, t_us: int) -> Story:
    now_us = stage.clock.wall_us()
    story = Story(stage.play, start_us=now_us - t_us)
    kind = {"mosquitto": "Mosquitto", "embedded": "the embedded broker (amqtt)"}
    archive = "InfluxDB" if stage.influx else "embedded (SQLite)"
    broker = kind.get(stage.place.name, stage.place.name)
    story.tell(now_us, f"broker: {broker}; archive: {archive}; hub, agent and line are up")
    return story


def _picture(stage: Stage, story: Story, *, width: int) -> RenderableType:
    names = [name for name in _COLUMNS if width >= _WIDE or name not in _SPARE]
    table = Table(box=None)
    for name in names:
        table.add_column(name, width=_COLUMNS[name], no_wrap=True)
    alarms = {word.subject.rpartition("/")[2]: word for word in stage.witness.open_alarms().values()}
    for device, lift in stage.play.lifts.items():
        cells = _cells(lift, alarms.get(device), now_us=stage.clock.wall_us())
        table.add_row(*(cells[name] for name in names))
    log = Text("\n").join(_line_text(line) for line in story.lines[-_LINES:])
    title = f"{stage.play.scenario.area} · {city_time(stage.clock.wall_us())}"
    return Group(Panel(table, title=title, title_align="left"), log)


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


def _line_text(line: Line) -> Text:
    return Text.assemble((city_time(line.t_us), "dim"), "  ", (line.text, line.style))

"""Tell a played story line by line, while it happens."""

from rich.console import Console
from rich.text import Text

from simulators.play.story import Line, Story, city_time
from simulators.run.run import OnTick
from simulators.stage.stage import Stage


def begin(stage: Stage, t_us: int) -> Story:
    """Return a story that has gone on for so long, with a line of what it runs on."""
    now_us = stage.clock.wall_us()
    story = Story(stage.play, start_us=now_us - t_us)
    kind = {"mosquitto": "Mosquitto", "embedded": "the embedded broker (amqtt)"}
    archive = "InfluxDB" if stage.influx else "embedded (SQLite)"
    broker = kind.get(stage.place.name, stage.place.name)
    seen = ", cameras" if stage.play.scenario.cameras else ""
    story.tell(now_us, f"broker: {broker}; archive: {archive}; hub, agent{seen} and line are up")
    return story


def plain_log(console: Console, *, speed: float) -> OnTick:
    """Return what writes each new line of the story once."""
    stories: list[Story] = []
    written = 0

    def tick(stage: Stage, t_us: int) -> None:
        nonlocal written
        if not stories:
            stories.append(begin(stage, t_us))
        story = stories[0]
        story.follow(stage.witness.words, speed=speed)
        for line in story.lines[written:]:
            console.print(line_text(line), soft_wrap=True)
        written = len(story.lines)

    return tick


def together(*ticks: OnTick) -> OnTick:
    """Return what does several things, one after another."""

    def tick(stage: Stage, t_us: int) -> None:
        for each in ticks:
            each(stage, t_us)

    return tick


def line_text(line: Line) -> Text:
    """Return a line with its time."""
    return Text.assemble((city_time(line.t_us), "dim"), "  ", (line.text, line.style))

"""A score as people read it."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulators.scoring.check import Check
from simulators.scoring.scoring import COUNTERS, HeardAlarm, Judged, Outcome, Score

_COLOURS = {Outcome.MET: "green", Outcome.LATE: "yellow", Outcome.MISSED: "red"}

_ROWS = 50  # of a table; a storm has more


def write_score(console: Console, score: Score) -> None:
    """Write the score of a run."""
    console.print(score_text(score))


def score_text(score: Score) -> RenderableType:
    """Return the score as tables and one line that says whether it is good."""
    parts: list[RenderableType] = [_expected_table(score)]
    if len(score.expected) > _ROWS:
        met = sum(item.outcome is Outcome.MET for item in score.expected)
        parts.append(Text(f"… of {len(score.expected)} expected alarms {met} met, {len(score.alarms)} heard"))
    if score.alarms:
        parts.append(_alarm_table(score.alarms))
    if score.checks:
        parts.append(_check_table(score.checks))
    counts = ", ".join(f"{name.replace('_', ' ')} {getattr(score, name)}" for name in COUNTERS)
    packs = f"packs: {score.packs_published} published, {score.packs_journalled} in the journal, "
    parts.append(Text(f"{packs}{score.packs_missing} missing"))
    parts.append(Text(counts))
    verdict = "PASSED" if score.good else "FAILED"
    style = "bold green" if score.good else "bold red"
    parts.append(Text(f"{verdict} {score.scenario} (seed {score.seed}, broker {score.broker})", style=style))
    return Group(*parts)


def _expected_table(score: Score) -> RenderableType:
    if not score.expected:
        return Text("No alarm was expected.")
    table = Table("expected alarm", "of", "after", "outcome", title_justify="left", box=None, pad_edge=False)
    for item in score.expected[:_ROWS]:
        table.add_row(item.rule, item.subject, item.after, _outcome(item))
    return table


def _check_table(checks: list[Check]) -> Table:
    table = Table("asked for", "met", "found", box=None, pad_edge=False)
    for check in checks:
        met = Text("yes", style="green") if check.good else Text("NO", style="red")
        table.add_row(check.name, met, Text(check.found))
    return table


def _outcome(item: Judged) -> Text:
    wrong = [] if item.cleared_right else ["wrongly cleared"]
    wrong += [] if item.told_right else ["not told as it should"]
    return Text(", ".join([item.outcome, *wrong]), style="red" if wrong else _COLOURS[item.outcome])


def _alarm_table(alarms: list[HeardAlarm]) -> Table:
    table = Table("alarm", "of", "detected", "delivered", box=None, pad_edge=False)
    for alarm in alarms[:_ROWS]:
        table.add_row(alarm.rule, alarm.subject, f"{alarm.detect_ms:.0f} ms", f"{alarm.deliver_ms:.0f} ms")
    return table

"""``hub response``: how fast the city answered."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import sqlalchemy as sa
import typer
from rich.table import Table

from device_profiles.clock import clock_from_environment
from device_profiles.wire import Severity
from hub.alarms.asked.named import note_area
from hub.alarms.city.policy import Target, parse_policy
from hub.alarms.kept.log import history_of, read_alarms
from hub.alarms.transitions import Alarm
from hub.channels.outbox.outbox import TOLD
from hub.channels.view import deliveries_of
from hub.commands import Area, Config, Json
from hub.config import read_config
from hub.data import read_database
from hub.response.clocks import STAGES, ResponseClock, clock_of
from hub.response.figures import ResponseFigures, figures
from hub.screen import Screen


def response(
    config: Config = Path("hub.toml"),
    as_json: Json = False,
    area: Area = "",
    severity: Annotated[Severity, typer.Option(help="Only alarms of this severity.")] = "life",
) -> None:
    """Show the clocks of alarms and their targets: median and 95th percentile by area."""
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    targets = parse_policy(settings.read_policy(), file=settings.config.policy).targets
    with read_database(settings.database) as connection:
        found = [
            _clock(connection, targets, alarm, now_us=now_us)
            for alarm in read_alarms(connection)
            if alarm.severity == severity and (not area or alarm.within(area))
        ]
        if area and not found:
            note_area(connection, area)
    if as_json:
        made = {"alarms": found, "figures": figures(found)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(made)).decode() + "\n")
    else:
        where = f" in {area}" if area else ""
        Screen().table(_table(figures(found)), empty=f"no alarm of severity {severity}{where}")


def _clock(connection: sa.Connection, targets: tuple[Target, ...], alarm: Alarm, *, now_us: int) -> ResponseClock:
    ended = [each for each in deliveries_of(connection, alarm.id) if each.state in TOLD]  # a dead letter told nobody
    told = [each.done_us for each in ended if each.done_us is not None]
    history = history_of(connection, alarm.id)
    return clock_of(alarm, history, told_us=min(told, default=None), targets=targets, now_us=now_us)


def _table(found: list[ResponseFigures]) -> Table:
    table = Table("area", "rule", "alarms", "stage", "p50", "p95", "target", "met")
    for each in found:
        head = [each.area, each.rule, str(each.alarms)]
        for stage in STAGES:
            for row in _rows(each, stage):
                table.add_row(*head, stage, *row)
                head = ["", "", ""]
    return table


def _rows(found: ResponseFigures, stage: str) -> Iterator[list[str]]:
    """Yield p50, p95, target and how often it was met: of each target, also of one whose stage nobody reached."""
    took = next(([f"{each.p50_s:.1f} s", f"{each.p95_s:.1f} s"] for each in found.stages if each.stage == stage), None)
    targets = [target for target in found.targets if target.stage == stage]
    for target in targets:
        pending = f", {target.pending} pending" if target.pending else ""
        met = f"{target.met} of {target.met + target.missed + target.pending}{pending}"
        yield [*(took or ["-", "-"]), f"{target.within_s:.0f} s", met]
    if took is not None and not targets:
        yield [*took, "", ""]

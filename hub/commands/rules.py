"""``hub rules``: try rules on what has happened before they are put in force."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from device_profiles.clock import clock_from_environment
from device_profiles.profile import read_profile
from hub.alarms.asked.cli import alarms_table
from hub.alarms.asked.whatif import WhatIf, what_if
from hub.commands import Config, Json
from hub.commands.times import instant_us
from hub.config import read_config
from hub.data import opened_database, opened_journal
from hub.screen import Screen

rules_app = typer.Typer(no_args_is_help=True, help="Try rules on what has happened.")


@rules_app.command()
def replay(
    rules: Annotated[Path, typer.Option(help="A profile with the rules to try; the rest of the city keeps its own.")],
    config: Config = Path("hub.toml"),
    since: Annotated[str, typer.Option(help="From then on: 2h, 2026-01-31T08:00Z. Without it all that is kept.")] = "",
    as_json: Json = False,
) -> None:
    """Say what would have fired by the rules of a profile, beside what fired by those as recorded."""
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    profile = read_profile(rules)
    since_us = instant_us(since, now_us=now_us) if since else 0
    with opened_journal(settings.journal) as journal, opened_database(settings.database) as engine:
        found = what_if(journal, engine, profile, since_us=since_us)
    if not found.devices:
        sys.stderr.write(f"hub: no device of kind {profile.spec.kind} is known: its rules have nothing to look at\n")
    if as_json:
        made = msgspec.to_builtins(found) | {"gone": found.gone, "new": found.new}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(made)).decode() + "\n")
    else:
        _show(found)


def _show(found: WhatIf) -> None:
    console = Screen()
    table = Table("rule", "raised before", "raised after")
    for rule in sorted({alarm.rule for alarm in (*found.before, *found.after)}):
        counts = (sum(alarm.rule == rule for alarm in alarms) for alarms in (found.before, found.after))
        table.add_row(rule, *(str(count) for count in counts))
    console.print(f"records {found.first} to {found.last}")
    console.table(table, empty="no alarm, by either rules")
    for title, alarms in (("would not have been raised:", found.gone), ("would have been raised too:", found.new)):
        if alarms:
            console.print(title)
            console.table(alarms_table(alarms))

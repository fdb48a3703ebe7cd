"""``hub alarms`` and ``hub replay``: what was decided, and whether deciding again gives the same."""

from pathlib import Path
from typing import Annotated

import typer

from hub.alarms.asked.cli import alarms_command, replay_command
from hub.commands import Area, Config, Json
from hub.commands.alarm import OpenOnly
from hub.config import read_config


def alarms(
    config: Config = Path("hub.toml"), as_json: Json = False, open_only: OpenOnly = False, area: Area = ""
) -> None:
    """Show the alarms in the order in which they were raised."""
    raise typer.Exit(alarms_command(read_config(config).database, as_json=as_json, open_only=open_only, area=area))


def replay(
    config: Config = Path("hub.toml"),
    start: Annotated[
        int | None, typer.Option("--from", min=0, max=2**63 - 1, help="Replay from this record on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide again, in a fresh process, by the rules as recorded; exit 1 when anything differs."""
    settings = read_config(config)
    raise typer.Exit(replay_command(settings.journal, settings.database, start=start, as_json=as_json))

"""``hub alarms``, ``replay``, ``ack`` and ``close``: what was decided, whether it is repeatable, what a person did."""

from pathlib import Path
from typing import Annotated

import typer

from device_profiles.clock import clock_from_environment
from hub.alarms.cli import ack_command, alarms_command, close_command, replay_command
from hub.commands import Config, Json
from hub.config import read_config

AlarmId = Annotated[str, typer.Argument(help="The alarm's id, as `hub alarms` shows it.")]
Actor = Annotated[str, typer.Option(help="Who does it.")]
Reason = Annotated[str, typer.Option(help="Why.")]


def alarms(
    config: Config = Path("hub.toml"),
    as_json: Json = False,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are open.")] = False,
) -> None:
    """Show the alarms in the order in which they were raised."""
    raise typer.Exit(alarms_command(read_config(config).database, as_json=as_json, open_only=open_only))


def replay(
    config: Config = Path("hub.toml"),
    start: Annotated[int | None, typer.Option("--from", min=0, help="Replay from this record on.")] = None,
    as_json: Json = False,
) -> None:
    """Decide again, in a fresh process, by the rules as recorded; exit 1 when anything differs."""
    settings = read_config(config)
    raise typer.Exit(replay_command(settings.journal, settings.database, start=start, as_json=as_json))


def ack(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml"), reason: Reason = "") -> None:
    """Acknowledge an alarm."""
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    code = ack_command(settings.journal, settings.database, alarm, actor=actor, reason=reason, now_us=now_us)
    raise typer.Exit(code)


def close(alarm: AlarmId, actor: Actor, reason: Reason, config: Config = Path("hub.toml")) -> None:
    """Close an open alarm, latched or not."""
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    code = close_command(settings.journal, settings.database, alarm, actor=actor, reason=reason, now_us=now_us)
    raise typer.Exit(code)


COMMANDS = (alarms, replay, ack, close)

"""``hub alarm``: look at alarms, and do about them what a person may do, by name and for a reason."""

from pathlib import Path
from typing import Annotated

import typer

from device_profiles.clock import clock_from_environment
from device_profiles.config import duration_us
from device_profiles.errors import ConfigError
from hub.alarms.asked.cli import Deed, act_command, alarms_command, show_command
from hub.alarms.people.acts import ActKind
from hub.alarms.transitions import ActReason
from hub.commands import Area, Config, Json
from hub.config import read_config

alarm_app = typer.Typer(no_args_is_help=True, help="Look at alarms and act on them.")

AlarmId = Annotated[str, typer.Argument(help="The alarm's id, as `hub alarm list` shows it.")]
Actor = Annotated[str, typer.Option(help="Who does it.")]
Note = Annotated[str, typer.Option(help="What else is to say.")]
Because = Annotated[ActReason, typer.Option(metavar="REASON", help=f"Why: {', '.join(ActReason)}.")]
Span = Annotated[str, typer.Option("--for", help="How long, such as 30m.")]
OpenOnly = Annotated[bool, typer.Option("--open", help="Only those that are open.")]


@alarm_app.command("list")
def list_(
    config: Config = Path("hub.toml"), as_json: Json = False, open_only: OpenOnly = False, area: Area = ""
) -> None:
    """Show the alarms in the order in which they were raised."""
    raise typer.Exit(alarms_command(read_config(config).database, as_json=as_json, open_only=open_only, area=area))


@alarm_app.command()
def show(alarm: AlarmId, config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Show one alarm with its flags and every revision of it."""
    raise typer.Exit(show_command(read_config(config).database, alarm, as_json=as_json))


@alarm_app.command()
def ack(
    alarm: AlarmId,
    actor: Actor,
    config: Config = Path("hub.toml"),
    note: Note = "",
    eta: Annotated[str, typer.Option(help="In what time the person will be there, such as 10m.")] = "",
    span: Span = "",
) -> None:
    """Take an alarm: for a time, after which it calls again; the owner may renew it."""
    eta_us = clock_from_environment().wall_us() + _us(eta, "--eta") if eta else None
    _act("ack", alarm, config, Deed(actor, ActReason.TAKEN, note, _us(span, "--for") if span else None, eta_us))


@alarm_app.command()
def shelve(
    alarm: AlarmId, actor: Actor, because: Because, config: Config = Path("hub.toml"), note: Note = "", span: Span = ""
) -> None:
    """Put the alarms of this rule on this subject aside, for a time or for this occurrence; life needs two people."""
    _act("shelve", alarm, config, Deed(actor, because, note, _us(span, "--for") if span else None))


@alarm_app.command()
def unshelve(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml"), note: Note = "") -> None:
    """Let them call again."""
    _act("unshelve", alarm, config, Deed(actor, None, note))


@alarm_app.command()
def out_of_service(
    alarm: AlarmId, actor: Actor, because: Because, config: Config = Path("hub.toml"), note: Note = ""
) -> None:
    """Take the alarms of this rule on this subject out of service until somebody ends it; life needs two people."""
    _act("out_of_service", alarm, config, Deed(actor, because, note))


@alarm_app.command()
def in_service(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml"), note: Note = "") -> None:
    """Put them in service again."""
    _act("in_service", alarm, config, Deed(actor, None, note))


@alarm_app.command()
def dispatch(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml"), note: Note = "") -> None:
    """Report that help is on its way."""
    _act("dispatch", alarm, config, Deed(actor, None, note))


@alarm_app.command()
def arrive(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml"), note: Note = "") -> None:
    """Report that help is there."""
    _act("arrive", alarm, config, Deed(actor, None, note))


@alarm_app.command()
def safe(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml"), note: Note = "") -> None:
    """Report that the passenger is free, or the place safe."""
    _act("safe", alarm, config, Deed(actor, None, note))


@alarm_app.command()
def close(
    alarm: AlarmId, actor: Actor, note: Note, config: Config = Path("hub.toml"), because: Because = ActReason.OTHER
) -> None:
    """Close an open alarm, latched or not."""
    _act("close", alarm, config, Deed(actor, because, note))


def _act(act: ActKind, alarm: str, config: Path, deed: Deed) -> None:
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    raise typer.Exit(act_command(act, settings.journal, settings.database, alarm, deed=deed, now_us=now_us))


def _us(text: str, option: str) -> int:
    try:
        return duration_us(text)
    except ValueError as error:
        raise ConfigError(str(error), file="hub alarm", key=option) from error

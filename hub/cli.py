"""The command ``hub``: turns argv into a config and an exit code."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from device_profiles.clock import clock_from_environment
from device_profiles.command import offer_version, run_command
from device_profiles.config import write_new
from device_profiles.log import log_to_stderr
from device_profiles.profile import load_profiles
from hub import app as program
from hub import backup as backups
from hub.commands import Config, Json
from hub.commands.alarm import alarm_app
from hub.commands.alarms import alarms, replay
from hub.commands.archive import archive_app
from hub.commands.audit import audit_app
from hub.commands.broker import broker_app
from hub.commands.deliveries import deliveries
from hub.commands.doctor import doctor
from hub.commands.evidence import evidence_app
from hub.commands.journal import journal_app
from hub.commands.ledger import ledger
from hub.commands.quarantine import quarantine_app
from hub.commands.reasons import reasons
from hub.commands.report import report
from hub.commands.response import response
from hub.commands.rules import rules_app
from hub.commands.why import why
from hub.config import EXAMPLE, read_config
from hub.data import present
from hub.errors import HubError
from hub.twins.table import twins_command

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The hub of a city's nerves."
)
offer_version(app, "hub")
app.add_typer(alarm_app, name="alarm")
app.add_typer(audit_app, name="audit")
app.add_typer(archive_app, name="archive")
app.add_typer(broker_app, name="broker")
app.add_typer(evidence_app, name="evidence")
app.add_typer(journal_app, name="journal")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(rules_app, name="rules")


class Role(StrEnum):
    """What can run as a process of its own."""

    ARCHIVE = "archive"


@app.command()
def run(
    config: Config = Path("hub.toml"),
    only: Annotated[Role | None, typer.Option(help="Run this reader alone, beside a hub.")] = None,
) -> None:
    """Run the hub until SIGTERM or SIGINT."""
    log_to_stderr()
    settings, clock = read_config(config), clock_from_environment()
    runner = program.run if only is None else program.run_archive
    raise typer.Exit(asyncio.run(runner(settings, clock=clock)))


@app.command()
def check(config: Config = Path("hub.toml")) -> None:
    """Check the config and every profile it names."""
    settings = read_config(config)
    profiles = load_profiles(settings.profiles)
    settings.check_broker()
    settings.read_policy()
    settings.check_receivers()
    settings.check_archive()
    settings.check_evidence()
    rules = sum(len(profile.spec.alarms) for profile in profiles.values())
    typer.echo(f"{config}: ok, {len(profiles)} profiles with {rules} alarm rules")


@app.command()
def init(config: Config = Path("hub.toml")) -> None:
    """Write a commented example config."""
    if not write_new(config, EXAMPLE):
        raise HubError(f"{config} is there already")
    typer.echo(f"{config} written")


@app.command()
def twins(config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Show the last known state of every device, each value with its age."""
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    raise typer.Exit(twins_command(present(settings.database), now_us=now_us, as_json=as_json, out=sys.stdout))


@app.command()
def backup(config: Config, folder: Path) -> None:
    """Copy the data of a hub, running or not, to an empty FOLDER."""
    settings = read_config(config)
    made = backups.back_up(settings.data, folder, hub=settings.config.hub, now_us=clock_from_environment().wall_us())
    typer.echo(f"{folder}: {len(made.parts)} files, journal {made.first_offset} to {made.last_offset}")


@app.command()
def restore(folder: Path, config: Config) -> None:
    """Copy a backup in FOLDER to the empty data folder of CONFIG."""
    settings = read_config(config)
    made = backups.restore(folder, settings.data)
    typer.echo(f"{settings.data}: journal {made.first_offset} to {made.last_offset}")


for command in (alarms, why, report, response, deliveries, ledger, reasons, doctor, replay):  # after those, in --help
    app.command()(command)


def main() -> None:
    """Run the command; a fault of config or usage is exit 2 and one line, any other of ours exit 1."""
    run_command(app, "hub", failures=(HubError, sa.exc.DBAPIError))

"""``hub evidence``: what cameras kept of alarms; fetch it, look at it, and make the keys for that."""

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from device_profiles.clock import clock_from_environment
from device_profiles.errors import ConfigError, TopicError
from device_profiles.topics import AgentAddress
from device_profiles.whole import sync, write_whole
from hub.alarms.asked.named import named_alarm
from hub.alarms.asked.spoken import instant
from hub.commands import Config, Json
from hub.config import Settings, read_config
from hub.data import opened_journal, present, read_database
from hub.errors import EvidenceError, NoActor, NoSuchAlarm
from hub.evidence.fetched import HERE, Fetched, FetchReason, fetched_row
from hub.evidence.fetcher import Fetcher, Say, hub_shelf, key_file
from hub.evidence.listed import Listed, listed
from hub.evidence.wanted import Piece, alarms_with_evidence, holder_of, open_digests, pieces_of
from hub.journal.records import NewRecord, append_deeds
from hub.screen import one_line, say

SUFFIXES = {b"\xff\xd8": ".jpg", b"RI": ".avi"}  # by how a file begins

evidence_app = typer.Typer(no_args_is_help=True, help="What cameras kept of alarms.")

AlarmId = Annotated[str, typer.Argument(help="The alarm's id, as `hub alarm list` shows it.")]
Actor = Annotated[str, typer.Option(help="Who does it.")]


@evidence_app.command()
def fetch(alarm: AlarmId, actor: Actor, config: Config = Path("hub.toml")) -> None:
    """Fetch what an alarm names from the agents that have it; exit 1 unless all of it is here."""
    settings = read_config(config)
    pieces = _pieces(settings, alarm)
    fetcher = Fetcher(settings, actor=_named(actor), say=_say(settings), now_us=clock_from_environment().wall_us)
    good = True
    for piece in pieces:
        with read_database(settings.database) as connection:
            holder = holder_of(connection, piece.device)
            spare = open_digests(connection) | {each.digest for each in pieces}
        outcome = asyncio.run(fetcher.fetch(piece, holder, spare=spare))
        good = good and outcome.result in HERE
        told = f"{piece.device} {piece.part} {piece.digest[:12]}: {outcome.result} {outcome.detail}"
        say(one_line(told.rstrip()) + "\n")
    raise typer.Exit(0 if good else 1)


@evidence_app.command("list")
def list_(
    config: Config = Path("hub.toml"),
    alarm: Annotated[str, typer.Option(help="Only of this alarm.")] = "",
    as_json: Json = False,
) -> None:
    """Show each piece that an alarm names: whether it is here, and who fetched it last."""
    found = _listed(read_config(config), alarm)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    if not found:
        typer.echo("no alarm names evidence" if not alarm else f"alarm {alarm} names no evidence")
    for each in found:
        last = each.fetches[-1] if each.fetches else None
        said = "never fetched" if last is None else f"{last.fetched.result} for {last.fetched.actor}"
        here = "here" if each.here else "not here"
        say(one_line(f"{each.alarm}  {each.device}  {each.part:6}  {each.digest[:12]}  {here:8}  {said}") + "\n")


@evidence_app.command()
def show(
    alarm: AlarmId,
    config: Config = Path("hub.toml"),
    save: Annotated[Path | None, typer.Option(help="Copy what is here into this folder; needs --actor.")] = None,
    actor: Actor = "",
    as_json: Json = False,
) -> None:
    """Show what an alarm names, with every fetch of it; copy it out on demand, audited too: exit 1 unless all of it."""
    settings = read_config(config)
    _pieces(settings, alarm)
    missed = _save(settings, alarm, save, actor=_named(actor)) if save is not None else []
    found = _listed(settings, alarm)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        say("".join(map(_text, found)))
    for piece in missed:
        sys.stderr.write(f"hub: {piece.part} of {piece.device} was not copied: it is not here, or was damaged\n")
    raise typer.Exit(1 if missed else 0)


@evidence_app.command()
def key(
    agent: Annotated[str, typer.Argument(help="The agent, as city/district/street/agent.")],
    config: Config = Path("hub.toml"),
) -> None:
    """Make an agent's key and print the file, to be copied to the agent; again: another key."""
    settings = read_config(config)
    try:
        path = key_file(settings.folder / settings.config.evidence.keys, str(AgentAddress.parse(agent)))
    except TopicError as error:
        raise ConfigError(str(error), file="hub evidence key", key="AGENT") from error
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, f"{secrets.token_hex(32)}\n".encode(), mode=0o600)
        sync(path.parent)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=str(path)) from error
    typer.echo(str(path))


def _text(found: Listed) -> str:
    """Return a piece in lines: where it is, and each fetch of it."""
    lines = [f"{found.device} {found.part}: {found.path if found.here else 'not here'} {found.digest}"]
    for each in found.fetches:
        said = each.fetched
        lines.append(f"  {instant(each.t_us)} {said.actor}: {said.result} {said.detail}".rstrip())
    return "".join(f"{one_line(line)}\n" for line in lines)


def _pieces(settings: Settings, alarm: str) -> list[Piece]:
    with read_database(settings.database) as connection:
        named_alarm(connection, alarm)
        found = alarms_with_evidence(connection, alarm=alarm)
    if not found:
        raise NoSuchAlarm(f"alarm {alarm} names no evidence")
    return list(pieces_of(found[0]))


def _listed(settings: Settings, alarm: str) -> list[Listed]:
    with opened_journal(settings.journal) as journal, read_database(settings.database) as connection:
        if alarm:
            named_alarm(connection, alarm)
        return listed(connection, journal, hub_shelf(settings), alarm=alarm)


def _save(settings: Settings, alarm: str, folder: Path, *, actor: str) -> list[Piece]:
    """Copy what is here into a folder, where no other alarm has files of these names; return what is not here."""
    shelf, record, now_us = hub_shelf(settings), _say(settings), clock_from_environment().wall_us()
    missed = []
    for piece in _pieces(settings, alarm):
        content = shelf.read(piece.digest)
        if content is None:
            missed.append(piece)
            continue
        name = f"{piece.device.replace('/', '.')}.{piece.part}.{alarm}{SUFFIXES.get(content[:2], '')}"
        size = len(content)
        said = Fetched(
            actor, alarm, piece.device, piece.part, piece.digest, FetchReason.SAVED, str(folder / name), size
        )
        record(fetched_row(said, now_us=now_us))  # first: nobody has a copy that nobody knows of
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        except OSError as error:
            raise EvidenceError(f"{folder / name} cannot be written: {error.strerror}") from error
    return missed


def _say(settings: Settings) -> Say:
    def record(row: NewRecord) -> None:
        append_deeds(present(settings.journal), [row])

    return record


def _named(actor: str) -> str:
    if not actor.strip():
        raise NoActor("--actor is empty: whoever takes evidence has a name")
    return actor.strip()

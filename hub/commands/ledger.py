"""``hub ledger``: what became of every pack that the agents made."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from device_profiles.clock import clock_from_environment
from device_profiles.errors import TopicError
from device_profiles.topics import check_id
from hub.commands import ENVIRONMENT, Json
from hub.commands.archive import prove_command
from hub.commands.times import instant_us
from hub.config import Settings, read_config
from hub.data import opened_journal
from hub.database import open_database, reading
from hub.errors import NoData
from hub.journal.journal import Journal
from hub.ledger.ledger import Ledger
from hub.ledger.store import catch_up, load
from hub.ledger.view import View, table, view
from hub.screen import Screen

DEFAULT = Path("hub.toml")

Agent = Annotated[str, typer.Argument(help="An agent: city/district/street/agent, or its name alone. All without it.")]
Since = Annotated[str, typer.Option(help="Sessions of which something came since: 2h, 2026-01-31T08:00Z, or an epoch.")]
Archived = Annotated[bool, typer.Option("--archive", help="Prove that the archive holds what the journal says.")]
Values = Annotated[bool, typer.Option("--values", help="With --archive: compare the values too, not only how many.")]
Config = Annotated[Path | None, typer.Argument(envvar=ENVIRONMENT, help="The hub's config file.")]


def ledger(
    agent: Agent = "",
    config: Config = None,
    since: Since = "",
    as_json: Json = False,
    archive: Archived = False,
    values: Values = False,
) -> None:
    """Show what arrived of each agent, epoch and lane, what came twice or late, what is missing and what is lost."""
    if agent and not _is_agent(agent):  # the only word is the config: no agent's name has a dot
        agent, config = "", Path(agent)
    settings = read_config(config or DEFAULT)
    if archive or values:
        if agent or since or not archive:
            raise typer.BadParameter(
                "--archive is about all agents, --values is about --archive", param_hint="--archive"
            )
        raise typer.Exit(prove_command(settings, values=values, as_json=as_json))
    found = _look(settings, agent=agent, since=since)
    if agent and not found.lanes:
        raise NoData(f"the ledger knows nothing of {agent}" + (f" since {since}" if since else ""))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        Screen().table(table(found))


def _look(settings: Settings, *, agent: str, since: str) -> View:
    from_epoch, from_us = _since(since) if since else (0, 0)
    with opened_journal(settings.journal) as journal:
        known = _known(settings, journal)
        from_offset = _offset_at(journal, from_us)
    return view(known, agent=agent, from_epoch=from_epoch, from_offset=from_offset)


def _known(settings: Settings, journal: Journal) -> Ledger:
    engine = open_database(settings.database)
    try:
        known = load(reading(engine))
    finally:
        engine.dispose()
    catch_up(known, journal)
    return known


def _offset_at(journal: Journal, from_us: int) -> int:
    """Return where in the journal a time is; 0 for one before its beginning, of which it knows nothing."""
    offset = journal.offset_at(from_us) if from_us else 0
    return offset if offset > journal.first_offset() else 0


def _is_agent(word: str) -> bool:
    levels = word.split("/")
    try:
        for level in levels:
            check_id(level)
    except TopicError:
        return False
    return len(levels) in (1, 4)


def _since(text: str) -> tuple[int, int]:
    """Return the epoch or the µs since 1970 that ``text`` means. Raises typer.BadParameter."""
    if text.isdecimal():
        return int(text), 0
    return 0, instant_us(text, now_us=clock_from_environment().wall_us())

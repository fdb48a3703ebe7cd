"""``hub audit``: prove that nobody has changed what was decided and done."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from hub.alarms.kept import audit
from hub.commands import Config, Json
from hub.config import read_config
from hub.data import opened_journal, read_database
from hub.evidence.table import all_fetches
from hub.screen import one_line, say

audit_app = typer.Typer(no_args_is_help=True, help="The chain of every revision of every alarm; who took evidence.")


@audit_app.command()
def verify(
    config: Config = Path("hub.toml"),
    as_json: Json = False,
    head: Annotated[str, typer.Option(help="The head of an earlier walk, which must still be in the chain.")] = "",
) -> None:
    """Walk the chain from its first link; exit 1 when a link does not hold."""
    settings = read_config(config)
    with read_database(settings.database) as connection:
        found = audit.verify(connection, contains=head)
    if as_json:
        sys.stdout.write(msgspec.json.encode(msgspec.to_builtins(found) | {"whole": found.whole}).decode() + "\n")
    else:
        sys.stdout.write(f"{found.links} revisions, head {found.head}: {found.fault or 'whole'}\n")
    raise typer.Exit(0 if found.whole else 1)


@audit_app.command()
def evidence(config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Show each fetch of evidence and each copy: when, who, of which alarm, which digest, and what came of it."""
    settings = read_config(config)
    with opened_journal(settings.journal) as journal, read_database(settings.database) as connection:
        found = all_fetches(connection, journal)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    if not found:
        say("no evidence was fetched or copied\n")
    for record in found:
        said, when = record.fetched, datetime.fromtimestamp(record.t_us / 1e6, UTC).isoformat(timespec="seconds")
        what = f"{said.alarm}  {said.device}  {said.part}  {said.digest}"
        say(one_line(f"{record.offset}  {when}  {said.actor}  {what}  {said.result} {said.detail}".rstrip()) + "\n")

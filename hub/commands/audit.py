"""``hub audit``: prove that nobody has changed what was decided and done."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from hub.alarms.kept import audit
from hub.commands import Config, Json
from hub.config import read_config
from hub.data import read_database

audit_app = typer.Typer(no_args_is_help=True, help="The chain of every revision of every alarm.")


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

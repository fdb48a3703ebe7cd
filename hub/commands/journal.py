"""``hub journal``: how much the journal holds and what it gave up, and how its room is given back."""

from pathlib import Path

import msgspec
import typer

from device_profiles.config import size_bytes
from hub.commands import Config, Json
from hub.commands.archive import when
from hub.config import read_config
from hub.data import opened_journal
from hub.journal.journal import Journal
from hub.journal.thinned import Loss
from hub.life import locked

journal_app = typer.Typer(no_args_is_help=True, help="Care for the journal.")


class JournalStatus(msgspec.Struct, frozen=True):
    """How much there is, and since when."""

    first: int  # offset of the oldest record
    whole_from: int  # offset from which on nothing was thinned: replays begin there or later
    last: int
    since_us: int | None  # when the oldest record was taken in
    whole_since_us: int | None  # and the first that is whole
    bytes: int
    max_bytes: int
    thinned_bytes: int  # of these, what is left of thinned readings
    given_up: list[Loss]


@journal_app.command()
def status(config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Show how far back the journal goes, from where it can be replayed, and what it gave up at its bound."""
    settings = read_config(config)
    with opened_journal(settings.journal) as journal:
        found = _status(journal, size_bytes(settings.config.journal.max_bytes))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _show(found)


@journal_app.command()
def compact(config: Config = Path("hub.toml")) -> None:
    """Give the room of cut records back to the disk; the hub must not run."""
    settings = read_config(config)
    with locked(settings), opened_journal(settings.journal) as journal:
        journal.compact()
    typer.echo(f"{settings.journal}: {settings.journal.stat().st_size} bytes")


def _status(journal: Journal, max_bytes: int) -> JournalStatus:
    first, thinned = journal.unbroken_from(), journal.thinned()
    return JournalStatus(
        first=first,
        whole_from=max(first, thinned.upto + 1),
        last=journal.last_offset(),
        since_us=_received(journal, first),
        whole_since_us=_received(journal, max(first, thinned.upto + 1)),
        bytes=journal.used_bytes(),
        max_bytes=max_bytes,
        thinned_bytes=thinned.left,
        given_up=journal.losses(),
    )


def _received(journal: Journal, offset: int) -> int | None:
    found = journal.read(offset - 1, 1)
    return found[0].received_us if found else None


def _show(found: JournalStatus) -> None:
    typer.echo(f"records {found.first} to {found.last}, since {when(found.since_us)}")
    typer.echo(f"whole, and to be replayed, from record {found.whole_from}, since {when(found.whole_since_us)}")
    typer.echo(f"{found.bytes} of {found.max_bytes} bytes, {found.thinned_bytes} of them left of thinned readings")
    for loss in found.given_up:
        span = f"{when(loss.first_us)} to {when(loss.last_us)}"
        typer.echo(f"{loss.reason} of {loss.agent}: {loss.facts} facts in {loss.packs} packs, taken in {span}")

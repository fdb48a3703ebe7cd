"""``hub archive status`` and ``hub ledger --archive``: how the archive stands, and whether it holds what it must."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer
from rich.table import Table

from device_profiles.clock import clock_from_environment
from hub.archive.glance import Glance
from hub.archive.proof import Proof, prove
from hub.archive.status import ArchiveStatus, look
from hub.archive.stores import Store, describe, open_archive
from hub.archive.tiers.opened import open_tiers
from hub.commands import Config, Json
from hub.config import Settings, read_config
from hub.data import opened_journal, present
from hub.journal.journal import Journal
from hub.screen import Screen

archive_app = typer.Typer(no_args_is_help=True, help="Look at the archive.")


@archive_app.callback()
def _group() -> None:
    """Keep the name of the only command."""


@archive_app.command()
def status(config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Show how far the archive is, what each tier holds, what waits and what was refused; exit 1 when it is away."""
    settings, now_us = read_config(config), clock_from_environment().wall_us()
    with _opened(settings) as (journal, archive), contextlib.closing(open_tiers(settings)) as tiers:
        kind, place = settings.config.archive.kind, describe(settings)
        found = look(journal, archive, tiers, _glance(settings), kind=kind, place=place, now_us=now_us)
    _print(found, as_json=as_json)
    if not as_json:
        _show_status(found)
    raise typer.Exit(1 if found.fault else 0)


def prove_command(settings: Settings, *, values: bool, as_json: bool) -> int:
    """Compare archive and journal and show it; return the exit code, 1 when they differ. Raises StoreDown, NoData."""
    with _opened(settings) as (journal, archive):
        proof = prove(journal, archive, _glance(settings), values=values)
    _print(proof, as_json=as_json)
    if not as_json:
        _show_proof(proof)
    return 0 if proof.equal else 1


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Journal, Store]]:
    if settings.config.archive.kind == "embedded":
        present(settings.archive)
    with (
        opened_journal(settings.journal) as journal,
        contextlib.closing(open_archive(settings)) as archive,
    ):
        yield journal, archive


def _glance(settings: Settings) -> Glance:
    return Glance(tiers=settings.tiers, refusals=settings.refusals)


def _print(found: Proof | ArchiveStatus, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())


def _show_proof(proof: Proof) -> None:
    rows = Table(title=f"archive up to record {proof.offset}, {proof.behind} behind")
    for name in ("device", "hour", "difference"):
        rows.add_column(name, overflow="fold")
    for name in ("journal", "archive"):
        rows.add_column(name, justify="right")
    for row in proof.rows:
        rows.add_row(row.device, when(row.hour_us), row.difference, str(row.journal), str(row.archive))
    if proof.rows:
        Screen().table(rows)
    compared = "points and values" if proof.values else "points"
    verdict = "equal" if proof.equal else f"{proof.different} hours differ"
    typer.echo(f"{compared} of {proof.devices} devices, {proof.hours} hours of devices: {verdict}")
    typer.echo(f"journal {proof.journal}, archive {proof.archive}; up to record {proof.offset}, {proof.behind} behind")
    typer.echo(f"superseded {proof.superseded}, refused {proof.refused}, older than retention {proof.expired}")
    if proof.left_out:
        typer.echo("never archived: " + ", ".join(f"{number} {reason}" for reason, number in proof.left_out.items()))
    if proof.since_us:
        typer.echo(
            f"hours before {when(proof.since_us)} are older than the journal: there only what it has was looked for"
        )


def _show_status(found: ArchiveStatus) -> None:
    typer.echo(f"{found.kind}: {found.place}" + (f": DOWN, {found.fault}" if found.fault else ""))
    typer.echo(f"record {found.offset} of {found.end}: {found.behind} behind, {found.lag_s:.1f} s")
    if found.oldest is not None:
        typer.echo(f"oldest fact not archived: record {found.oldest.offset}, observed {when(found.oldest.t_us)}")
    for tier, extent in found.tiers.items():
        span = f", {when(extent.oldest_us)} to {when(extent.newest_us)}" if extent.count else ""
        typer.echo(f"{tier}: {extent.count}{span}")
    typer.echo(f"to be computed: {found.dirty} hours of devices; came too late: {found.late}")
    typer.echo(f"superseded points: {found.superseded}, refused: {found.refused}, dropped: {found.refused_dropped}")


def when(t_us: int | None) -> str:
    """Return a time for people, in UTC."""
    return "-" if t_us is None else datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""``hub quarantine``: what was set aside and why; judge it again, or drop it."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from device_profiles.clock import clock_from_environment
from hub.archive.refusals import Refusals, RefusedPoint
from hub.commands import ENVIRONMENT, MOST, Json
from hub.config import Settings, read_config
from hub.data import opened_journal
from hub.errors import NoActor, NoSuchMessage
from hub.journal.faulty import Reason, note_of
from hub.journal.file import translated
from hub.journal.journal import Journal
from hub.journal.records import append_deeds
from hub.life import is_locked
from hub.quarantine.asides import GOOD, Aside, Deed, State, answers_in, deed_row, pages, read_asides
from hub.quarantine.table import points_table, table
from hub.quarantine.verdict import judge_again
from hub.screen import Screen, one_line, say

ANSWER_S = 10.0  # real; how long a running hub may take to answer
_SETTLED = (State.REPLAYED, State.DROPPED)

quarantine_app = typer.Typer(no_args_is_help=True, help="Messages that were set aside.")

Config = Annotated[Path, typer.Option("--config", envvar=ENVIRONMENT, help="The hub's config file.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID…", help="Messages, as `hub quarantine list` shows them.")]
ByReason = Annotated[
    Reason | None, typer.Option("--reason", metavar="REASON", help=f"All that are there for it: {', '.join(Reason)}.")
]
Actor = Annotated[str, typer.Option(help="Who does it.")]
Why = Annotated[str, typer.Option(help="Why.")]
DEFAULT = Path("hub.toml")


@quarantine_app.command("list")
def show_all(
    config: Config = DEFAULT,
    reason: ByReason = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="The newest so many.")] = 100,
    points: Annotated[bool, typer.Option("--points", help="Points that the archive's database refused.")] = False,
    as_json: Json = False,
) -> None:
    """Show what was set aside, oldest first."""
    settings = read_config(config)
    if points:
        refused = _refused_points(settings, limit)
        _print(refused, points_table(refused), as_json=as_json, empty="no point was refused")
        return
    with opened_journal(settings.journal) as journal:
        found = [aside for aside in read_asides(journal).values() if reason in (None, aside.reason)][-limit:]
    _print(found, table(found), as_json=as_json, empty="nothing is set aside")


@quarantine_app.command()
def show(message: Annotated[int, typer.Argument(metavar="ID")], config: Config = DEFAULT) -> None:
    """Show one message: why it is there, what was done about it, and its bytes."""
    with opened_journal(read_config(config).journal) as journal:
        (aside,) = _chosen(read_asides(journal), [message], None)
        _, payload = note_of(journal.of_kind("quarantine", message - 1, 1)[0])
    for name, value in msgspec.to_builtins(aside).items():
        say(f"{name}: {one_line(str(value))}\n")
    say(payload.decode(errors="backslashreplace") + "\n")


@quarantine_app.command()
def replay(
    actor: Actor, messages: Ids = None, config: Config = DEFAULT, reason: ByReason = None, why: Why = ""
) -> None:
    """Judge messages again; what is good now is journalled as what it is. Exit 1 unless all were."""
    settings, actor = read_config(config), _named(actor)
    with opened_journal(settings.journal) as journal:
        known = _chosen(read_asides(journal), messages, reason)
        chosen = _unsettled(known, messages)
        if not known:
            typer.echo(f"nothing is in quarantine for {reason}")
        asked = [aside for aside in chosen if _may_be_good(journal, aside)]
        gone = any(aside.state is State.DROPPED for aside in known) and bool(messages)
        good = len(asked) == len(chosen) and not gone
        after = _write(settings, [Deed("replay", aside.id, actor, why) for aside in asked])
        if asked and not is_locked(settings):
            typer.echo(f"{len(asked)} will be judged when the hub starts")
        elif asked:
            good = _await_answers(journal, {aside.id for aside in asked}, after) and good
    raise typer.Exit(0 if good else 1)


@quarantine_app.command()
def drop(actor: Actor, why: Why, messages: Ids = None, config: Config = DEFAULT, reason: ByReason = None) -> None:
    """Let messages go: of each only the note stays, and who dropped it why."""
    settings, actor = read_config(config), _named(actor)
    with opened_journal(settings.journal) as journal:
        chosen = _unsettled(_chosen(read_asides(journal), messages, reason), messages)
    deeds = [Deed("drop", aside.id, actor, why) for aside in chosen]
    _write(settings, deeds, emptied=[aside.id for aside in chosen])
    typer.echo(f"{len(chosen)} dropped")


def _chosen(known: dict[int, Aside], messages: Iterable[int] | None, reason: Reason | None) -> list[Aside]:
    wanted = list(messages or ())
    if not wanted and reason is None:
        raise typer.BadParameter("name messages, or a --reason")
    for message in wanted:
        if message not in known:
            raise NoSuchMessage(f"no message {message} is in quarantine")
    return [aside for aside in known.values() if aside.id in wanted or aside.reason == reason]


def _unsettled(found: list[Aside], named: Iterable[int] | None) -> list[Aside]:
    """Return those about which something is still to be decided; say so of others that were named."""
    for aside in found:
        if aside.state in _SETTLED and aside.id in (named or ()):
            typer.echo(f"{aside.id}: {aside.state} already")
    return [aside for aside in found if aside.state not in _SETTLED]


def _may_be_good(journal: Journal, aside: Aside) -> bool:
    """Return whether it is worth the hub's while; only the hub knows whether it came again since."""
    verdict = judge_again(journal.of_kind("quarantine", aside.id - 1, 1)[0], None, now_us=aside.received_us)
    if verdict.outcome != GOOD:
        say(f"{aside.id}: still {verdict.outcome}: {one_line(verdict.detail)}\n")
    return verdict.outcome == GOOD


def _write(settings: Settings, deeds: list[Deed], *, emptied: list[int] | None = None) -> int:
    now_us = clock_from_environment().wall_us()
    rows = [deed_row(deed, now_us=now_us) for deed in deeds]
    if not rows:
        return 0
    with translated(settings.journal):
        return append_deeds(settings.journal, rows, emptied=emptied or [])


def _await_answers(journal: Journal, asked: set[int], after: int) -> bool:
    end_s, answers = time.monotonic() + ANSWER_S, dict[int, str]()
    while asked - answers.keys() and time.monotonic() < end_s:
        time.sleep(0.1)
        answers = answers_in(pages(journal, "aside", after))
    for message in sorted(asked):
        typer.echo(f"{message}: {answers.get(message, 'the hub has not answered yet')}")
    return all(answers.get(message) == GOOD for message in asked)


def _named(actor: str) -> str:
    if not actor.strip():
        raise NoActor("--actor: say who does it")
    return actor


def _print(found: object, shown: Table, *, as_json: bool, empty: str) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        Screen().table(shown, empty=empty)


def _refused_points(settings: Settings, limit: int) -> list[RefusedPoint]:
    if not settings.refusals.is_file():
        return []
    refusals = Refusals(settings.refusals)
    try:
        return refusals.read(limit=limit)
    finally:
        refusals.close()

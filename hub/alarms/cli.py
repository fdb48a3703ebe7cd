"""What ``hub alarms``, ``hub replay``, ``hub close`` and ``hub ack`` do, given the paths of a hub's data."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from hub.alarms.acts import ActKind
from hub.alarms.log import read_alarms
from hub.alarms.replay import Replay, replay_apart
from hub.alarms.transitions import Alarm
from hub.database import open_database, reading
from hub.errors import NoActor, NoData, NoSuchAlarm
from hub.journal.records import Act, append_act

_COLOURS = {"life": "bold white on red", "critical": "bold red", "major": "red", "minor": "yellow", "info": "blue"}


def alarms_command(database: Path, *, as_json: bool = False, open_only: bool = False) -> int:
    """Print the alarms, in the order in which they were raised; return the exit code. Raises NoData."""
    found = _read(database, open_only=open_only)
    if as_json:
        rows = [msgspec.to_builtins(alarm) | {"open": alarm.open} for alarm in found]
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
    else:
        Console().print(_table(found))
    return 0


def replay_command(journal: Path, database: Path, *, start: int | None = None, as_json: bool = False) -> int:
    """Replay the journal in a fresh process and print how it compares; return the exit code. Raises NoData."""
    found = replay_apart(journal, database, start=start)
    if as_json:
        rows = msgspec.to_builtins(found) | {"same": found.same}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
    else:
        sys.stdout.write(_summary(found))
    return 0 if found.same else 1


def close_command(journal: Path, database: Path, alarm: str, *, actor: str, reason: str, now_us: int) -> int:
    """Record that a person closes an open alarm, latched or not; return the exit code. Raises NoData, NoSuchAlarm."""
    return _act("close", journal, _find(database, alarm, still_open=True), actor=actor, reason=reason, now_us=now_us)


def ack_command(journal: Path, database: Path, alarm: str, *, actor: str, reason: str, now_us: int) -> int:
    """Record that a person acknowledges an alarm; return the exit code. Raises NoData, NoSuchAlarm."""
    return _act("ack", journal, _find(database, alarm, still_open=False), actor=actor, reason=reason, now_us=now_us)


def _act(act: ActKind, journal: Path, alarm: Alarm, *, actor: str, reason: str, now_us: int) -> int:
    if not actor.strip():
        raise NoActor("--actor is empty: an act has a name")
    if not journal.is_file():
        raise NoData(f"{journal} is not there: has this hub ever run?")
    record = append_act(journal, Act(actor, act, alarm.rule, alarm.subject, reason, alarm.id), now_us=now_us)
    sys.stdout.write(f"{act} of {alarm.rule} on {alarm.subject} recorded at {record.offset}\n")
    return 0


def _find(database: Path, alarm_id: str, *, still_open: bool) -> Alarm:
    for alarm in _read(database, open_only=still_open):
        if alarm.id == alarm_id:
            return alarm
    raise NoSuchAlarm(f"no {'open ' if still_open else ''}alarm {alarm_id!r}: see `hub alarms`")


def _read(database: Path, *, open_only: bool) -> list[Alarm]:
    if not database.is_file():
        raise NoData(f"{database} is not there: has this hub ever run?")
    engine = open_database(database)
    try:
        with reading(engine).connect() as connection:
            return read_alarms(connection, open_only=open_only)
    finally:
        engine.dispose()


def _table(found: list[Alarm]) -> Table:
    table = Table("id", "severity", "subject", "title", "since (UTC)", "until (UTC)", "flags")
    for alarm in found:
        colour = _COLOURS[alarm.severity] if alarm.open else "dim"
        severity = f"[{colour}]{alarm.severity}[/]"
        until = _time(alarm.t_cleared_us) if alarm.t_cleared_us is not None else "open"
        table.add_row(
            alarm.id, severity, alarm.subject, alarm.title, _time(alarm.t_fact_us), until, " ".join(_flags(alarm))
        )
    return table


def _flags(alarm: Alarm) -> list[str]:
    flags = {
        "acknowledged": alarm.acknowledged,
        "latched": alarm.latched,
        "stale": alarm.stale,
        "not sounded": not alarm.sounded,
    }
    return [flag for flag, is_set in flags.items() if is_set]


def _time(t_us: int) -> str:
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _summary(found: Replay) -> str:
    text = f"records {found.first} to {found.last}: {found.records} folded, "
    text += f"{found.stored} transitions stored, {found.replayed} replayed"
    text += f": {'same' if found.same else 'NOT the same'}\n"
    if found.error:
        text += f"{found.error}\n"
    if found.difference is not None:
        place = f"{found.difference.offset}-{found.difference.n}"
        text += f"first difference at {place}\n  stored   {found.difference.stored}\n"
        text += f"  replayed {found.difference.replayed}\n"
    return text

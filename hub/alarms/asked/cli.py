"""What ``hub alarms``, ``hub alarm`` and ``hub replay`` do, given the paths of a hub's data."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.table import Column, Table
from rich.text import Text

from hub.alarms.asked.named import named_alarm, note_area
from hub.alarms.asked.replay import Replay, replay_apart
from hub.alarms.asked.spoken import key_texts, later_texts
from hub.alarms.kept.log import history_of, read_alarms
from hub.alarms.people.acts import ActKind
from hub.alarms.transitions import ActReason, Alarm, Transition
from hub.data import present, read_database
from hub.errors import NeedsReason, NoActor, NoteTooLong
from hub.journal.records import MAX_ACTOR, MAX_NOTE, Act, append_act
from hub.screen import Screen, say

_ID = 16  # characters of an alarm's id, which every act wants whole
_OF_OPEN = ("close", "dispatch", "arrive", "safe")
_COLOURS = {"life": "bold white on red", "critical": "bold red", "major": "red", "minor": "yellow", "info": "blue"}


class Deed(msgspec.Struct, frozen=True):
    """What a person says with an act."""

    actor: str
    because: ActReason | None = None
    note: str = ""
    for_us: int | None = None
    eta_us: int | None = None


def alarms_command(database: Path, *, as_json: bool = False, open_only: bool = False, area: str = "") -> int:
    """Print the alarms, in the order in which they were raised; return the exit code. Raises NoData."""
    with read_database(database) as connection:
        found = [alarm for alarm in read_alarms(connection, open_only=open_only) if not area or alarm.within(area)]
        if area and not found:
            note_area(connection, area)
    if as_json:
        rows = [msgspec.to_builtins(alarm) | {"open": alarm.open} for alarm in found]
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
    else:
        empty = f"no alarm{'' if not open_only else ' is open'}{f' in {area}' if area else ''}"
        Screen().table(alarms_table(found), empty=empty)
    return 0


def show_command(database: Path, alarm_id: str, *, as_json: bool = False) -> int:
    """Print one alarm and its revisions; return the exit code. Raises NoData, NoSuchAlarm."""
    alarm = _find(database, alarm_id, still_open=False)
    with read_database(database) as connection:
        history = history_of(connection, alarm_id)
    if as_json:
        found = msgspec.to_builtins(alarm) | {"open": alarm.open, "history": [_revision(each) for each in history]}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        return 0
    Screen().table(alarms_table([alarm]))
    say("".join([*key_texts(alarm), *later_texts(history)]))
    table = Table("revision", "at (UTC)", "what", "why", "who", "detail")
    for each in history:
        why = each.because.value if each.because is not None else each.reason.value
        detail = " ".join([each.detail, *(f"→ {name}" for name in each.to)])
        table.add_row(each.id, _time(each.t_us), each.kind.value, why, each.actor, detail)
    Screen().table(table)
    return 0


def _revision(transition: Transition) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(transition)
    del built["alarm"]
    return built | {"id": transition.id, "calls": transition.calls}


def replay_command(journal: Path, database: Path, *, start: int | None = None, as_json: bool = False) -> int:
    """Replay the journal in a fresh process and print how it compares; return the exit code. Raises NoData."""
    found = replay_apart(journal, database, start=start)
    if as_json:
        rows = msgspec.to_builtins(found) | {"same": found.same}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
    else:
        sys.stdout.write(_summary(found))
    return 0 if found.same else 1


def act_command(act: ActKind, journal: Path, database: Path, alarm_id: str, *, deed: Deed, now_us: int) -> int:
    """Record what a person does about an alarm; return the exit code.

    Raises NoActor, NoteTooLong, NoData, NoSuchAlarm, and NeedsReason where an alarm may not be closed for the reason
    that is given.
    """
    if not 0 < len(deed.actor.strip()) <= MAX_ACTOR:
        raise NoActor(f"--actor is empty, or longer than {MAX_ACTOR} characters: an act has a name")
    if len(deed.note) > MAX_NOTE:
        raise NoteTooLong(f"--note has {len(deed.note)} characters: a note is at most {MAX_NOTE}; nothing was recorded")
    alarm = _find(database, alarm_id, still_open=act in _OF_OPEN)
    present(journal)
    because = deed.because.value if deed.because is not None else None
    if act == "close" and not alarm.may_close(because):
        wanted = " or ".join(f"--because {reason}" for reason in alarm.closes_with or ())
        raise NeedsReason(f"{alarm.rule} is closed with {wanted} only: somebody has to have been there")
    row = Act(deed.actor, act, alarm.rule, alarm.subject, deed.note, alarm.id, because, deed.for_us, deed.eta_us)
    record = append_act(journal, row, now_us=now_us)
    told = f"recorded at {record.offset}; hub why {record.offset} says what came of it"
    sys.stdout.write(f"{act} of {alarm.rule} on {alarm.subject} {told}\n")
    return 0


def _find(database: Path, alarm_id: str, *, still_open: bool) -> Alarm:
    with read_database(database) as connection:
        return named_alarm(connection, alarm_id, still_open=still_open)


def alarms_table(found: list[Alarm]) -> Table:
    """Return the alarms as a table, one a row."""
    table = Table(
        Column("id", no_wrap=True, min_width=_ID),
        "severity",
        Column("subject", overflow="fold"),  # one word that people copy: never half of it
        "title",
        "since (UTC)",
        "until (UTC)",
        "flags",
    )
    for alarm in found:
        colour = _COLOURS[alarm.severity] if alarm.open else "dim"
        severity = Text(alarm.severity, style=colour)
        until = _time(alarm.t_cleared_us) if alarm.t_cleared_us is not None else "open"
        table.add_row(
            alarm.id, severity, alarm.subject, alarm.title, _time(alarm.t_fact_us), until, ", ".join(_flags(alarm))
        )
    return table


def _flags(alarm: Alarm) -> list[str]:
    flags = {
        f"acknowledged by {alarm.owner}": alarm.acknowledged,
        "latched": alarm.latched,
        "stale": alarm.stale,
        "shelved": alarm.shelved,
        "out of service": alarm.out_of_service,
        f"suppressed by {alarm.suppressed_by}": bool(alarm.suppressed_by),
        "chattering": alarm.chattering,
        f"escalated to {alarm.level}": bool(alarm.level),
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

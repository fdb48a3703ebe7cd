"""``hub why``: why there is an alarm, or none."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
import typer

from hub.alarms.asked.replay import state_before
from hub.alarms.asked.spoken import instant, key_texts, later_texts
from hub.alarms.asked.why import Answer, Explanation, explain, stand
from hub.alarms.kept import store
from hub.alarms.kept.log import history_of, read_alarm
from hub.alarms.state import State
from hub.alarms.transitions import ASSET, SITE, Alarm, Transition
from hub.channels.view import Delivered, deliveries_of
from hub.commands import Config, Json
from hub.config import Settings, read_config
from hub.data import opened_database, opened_journal
from hub.database import reading
from hub.errors import NoData, NoSuchAlarm
from hub.screen import one_line, say

What = Annotated[
    str,
    typer.Argument(
        metavar="ALARM|RECORD|DEVICE|ASSET|SITE",
        help="An alarm's id, the number of a record in the journal, a device as area/device, asset:ID or site:DEVICE.",
    ),
]


def why(what: What, config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Explain an alarm, what one record did and did not do, or how every rule stands on a device or an asset now."""
    settings = read_config(config)
    with opened_database(settings.database) as engine, reading(engine).connect() as connection:
        if (alarm := read_alarm(connection, what)) is not None:  # an id may be of digits alone
            found: Any
            found, text = _of_alarm(connection, alarm)
        elif what.isascii() and what.isdecimal():
            found = _of_record(settings, engine, int(what))
            text = _record_text(found)
        elif "/" in what or what.startswith((ASSET, SITE)):
            found = _standing(store.load_state(connection), what)
            text = "".join(_answer_text(answer) for answer in found)
        else:
            raise NoSuchAlarm(f"no alarm {what!r}: see `hub alarm list`")
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        say(text)


def _standing(state: State, what: str) -> list[Answer]:
    found = list(stand(state, what))
    if not found:
        devices = ", ".join(sorted(state.members.get(what.removeprefix(ASSET), ())))
        known = f"no rule with keys looks at {what}; its devices are {devices}: ask for one of them"
        raise NoData(known if devices else f"nothing is known of {what}: no birth and no report has named it")
    return found


def _of_record(settings: Settings, engine: sa.Engine, offset: int) -> Explanation:
    with opened_journal(settings.journal) as journal:
        if not 0 < offset <= journal.last_offset():
            raise NoData(f"record {offset} is not in the journal")
        state = state_before(journal, engine, offset)
        records = journal.read(offset - 1, 1)
    if not records or records[0].offset != offset:
        raise NoData(f"record {offset} is not in the journal")
    return explain(state, records[0])


def _of_alarm(connection: sa.Connection, alarm: Alarm) -> tuple[dict[str, object], str]:
    history, told = history_of(connection, alarm.id), deliveries_of(connection, alarm.id)
    text = _alarm_text(alarm, store.load_state(connection).book.rule_text(alarm.digest, alarm.rule))
    text += "".join(later_texts(history))
    text += "".join(_transition_text(each) for each in history)
    text += "".join(_told_text(each) for each in told)
    return {"alarm": alarm, "history": history, "told": told}, text


def _alarm_text(alarm: Alarm, rule: str) -> str:
    asset = f" of {alarm.asset}" if alarm.asset else ""
    text = f"{alarm.id}: {alarm.title} ({alarm.rule}, {alarm.severity}) on {alarm.subject}{asset}\n"
    text += f"  rule: {rule}\n" if rule else "  rule: the hub's own\n"
    text += "".join(key_texts(alarm))
    if alarm.ladder:
        text += f"  ladder: {alarm.ladder}, at {alarm.level or 'its foot'}\n"
    return text


def _told_text(each: Delivered) -> str:
    when_us = each.done_us or each.queued_us
    when = f" at {instant(when_us)}" if when_us is not None else ""
    said = f"{f' ({each.reason})' if each.reason else ''}{f': {one_line(each.receipt)}' if each.receipt else ''}"
    return f"  told {each.receiver}: {each.kind}, {each.state.value}{when}{said}\n"


def _transition_text(each: Transition) -> str:
    who = f" by {one_line(each.actor)}" if each.actor else ""
    because = f" because {each.because.value}" if each.because is not None else ""
    detail = f": {one_line(each.detail)}" if each.detail else ""
    calls = "" if each.calls else "  [calls nobody]"
    delay_s = (each.t_us - each.t_fact_us) / 1e6
    to = f" → {', '.join(each.to)}" if each.to else ""
    said = f"{each.kind.value}, {each.reason.value}{who}{because}{detail}{to}"
    return f"  record {each.id} {said} (+{delay_s:.1f} s){calls}\n"


def _record_text(found: Explanation) -> str:
    text = f"record {found.offset}, {found.kind}\n"
    for made in found.made:
        text += f"{made.alarm.rule} on {made.alarm.subject}\n{_transition_text(made)}"
    for refused in found.refused:
        text += f"  refused {refused.subject}: {refused.reason.value}\n"
    return text + "".join(_answer_text(answer) for answer in found.answers)


def _answer_text(answer: Answer) -> str:
    return f"  {answer.subject} {answer.rule or '-'}: {answer.standing.value}, {answer.detail}\n"

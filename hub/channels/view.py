"""What each receiver was told of which alarm, as lists and answers show it."""

from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa
from rich.table import Table
from rich.text import Text

from hub.alarms.kept.log import history_of
from hub.alarms.kept.store import alarms, transitions
from hub.channels.deliveries import BEGINNING, deliveries
from hub.channels.outbox.outbox import OPEN, DeliveryState, notices, outbox
from hub.channels.outbox.standing import standings
from hub.channels.receivers import DEFAULT_CHANNEL
from hub.screen import visible

_COLOURS = {"failed": "bold red", "queued": "yellow", "sent": "yellow", "delivered": "green", "accepted": "bold green"}


class Delivered(msgspec.Struct, frozen=True):
    """What became of one change of an alarm on its way to one receiver."""

    receiver: str
    alarm: str
    rule: str
    subject: str
    severity: str
    transition: str
    kind: str  # what happened to the alarm
    state: DeliveryState
    lane: str = ""
    reason: str = ""  # of the last failure
    notice: str = ""
    attempts: int = 0
    queued_us: int | None = None
    done_us: int | None = None
    via: str = ""  # the receiver for which this one stood in
    receipt: str = ""  # what it answered


class ReceiverView(msgspec.Struct, frozen=True):
    """How one receiver stands on one lane."""

    receiver: str
    lane: str
    counts: dict[str, int]  # state → changes
    failing_us: int | None = None
    detail: str = ""
    dead: bool = False


def read_deliveries(
    connection: sa.Connection, *, limit: int, failed_only: bool = False, alarm: str = ""
) -> list[Delivered]:
    """Return the last deliveries, in order."""
    same = (outbox.c.offset == transitions.c.offset) & (outbox.c.n == transitions.c.n)
    query = sa.select(outbox, transitions.c.kind, alarms.c.rule, alarms.c.subject, alarms.c.severity, notices.c.receipt)
    query = query.join(transitions, same).join(alarms, alarms.c.id == outbox.c.alarm)
    query = query.outerjoin(notices, notices.c.id == outbox.c.notice)
    if failed_only:
        query = query.where(outbox.c.state == DeliveryState.FAILED.value)
    if alarm:
        query = query.where(outbox.c.alarm == alarm)
    rows = connection.execute(query.order_by(outbox.c.offset.desc(), outbox.c.n.desc(), outbox.c.receiver).limit(limit))
    return [_delivered(row) for row in reversed(rows.all())]


def deliveries_of(connection: sa.Connection, alarm: str) -> list[Delivered]:
    """Return what every receiver was told of one alarm, the broker among them."""
    found = read_deliveries(connection, limit=100_000, alarm=alarm)
    row = connection.execute(sa.select(deliveries).where(deliveries.c.receiver == DEFAULT_CHANNEL)).first()
    place = (row.offset, row.n) if row is not None else BEGINNING
    for transition in history_of(connection, alarm) if row is not None else ():
        if transition.told:
            taken = (transition.offset, transition.n) <= place
            state = DeliveryState.DELIVERED if taken else DeliveryState.QUEUED
            about = transition.alarm
            head = (alarm, about.rule, about.subject, about.severity, transition.id, transition.kind.value)
            found.append(Delivered(DEFAULT_CHANNEL, *head, state, queued_us=transition.t_us))
    return found


def read_receivers(connection: sa.Connection) -> list[ReceiverView]:
    """Return how each receiver stands."""
    query = sa.select(outbox.c.receiver, outbox.c.lane, outbox.c.state, sa.func.count())
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for receiver, lane, state, count in connection.execute(query.group_by(*query.selected_columns[:3])):
        counts.setdefault((receiver, lane), {})[state] = count
    known = {(row.receiver, row.lane): row for row in connection.execute(sa.select(standings))}
    found = []
    for key in sorted(counts.keys() | known.keys()):
        row = known.get(key)
        receiver, lane = key
        view = ReceiverView(receiver, lane, counts.get(key, {}))
        if row is not None and row.failing_us is not None:
            view = msgspec.structs.replace(view, failing_us=row.failing_us, detail=row.detail, dead=row.dead)
        found.append(view)
    return found


def deliveries_table(found: list[Delivered]) -> Table:
    """Return deliveries for a terminal."""
    table = Table("time (UTC)", "receiver", "state", "severity", "subject", "what", "tried in vain", "said")
    for each in found:
        said = f"{each.reason}: {each.receipt}" if each.reason and each.receipt else each.receipt or each.reason
        state = Text(each.state, style=_COLOURS[each.state])
        state.append(f" for {each.via}" if each.via else "", style="none")
        when = datetime.fromtimestamp((each.done_us or each.queued_us or 0) / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
        what = f"{each.rule} {each.kind}"
        table.add_row(when, each.receiver, state, each.severity, each.subject, what, str(each.attempts or ""), said)
    return table


def receivers_table(found: list[ReceiverView]) -> Table:
    """Return receivers for a terminal."""
    table = Table("receiver", "lane", "waiting", "told", "failed", "stands")
    for each in found:
        waiting = sum(each.counts.get(state, 0) for state in OPEN)
        told = sum(each.counts.values()) - waiting - each.counts.get("failed", 0)
        stands = "given up" if each.dead else "failing" if each.failing_us is not None else "well"
        detail = Text(visible(f"{stands} {each.detail}".strip()), style="bold red" if each.dead else "")
        table.add_row(each.receiver, each.lane, str(waiting), str(told), str(each.counts.get("failed", 0)), detail)
    return table


def _delivered(row: sa.Row[tuple[object, ...]]) -> Delivered:
    fields = {str(key): value for key, value in row._mapping.items() if key in Delivered.__struct_fields__}
    fields |= {"transition": f"{row.offset}-{row.n}", "receipt": row.receipt or ""}
    return msgspec.convert(fields, Delivered)

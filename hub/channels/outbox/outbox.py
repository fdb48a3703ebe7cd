"""The outbox: a row for each change of an alarm and each receiver, and the notices in which they go."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TypeVar

import sqlalchemy as sa

from device_profiles.wire import SEVERITIES
from hub.alarms.kept.store import alarms, transitions
from hub.alarms.transitions import Transition, decode_transition
from hub.channels.faults import Fault
from hub.channels.notice import Notice, NoticeKind, Told, notice_id
from hub.channels.outbox.pacing import Choice, Pending, Waiting
from hub.channels.routes import Lane
from hub.database import metadata

_P = TypeVar("_P")

_AT_ONCE = 500  # places in one statement


class DeliveryState(StrEnum):
    """How far a change has come on its way to one receiver."""

    QUEUED = "queued"
    SENT = "sent"  # a try was begun, and it is not known yet whether it arrived
    DELIVERED = "delivered"  # the receiver's program has taken it
    ACCEPTED = "accepted"  # and said that somebody or something acts on it
    FAILED = "failed"  # given up: a dead letter


TOLD = (DeliveryState.DELIVERED.value, DeliveryState.ACCEPTED.value)
OPEN = (DeliveryState.QUEUED.value, DeliveryState.SENT.value)
# as literals: so SQLite takes the partial indexes, whatever else the table has gathered
WAITS = sa.and_(sa.text("outbox.state in ('queued', 'sent')"))
IS_FAILED = sa.and_(sa.text("outbox.state = 'failed'"))

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),  # of the transition
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("alarm", sa.Text, nullable=False, index=True),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),  # of the severity
    sa.Column("urgent", sa.Boolean, nullable=False),  # somebody is called; else it may wait for a list
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # of the last failure, "" for none
    sa.Column("notice", sa.Text, nullable=False, index=True),  # in which it goes or went, "" while it is queued
    sa.Column("via", sa.Text, nullable=False),  # the receiver for which this one stands in, "" for none
    sa.Column("fell_back", sa.Boolean, nullable=False),  # the fallback is told too
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("queued_us", sa.BigInteger, nullable=False),  # city time
    sa.Column("due_us", sa.BigInteger, nullable=False),
    sa.Column("done_us", sa.BigInteger),  # when it was told or given up
)
waiting_rows = sa.Index(
    "outbox_waiting",
    outbox.c.receiver,
    outbox.c.lane,
    outbox.c.offset,
    outbox.c.n,
    sqlite_where=sa.text("state in ('queued', 'sent')"),
    postgresql_where=sa.text("state in ('queued', 'sent')"),
)
failed_rows = sa.Index(
    "outbox_failed",
    outbox.c.receiver,
    outbox.c.lane,
    sqlite_where=sa.text("state = 'failed'"),
    postgresql_where=sa.text("state = 'failed'"),
)
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("receiver", sa.Text, nullable=False),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),  # changes in it
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("made_us", sa.BigInteger, nullable=False),
    sa.Column("due_us", sa.BigInteger, nullable=False),
    sa.Column("done_us", sa.BigInteger),
    sa.Column("receipt", sa.Text, nullable=False),  # what the receiver answered, or the last failure
)

sent_notices = sa.Index(
    "notices_sent",
    notices.c.receiver,
    notices.c.lane,
    sqlite_where=sa.text("state = 'sent'"),
    postgresql_where=sa.text("state = 'sent'"),
)


def waiting_of(connection: sa.Connection, receiver: str, lane: Lane, *, limit: int) -> list[Waiting]:
    """Return the first queued changes, in order."""
    columns = (outbox.c[name] for name in ("offset", "n", "alarm", "rank", "urgent", "attempts", "due_us"))
    query = sa.select(*columns).where(*_mine(receiver, lane), outbox.c.state == DeliveryState.QUEUED.value)
    rows = connection.execute(query.order_by(outbox.c.offset, outbox.c.n).limit(limit))
    return [Waiting((offset, n), *rest) for offset, n, *rest in rows]


def pending_of(connection: sa.Connection, receiver: str, lane: Lane) -> list[Pending]:
    """Return the notices that were sent and may have arrived."""
    query = sa.select(notices).where(
        notices.c.receiver == receiver, notices.c.lane == lane.value, sa.text("notices.state = 'sent'")
    )
    found = []
    for row in connection.execute(query).all():
        rows = connection.execute(_rows_of(row.id)).all()
        if rows:
            alarms = frozenset(each.alarm for each in rows)
            found.append(Pending(row.id, (rows[0].offset, rows[0].n), row.attempts, row.due_us, alarms))
    return found


def form(connection: sa.Connection, receiver: str, lane: Lane, choice: Choice, *, now_us: int) -> str:
    """Write down that a notice is about to be sent; return its id."""
    id = notice_id(receiver, choice.kind, (f"{offset}-{n}" for offset, n in choice.places))
    row = {"id": id, "receiver": receiver, "lane": lane.value, "kind": choice.kind.value, "made_us": now_us}
    row |= {"state": DeliveryState.SENT.value, "count": len(choice.places), "attempts": 0, "due_us": now_us}
    # a dead letter that is told after all may have been the same notice before
    connection.execute(sa.insert(notices).prefix_with("OR REPLACE").values(row | {"receipt": ""}))
    one = [
        outbox.c.receiver == sa.bindparam("to"),
        outbox.c.offset == sa.bindparam("o"),
        outbox.c.n == sa.bindparam("i"),
    ]
    change = sa.update(outbox).where(*one).values(state=DeliveryState.SENT.value, notice=id)
    connection.execute(change, [{"to": receiver, "o": offset, "i": n} for offset, n in choice.places])
    return id


def load_notice(connection: sa.Connection, id: str, *, earlier: bool) -> Notice:
    """Return a notice with its content; ``earlier``: with what was told of its alarms before."""
    row = connection.execute(sa.select(notices).where(notices.c.id == id)).one()
    same = (outbox.c.offset == transitions.c.offset) & (outbox.c.n == transitions.c.n)
    query = sa.select(transitions.c.body).join(outbox, same).where(outbox.c.notice == id)
    bodies = connection.execute(query.order_by(outbox.c.offset, outbox.c.n)).scalars()
    made = tuple(decode_transition(body) for body in bodies)
    told = _told_before(connection, row.receiver, made) if earlier else {}
    return Notice(id, row.receiver, Lane(row.lane), NoticeKind(row.kind), row.made_us, made, told)


def standing_told(connection: sa.Connection, receiver: str, lane: Lane, *, after: str, limit: int) -> list[Transition]:
    """Return the last change that a receiver was told of each open alarm, by the alarms' ids behind ``after``."""
    newest = (outbox.c.offset.desc(), outbox.c.n.desc())
    rank = sa.func.row_number().over(partition_by=outbox.c.alarm, order_by=newest).label("rank")
    same = (outbox.c.offset == transitions.c.offset) & (outbox.c.n == transitions.c.n)
    query = sa.select(outbox.c.alarm, transitions.c.body, rank).join(transitions, same)
    query = query.join(alarms, alarms.c.id == outbox.c.alarm).where(alarms.c.open, outbox.c.alarm > after)
    query = query.where(outbox.c.receiver == receiver, outbox.c.lane == lane.value, outbox.c.state.in_(TOLD))
    ranked = query.subquery()
    last = sa.select(ranked.c.body).where(ranked.c.rank == 1).order_by(ranked.c.alarm).limit(limit)
    return [decode_transition(body) for body in connection.execute(last).scalars()]


def told(connection: sa.Connection, id: str, *, accepted: bool, receipt: str, now_us: int) -> None:
    """Note that a notice was taken."""
    state = DeliveryState.ACCEPTED if accepted else DeliveryState.DELIVERED
    _settle(connection, id, state, reason="", receipt=receipt, now_us=now_us)


def failed(connection: sa.Connection, id: str, fault: Fault, *, receipt: str, now_us: int) -> None:
    """Note that a notice is given up."""
    _settle(connection, id, DeliveryState.FAILED, reason=fault.value, receipt=receipt, now_us=now_us)


def put_back(connection: sa.Connection, id: str, fault: Fault, *, due_us: int) -> None:
    """Queue the changes of a notice again: it has not arrived, and they may go in another one."""
    connection.execute(
        sa.update(outbox)
        .where(outbox.c.notice == id)
        .values(
            state=DeliveryState.QUEUED.value,
            notice="",
            reason=fault.value,
            attempts=outbox.c.attempts + 1,
            due_us=due_us,
        )
    )
    connection.execute(sa.delete(notices).where(notices.c.id == id))


def put_off(connection: sa.Connection, id: str, fault: Fault, *, receipt: str, due_us: int) -> None:
    """Send a notice again later, as it is: it may have arrived."""
    change = sa.update(notices).where(notices.c.id == id)
    connection.execute(change.values(attempts=notices.c.attempts + 1, due_us=due_us, receipt=receipt))
    connection.execute(
        sa.update(outbox).where(outbox.c.notice == id).values(attempts=outbox.c.attempts + 1, reason=fault.value)
    )


def end_empty(connection: sa.Connection, receiver: str, lane: Lane, fault: Fault, *, now_us: int) -> None:
    """End the sent notices whose changes were all given up."""
    left = sa.exists().where(outbox.c.notice == notices.c.id, outbox.c.state == DeliveryState.SENT.value)
    change = sa.update(notices).where(notices.c.receiver == receiver, notices.c.lane == lane.value)
    change = change.where(sa.text("notices.state = 'sent'"), ~left)
    connection.execute(change.values(state=DeliveryState.FAILED.value, done_us=now_us, receipt=fault.value))


def drop_removed(connection: sa.Connection, names: Sequence[str], *, now_us: int) -> int:
    """Give up what waits for receivers other than ``names``; return how many changes that were."""
    values = {"state": DeliveryState.FAILED.value, "done_us": now_us}
    gone = sa.update(outbox).where(outbox.c.receiver.not_in(names), outbox.c.state.in_(OPEN))
    count = connection.execute(gone.values(values | {"reason": Fault.REMOVED.value})).rowcount
    gone_notices = sa.update(notices).where(notices.c.receiver.not_in(names), notices.c.state.in_(OPEN))
    connection.execute(gone_notices.values(values | {"receipt": Fault.REMOVED.value}))
    return count


def trim(connection: sa.Connection, before_us: int) -> None:
    """Forget what ended before an instant; what was told of alarms that are still open is referred to, and stays."""
    old = (outbox.c.done_us < before_us) & outbox.c.alarm.not_in(sa.select(alarms.c.id).where(alarms.c.open))
    left = sa.exists().where(outbox.c.notice == notices.c.id)
    if connection.execute(sa.delete(outbox).where(old)).rowcount:
        connection.execute(sa.delete(notices).where(notices.c.done_us < before_us, ~left))


def outbox_row(
    receiver: str, transition: Transition, lane: Lane, *, due_us: int, now_us: int, via: str
) -> dict[str, object]:
    """Return the row of a change that is to be told to a receiver."""
    return {
        "receiver": receiver,
        "offset": transition.offset,
        "n": transition.n,
        "alarm": transition.alarm.id,
        "lane": lane.value,
        "rank": SEVERITIES.index(transition.alarm.severity),
        "urgent": transition.calls,
        "state": DeliveryState.QUEUED.value,
        "reason": "",
        "notice": "",
        "via": via,
        "fell_back": False,
        "attempts": 0,
        "queued_us": now_us,
        "due_us": due_us,
    }


def _settle(
    connection: sa.Connection, id: str, state: DeliveryState, *, reason: str, receipt: str, now_us: int
) -> None:
    connection.execute(
        sa.update(outbox).where(outbox.c.notice == id).values(state=state.value, reason=reason, done_us=now_us)
    )
    change = sa.update(notices).where(notices.c.id == id)
    connection.execute(change.values(state=state.value, done_us=now_us, receipt=receipt))


def _told_before(connection: sa.Connection, receiver: str, made: Sequence[Transition]) -> dict[str, tuple[Told, ...]]:
    """Return, for each alarm, what the receiver was told of it before its first change here."""
    first = {t.alarm.id: (t.offset, t.n) for t in reversed(made)}
    found: dict[str, dict[str, Told]] = {}  # alarm → notice → its last change: the one that channels refer to
    for ids in _parts(list(first)):
        query = sa.select(transitions.c.body, outbox.c.notice).join(
            outbox, (outbox.c.offset == transitions.c.offset) & (outbox.c.n == transitions.c.n)
        )
        query = query.where(outbox.c.receiver == receiver, outbox.c.alarm.in_(ids), outbox.c.state.in_(TOLD))
        for body, notice in connection.execute(query.order_by(transitions.c.offset, transitions.c.n)):
            before = decode_transition(body)
            if (before.offset, before.n) < first[before.alarm.id]:
                found.setdefault(before.alarm.id, {})[notice] = Told(before.id, before.t_us)
    return {alarm: tuple(each.values()) for alarm, each in found.items()}


def _rows_of(id: str) -> sa.Select[tuple[int, int, str]]:
    columns = outbox.c.offset, outbox.c.n, outbox.c.alarm
    return sa.select(*columns).where(outbox.c.notice == id).order_by(outbox.c.offset, outbox.c.n)


def _mine(receiver: str, lane: Lane) -> tuple[sa.ColumnElement[bool], ...]:
    return outbox.c.receiver == receiver, outbox.c.lane == lane.value, WAITS


def _parts(things: Sequence[_P]) -> Iterator[Sequence[_P]]:
    """Yield slices that fit a statement."""
    for begin in range(0, len(things), _AT_ONCE):
        yield things[begin : begin + _AT_ONCE]

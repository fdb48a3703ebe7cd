"""The router follows the transitions by a cursor and queues each of them for its receivers, exactly once."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from device_profiles.faults import fault_point
from hub.alarms.kept.log import Place
from hub.alarms.kept.store import alarms, transitions
from hub.alarms.transitions import Transition, decode_transition
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import outbox, outbox_row
from hub.channels.receivers import AnyReceiver
from hub.channels.routes import Lane, lane_of, wants
from hub.database import metadata

BATCH = 200  # transitions in one transaction: a life alarm waits for no longer one
DIGEST_US = 300_000_000  # how long what calls nobody waits for a list

routed = sa.Table(
    "routed",
    metadata,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),  # of the last transition that was queued, and all before
    sa.Column("n", sa.Integer, nullable=False),
)


class _Known(NamedTuple):
    """An alarm that a receiver is told of."""

    first: Place  # the first change that it is told
    via: str  # for whom it stands in


class Router:
    """Queues what its lane has to tell.

    The lane ``other`` looks at every transition, ``life`` ahead of it at those of life alarms only. A row that is there
    already is left as it is: nothing is queued twice, and nothing by neither.
    """

    def __init__(self, gate: Gate, receivers: Sequence[AnyReceiver], lane: Lane) -> None:
        self._gate = gate
        self._receivers = receivers
        self._lane = lane
        with gate.write() as connection:
            self._place = _begin(connection, lane, skip=not receivers)

    def route(self, *, now_us: int) -> bool:
        """Queue the next batch; return whether there may be more."""
        made, upto = self._next()
        if made and self._receivers:
            with self._gate.write() as connection:
                rows = self._rows(connection, made, now_us=now_us)
                if rows:
                    connection.execute(insert(outbox).on_conflict_do_nothing(), rows)
                _move(connection, self._lane, upto)
                fault_point("hub.before_route")
            fault_point("hub.after_route")
        self._place = upto
        return len(made) == BATCH

    def _next(self) -> tuple[list[Transition], Place]:
        """Return the next transitions of this lane, and the place up to which there are no others."""
        place = (transitions.c.offset, transitions.c.n)
        query = sa.select(transitions.c.body).where(sa.tuple_(*place) > self._place).order_by(*place).limit(BATCH)
        if self._lane is Lane.LIFE:
            query = query.join(alarms, alarms.c.id == transitions.c.alarm).where(alarms.c.severity == "life")
        with self._gate.read() as connection:
            newest = connection.execute(sa.select(*place).order_by(*(c.desc() for c in place)).limit(1)).first()
            made = [decode_transition(body) for body in connection.execute(query).scalars()]
        if len(made) == BATCH:
            return made, (made[-1].offset, made[-1].n)
        return made, max((newest.offset, newest.n), self._place) if newest is not None else self._place

    def _rows(self, connection: sa.Connection, made: list[Transition], *, now_us: int) -> list[dict[str, object]]:
        before = self._before(connection, made)
        rows = []
        for transition in made:
            lane = lane_of(transition)
            due_us = now_us if transition.calls else now_us + DIGEST_US
            for receiver in self._receivers:
                key, place = (receiver.name, transition.alarm.id), (transition.offset, transition.n)
                goes_on = transition.told and _goes_on(receiver, transition, before.get(key))
                if goes_on or wants(receiver, transition, first=key not in before):
                    via = before.setdefault(key, _Known(place, "")).via
                    rows.append(outbox_row(receiver.name, transition, lane, due_us=due_us, now_us=now_us, via=via))
        return rows

    def _before(self, connection: sa.Connection, made: list[Transition]) -> dict[tuple[str, str], _Known]:
        """Return (receiver, alarm) → since when and for whom, of the alarms of which a receiver is told already."""
        ids = list({transition.alarm.id for transition in made})
        columns = (outbox.c.receiver, outbox.c.alarm, outbox.c.offset, outbox.c.n)
        first = sa.func.row_number().over(partition_by=columns[:2], order_by=columns[2:]).label("rank")
        via = sa.func.max(outbox.c.via).over(partition_by=columns[:2]).label("via")
        ranked = sa.select(*columns, via, first).where(outbox.c.alarm.in_(ids)).subquery()
        rows = connection.execute(sa.select(ranked).where(ranked.c.rank == 1))
        return {(row.receiver, row.alarm): _Known((row.offset, row.n), row.via) for row in rows}


def _goes_on(receiver: AnyReceiver, transition: Transition, known: _Known | None) -> bool:
    """Return whether a receiver hears of a change because it was told of the alarm: it must learn of the end.

    A stand-in hears all; the others what they asked for, even when the alarm is quiet by now. Not of what came before
    it was told first: the other lane's router may have been here, and further on.
    """
    if known is None or (transition.offset, transition.n) < known.first:
        return False
    return bool(known.via) or not receiver.changes or transition.kind.value in receiver.changes


def _begin(connection: sa.Connection, lane: Lane, *, skip: bool) -> Place:
    """Return where to go on: a hub that never had a receiver begins with what comes, not with its whole past."""
    row = connection.execute(sa.select(routed).where(routed.c.lane == lane.value)).first()
    if row is not None and not skip:
        return (row.offset, row.n)
    if skip:  # whoever is added later begins with what comes then
        connection.execute(sa.delete(routed).where(routed.c.lane == lane.value))
        return (0, -1)
    place = (transitions.c.offset, transitions.c.n)
    newest = connection.execute(sa.select(*place).order_by(*(c.desc() for c in place)).limit(1)).first()
    found = (newest.offset, newest.n) if newest is not None else (0, -1)
    _move(connection, lane, found)
    return found


def _move(connection: sa.Connection, lane: Lane, place: Place) -> None:
    insertion = sa.insert(routed).prefix_with("OR REPLACE")
    connection.execute(insertion.values(lane=lane.value, offset=place[0], n=place[1]))

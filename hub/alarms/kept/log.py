"""What was decided, as others read it: alarms as they stand, and transitions in their order."""

import msgspec
import sqlalchemy as sa

from hub.alarms.kept.store import alarms, transitions
from hub.alarms.transitions import Alarm, Kind, Transition, decode_transition
from hub.database import reading

Place = tuple[int, int]  # (offset, n) of a transition


class AlarmLog:
    """The committed transitions, for channels that keep a place among them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = reading(engine)  # a read waits for no writer

    def after(self, place: Place, limit: int) -> list[Transition]:
        """Return the next transitions after ``place``, at most ``limit``."""
        with self._engine.connect() as connection:
            return read_transitions(connection, after=place, limit=limit)

    def standing(self) -> list[Transition]:
        """Return, in order, the last transition of each open alarm that was told."""
        place = (transitions.c.offset, transitions.c.n)
        query = sa.select(transitions.c.body).join(alarms, alarms.c.id == transitions.c.alarm)
        query = query.where(alarms.c.open, transitions.c.kind != Kind.JOINED.value).order_by(*place)
        with self._engine.connect() as connection:
            told = [decode_transition(body) for body in connection.execute(query).scalars()]
        last = {transition.alarm.id: transition for transition in told}
        return sorted(last.values(), key=lambda transition: (transition.offset, transition.n))


def read_alarms(connection: sa.Connection, *, open_only: bool = False) -> list[Alarm]:
    """Return alarms in the order in which they were raised."""
    query = sa.select(alarms.c.body).order_by(alarms.c.opened_offset, alarms.c.rule, alarms.c.subject, alarms.c.id)
    if open_only:
        query = query.where(alarms.c.open)
    return [msgspec.json.decode(body, type=Alarm) for body in connection.execute(query).scalars()]


def read_alarm(connection: sa.Connection, alarm_id: str) -> Alarm | None:
    """Return one alarm, None when there is none of this id."""
    body = connection.execute(sa.select(alarms.c.body).where(alarms.c.id == alarm_id)).scalar()
    return msgspec.json.decode(body, type=Alarm) if body is not None else None


def read_transitions(connection: sa.Connection, *, after: Place, limit: int) -> list[Transition]:
    """Return at most ``limit`` transitions behind (offset, n), in order: what a channel has still to tell."""
    place = (transitions.c.offset, transitions.c.n)
    query = sa.select(transitions.c.body).where(sa.tuple_(*place) > after).order_by(*place).limit(limit)
    return [decode_transition(body) for body in connection.execute(query).scalars()]


def read_bodies(connection: sa.Connection, *, after: int, upto: int) -> list[tuple[int, int, bytes]]:
    """Return (offset, n, canonical JSON) of the transitions that the records behind ``after`` up to ``upto`` made."""
    query = sa.select(transitions.c.offset, transitions.c.n, transitions.c.body)
    query = query.where(transitions.c.offset > after, transitions.c.offset <= upto)
    rows = connection.execute(query.order_by(transitions.c.offset, transitions.c.n))
    return [(offset, n, body) for offset, n, body in rows]


def history_of(connection: sa.Connection, alarm: str) -> list[Transition]:
    """Return what happened to one alarm."""
    query = sa.select(transitions.c.body).where(transitions.c.alarm == alarm)
    bodies = connection.execute(query.order_by(transitions.c.offset, transitions.c.n)).scalars()
    return [decode_transition(body) for body in bodies]

"""How each receiver stands, on disk: since when it fails, and whether it was given up."""

from collections.abc import Iterable

import sqlalchemy as sa

from hub.channels.routes import Lane
from hub.database import metadata

standings = sa.Table(
    "standings",
    metadata,
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("failing_us", sa.BigInteger),  # since when, city time; NULL: the last try was well
    sa.Column("failures", sa.Integer, nullable=False),  # in a row
    sa.Column("detail", sa.Text, nullable=False),  # of the last failure
    sa.Column("dead", sa.Boolean, nullable=False),  # the alarm receiver.dead was raised for this lane
)


def note_failure(connection: sa.Connection, receiver: str, lane: Lane, *, detail: str, now_us: int) -> None:
    """Note one more failure in a row."""
    change = sa.update(standings).where(*_key(receiver, lane))
    values = {"failing_us": sa.func.coalesce(standings.c.failing_us, now_us), "detail": detail}
    changed = connection.execute(change.values(values | {"failures": standings.c.failures + 1}))
    if changed.rowcount == 0:
        row = {"receiver": receiver, "lane": lane.value, "failing_us": now_us, "failures": 1, "detail": detail}
        connection.execute(sa.insert(standings).values(row | {"dead": False}))


def note_success(connection: sa.Connection, receiver: str, lane: Lane) -> None:
    """Note that the receiver takes notices again; nothing is written when it did before."""
    change = sa.update(standings).where(*_key(receiver, lane), standings.c.failing_us.is_not(None))
    connection.execute(change.values(failing_us=None, failures=0, dead=False))


def note_death(connection: sa.Connection, receiver: str, lane: Lane) -> None:
    """Note that the alarm of a dead receiver was raised."""
    connection.execute(sa.update(standings).where(*_key(receiver, lane)).values(dead=True))


def dead_lanes(connection: sa.Connection, receiver: str) -> set[Lane]:
    """Return the lanes on which a receiver was given up."""
    query = sa.select(standings.c.lane).where(standings.c.receiver == receiver, standings.c.dead)
    return {Lane(lane) for lane in connection.execute(query).scalars()}


def failures_of(connection: sa.Connection, receiver: str, lane: Lane) -> int:
    """Return how often in a row a receiver has failed: a restart does not begin anew."""
    query = sa.select(standings.c.failures).where(*_key(receiver, lane))
    return connection.execute(query).scalar() or 0


def forget_others(connection: sa.Connection, names: Iterable[str]) -> list[str]:
    """Forget the receivers that are not in the config any more; return those that were given up."""
    gone = standings.c.receiver.not_in(list(names))
    dead = list(connection.execute(sa.select(standings.c.receiver).where(gone, standings.c.dead).distinct()).scalars())
    connection.execute(sa.delete(standings).where(gone))
    return dead


def _key(receiver: str, lane: Lane) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return standings.c.receiver == receiver, standings.c.lane == lane.value

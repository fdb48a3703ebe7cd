"""The alarm engine's tables: alarms, transitions, the rows of its state and snapshots of them."""

import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Transition, decode_transition, encode_transition
from hub.database import metadata

MAX_SNAPSHOTS = 24  # spread evenly over what the journal holds: above it, the one with the nearest neighbours goes

alarms = sa.Table(
    "alarms",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("area", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("opened_offset", sa.BigInteger, nullable=False),
    sa.Column("t_raised_us", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # the Alarm as it stands, JSON
)
one_open = sa.Index(
    "one_open_alarm",
    alarms.c.rule,
    alarms.c.subject,
    unique=True,
    sqlite_where=sa.text("open"),
    postgresql_where=sa.text("open"),
)
transitions = sa.Table(
    "transitions",
    metadata,
    sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("alarm", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # canonical JSON, what a replay is compared with
)
device_state = sa.Table(
    "device_state",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # every row of the state after that record, JSON, zlib
)


def load_state(connection: sa.Connection) -> State:
    """Return the state as of the reader's cursor."""
    return State.load((key, body) for key, body in connection.execute(sa.select(device_state)))


def store_rows(connection: sa.Connection, rows: Sequence[tuple[str, bytes]]) -> None:
    """Write changed rows of the state."""
    if rows:
        statement = (
            "INSERT INTO device_state (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
        )
        connection.exec_driver_sql(statement, list(rows))


def store_transitions(connection: sa.Connection, made: Sequence[Transition]) -> None:
    """Write transitions and the alarms as they stand after them. An alarm that ended goes before one that began."""
    if not made:
        return
    connection.execute(
        sa.insert(transitions),
        [
            {"offset": t.offset, "n": t.n, "alarm": t.alarm.id, "kind": t.kind.value, "body": encode_transition(t)}
            for t in made
        ],
    )
    for alarm in {t.alarm.id: t.alarm for t in made}.values():
        row = _alarm_row(alarm)
        connection.execute(insert(alarms).values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def read_alarms(connection: sa.Connection, *, open_only: bool = False) -> list[Alarm]:
    """Return alarms in the order in which they were raised."""
    query = sa.select(alarms.c.body).order_by(alarms.c.opened_offset, alarms.c.rule, alarms.c.subject, alarms.c.id)
    if open_only:
        query = query.where(alarms.c.open)
    return [msgspec.json.decode(body, type=Alarm) for body in connection.execute(query).scalars()]


def read_transitions(connection: sa.Connection, *, after: tuple[int, int], limit: int) -> list[Transition]:
    """Return at most ``limit`` transitions behind (offset, n), in order: what a channel has still to tell."""
    return [decode_transition(body) for _, _, body in read_bodies(connection, after=after, limit=limit)]


def read_bodies(
    connection: sa.Connection, *, after: tuple[int, int], limit: int
) -> Sequence[sa.Row[tuple[int, int, bytes]]]:
    """Return (offset, n, canonical JSON) of at most ``limit`` transitions behind (offset, n)."""
    place = sa.tuple_(transitions.c.offset, transitions.c.n)
    query = sa.select(transitions.c.offset, transitions.c.n, transitions.c.body)
    return connection.execute(query.where(place > after).order_by(*place).limit(limit)).all()


def history_of(connection: sa.Connection, alarm: str) -> list[Transition]:
    """Return what happened to one alarm."""
    query = sa.select(transitions.c.body).where(transitions.c.alarm == alarm)
    return [
        decode_transition(body)
        for body in connection.execute(query.order_by(transitions.c.offset, transitions.c.n)).scalars()
    ]


def store_snapshot(connection: sa.Connection, offset: int, state: State) -> None:
    """Write the whole state after record ``offset``; thin the snapshots when there are too many."""
    rows = [(key, msgspec.Raw(body)) for key, body in state.rows()]
    body = zlib.compress(msgspec.json.encode(rows), 1)
    connection.execute(insert(snapshots).values(offset=offset, body=body).on_conflict_do_nothing())
    kept = _offsets(connection)
    if len(kept) > MAX_SNAPSHOTS:
        gaps = [(after - before, middle) for before, middle, after in zip(kept, kept[1:], kept[2:], strict=False)]
        connection.execute(sa.delete(snapshots).where(snapshots.c.offset == min(gaps)[1]))


def load_snapshot(connection: sa.Connection, offset: int) -> tuple[int, State]:
    """Return the last snapshot at or before ``offset`` with its offset; (0, the empty state) when there is none."""
    query = sa.select(snapshots).where(snapshots.c.offset <= offset).order_by(snapshots.c.offset.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, State()) if row is None else (row.offset, State.load(_unpack(row.body)))


def last_snapshot(connection: sa.Connection) -> int:
    """Return the offset of the newest snapshot, 0 when there is none."""
    return max(_offsets(connection), default=0)


def cut_before(connection: sa.Connection, wanted: int) -> int:
    """Return the offset, at or below ``wanted``, before which the journal may be cut so that a snapshot still leads on."""
    return max((offset + 1 for offset in _offsets(connection) if offset + 1 <= wanted), default=0)


def forget_snapshots(connection: sa.Connection, first_offset: int) -> None:
    """Delete snapshots whose following records are no longer in the journal, which begins at ``first_offset``."""
    connection.execute(sa.delete(snapshots).where(snapshots.c.offset < first_offset - 1))


def _offsets(connection: sa.Connection) -> list[int]:
    return list(connection.execute(sa.select(snapshots.c.offset).order_by(snapshots.c.offset)).scalars())


def _unpack(body: bytes) -> Iterator[tuple[str, bytes]]:
    rows: Iterable[tuple[str, msgspec.Raw]] = msgspec.json.decode(
        zlib.decompress(body), type=list[tuple[str, msgspec.Raw]]
    )
    return ((key, bytes(row)) for key, row in rows)


def _alarm_row(alarm: Alarm) -> dict[str, object]:
    return {
        "id": alarm.id,
        "rule": alarm.rule,
        "subject": alarm.subject,
        "open": alarm.open,
        "area": alarm.area,
        "severity": alarm.severity,
        "opened_offset": alarm.opened_offset,
        "t_raised_us": alarm.t_raised_us,
        "body": msgspec.json.encode(alarm),
    }

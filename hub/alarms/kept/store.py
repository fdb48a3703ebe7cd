"""The alarm engine's tables: alarms, transitions, the rows of its state and snapshots of them."""

import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Transition, encode_transition
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


_new = insert(alarms)
_PUT_ALARM = _new.on_conflict_do_update(index_elements=["id"], set_={c.name: _new.excluded[c.name] for c in alarms.c})


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
    rows = [_alarm_row(alarm) for alarm in {t.alarm.id: t.alarm for t in made}.values()]
    connection.execute(_PUT_ALARM, rows)  # one by one and in this order, as one statement


def store_snapshot(connection: sa.Connection, offset: int, state: State) -> None:
    """Write the whole state after record ``offset``; thin the snapshots when there are too many."""
    rows = [(key, msgspec.Raw(body)) for key, body in state.rows()]
    body = zlib.compress(msgspec.json.encode(rows), 1)
    connection.execute(insert(snapshots).values(offset=offset, body=body).on_conflict_do_nothing())
    kept = snapshot_offsets(connection)
    if len(kept) > MAX_SNAPSHOTS:
        gaps = [(after - before, middle) for before, middle, after in zip(kept, kept[1:], kept[2:], strict=False)]
        connection.execute(sa.delete(snapshots).where(snapshots.c.offset == min(gaps)[1]))


def load_snapshot(connection: sa.Connection, offset: int) -> tuple[int, State]:
    """Return the last snapshot at or before ``offset`` with its offset; (0, the empty state) when there is none."""
    query = sa.select(snapshots).where(snapshots.c.offset <= offset).order_by(snapshots.c.offset.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, State()) if row is None else (row.offset, State.load(_unpack(row.body)))


def snapshot_offsets(connection: sa.Connection) -> list[int]:
    """Return the offsets of the snapshots, ascending."""
    return list(connection.execute(sa.select(snapshots.c.offset).order_by(snapshots.c.offset)).scalars())


def forget_snapshots(connection: sa.Connection, first_offset: int) -> None:
    """Delete snapshots whose following records are no longer in the journal, which begins at ``first_offset``."""
    connection.execute(sa.delete(snapshots).where(snapshots.c.offset < first_offset - 1))


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

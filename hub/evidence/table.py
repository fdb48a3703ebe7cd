"""What the hub's worker has still to fetch, and every fetch for as long as it is asked for."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hub.alarms.kept.store import alarms, transitions
from hub.alarms.transitions import Transition, decode_transition
from hub.database import metadata
from hub.evidence.fetched import Fetched, FetchReason, FetchRecord, read_fetches
from hub.evidence.wanted import NAMES_EVIDENCE, Piece, pieces_of
from hub.journal.journal import Journal

MOST_FETCHES = 200_000  # kept; the journal keeps its own for `journal.keep`

_AT_ONCE = 500  # pieces that a turn looks at


class WantedState(StrEnum):
    """How far a piece has come."""

    WANTED = "wanted"
    HERE = "here"
    FAILED = "failed"  # given up; the reason says why


wanted = sa.Table(
    "evidence_wanted",
    metadata,
    sa.Column("alarm", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # of the last try, "" before the first
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("since_us", sa.BigInteger, nullable=False),  # city time
)
fetches = sa.Table(
    "evidence_fetches",
    metadata,
    sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),  # of the journal's record
    sa.Column("t_us", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # Fetched as JSON
)


class Want(msgspec.Struct, frozen=True):
    """A piece that is not here yet."""

    piece: Piece
    attempts: int
    since_us: int


def life_transitions(connection: sa.Connection, after: tuple[int, int], upto: tuple[int, int]) -> list[Transition]:
    """Return those behind ``after`` up to ``upto`` of life alarms that name evidence."""
    place = sa.tuple_(transitions.c.offset, transitions.c.n)
    query = sa.select(transitions.c.body).join(alarms, alarms.c.id == transitions.c.alarm)
    query = query.where(place > after, place <= upto, alarms.c.severity == "life", NAMES_EVIDENCE)
    found = connection.execute(query.order_by(transitions.c.offset, transitions.c.n)).scalars()
    return [decode_transition(body) for body in found]


def last_place(connection: sa.Connection) -> tuple[int, int]:
    """Return the place of the newest transition."""
    query = sa.select(transitions.c.offset, transitions.c.n)
    row = connection.execute(query.order_by(transitions.c.offset.desc(), transitions.c.n.desc()).limit(1)).first()
    return (row.offset, row.n) if row is not None else (0, -1)


def want(connection: sa.Connection, made: Iterable[Transition], *, now_us: int) -> None:
    """Note what transitions name; what is noted already stays as it is."""
    rows = [
        msgspec.structs.asdict(piece)
        | {"state": WantedState.WANTED.value, "reason": "", "attempts": 0, "since_us": now_us}
        for transition in made
        for piece in pieces_of(transition.alarm)
    ]
    if rows:
        connection.execute(insert(wanted).on_conflict_do_nothing(), rows)


def wants(connection: sa.Connection) -> list[Want]:
    """Return what is wanted: what was tried least, then the oldest; so no piece that fails stands before others.

    The first of every device comes before the second of any: an agent that is away hides nobody else's.
    """
    order = (wanted.c.attempts, wanted.c.since_us)
    turn = sa.func.row_number().over(partition_by=wanted.c.device, order_by=order)
    query = sa.select(wanted).where(wanted.c.state == WantedState.WANTED.value).order_by(turn, *order).limit(_AT_ONCE)
    found = connection.execute(query).all()
    return [Want(Piece(row.alarm, row.device, row.part, row.digest), row.attempts, row.since_us) for row in found]


def settle(connection: sa.Connection, piece: Piece, state: WantedState, reason: FetchReason) -> None:
    """Note what came of a try."""
    change = sa.update(wanted).where(
        *(wanted.c[name] == value for name, value in msgspec.structs.asdict(piece).items())
    )
    connection.execute(change.values(state=state.value, reason=reason.value, attempts=wanted.c.attempts + 1))


def counts(connection: sa.Connection, *, since_us: int = 0) -> dict[tuple[str, str], int]:
    """Return (state, reason) → how many pieces, of those that were wanted since then."""
    query = sa.select(wanted.c.state, wanted.c.reason, sa.func.count()).where(wanted.c.since_us >= since_us)
    found = connection.execute(query.group_by(wanted.c.state, wanted.c.reason))
    return {(state, reason): count for state, reason, count in found}


def forget_settled(connection: sa.Connection, before_us: int) -> None:
    """Forget pieces that were wanted before an instant and are not wanted any more."""
    old = (wanted.c.since_us < before_us) & (wanted.c.state != WantedState.WANTED.value)
    connection.execute(sa.delete(wanted).where(old))


def oldest_wanted_us(connection: sa.Connection) -> int | None:
    """Return since when the oldest piece that is not here has been wanted."""
    query = sa.select(sa.func.min(wanted.c.since_us)).where(wanted.c.state == WantedState.WANTED.value)
    return connection.execute(query).scalar()


def note_fetches(connection: sa.Connection, found: Iterable[FetchRecord]) -> None:
    """Keep fetches beyond the journal's own keeping."""
    rows = [
        {
            "offset": each.offset,
            "t_us": each.t_us,
            "digest": each.fetched.digest,
            "body": msgspec.json.encode(each.fetched),
        }
        for each in found
    ]
    if rows:
        connection.execute(insert(fetches).on_conflict_do_nothing(), rows)
        kept = (
            sa.select(fetches.c.offset)
            .order_by(fetches.c.offset.desc())
            .limit(1)
            .offset(MOST_FETCHES)
            .scalar_subquery()
        )
        connection.execute(sa.delete(fetches).where(fetches.c.offset <= kept))


def last_noted(connection: sa.Connection) -> int:
    """Return the offset of the newest fetch that is kept."""
    return connection.execute(sa.select(sa.func.max(fetches.c.offset))).scalar() or 0


def all_fetches(connection: sa.Connection, journal: Journal) -> list[FetchRecord]:
    """Return every fetch that is known, oldest first: what is kept, and what only the journal has yet."""
    rows = connection.execute(sa.select(fetches).order_by(fetches.c.offset)).all()
    kept = [FetchRecord(row.offset, row.t_us, msgspec.json.decode(row.body, type=Fetched)) for row in rows]
    return [*kept, *read_fetches(journal, kept[-1].offset if kept else 0)]

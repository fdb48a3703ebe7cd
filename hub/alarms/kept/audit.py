"""The audit: every revision of every alarm in one chain of hashes, so that nobody takes one out unnoticed."""

import hashlib
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.alarms.kept.store import transitions
from hub.alarms.transitions import Transition, encode_transition
from hub.database import metadata

FIRST = "0" * 64  # what the first link stands on
_BATCH = 1_000

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … without a hole
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),  # n of the transition in its record
    sa.Column("hash", sa.Text, nullable=False),  # of the link before and the transition's canonical JSON
)


class Verdict(msgspec.Struct, frozen=True):
    """What a walk along the chain has found."""

    links: int
    head: str  # hash of the last link: note it elsewhere, and a later walk shows whether it is still there
    fault: str = ""  # "" when every link holds

    @property
    def whole(self) -> bool:
        """Whether every link holds."""
        return not self.fault


def link(before: str, body: bytes) -> str:
    """Return the hash of a link."""
    return hashlib.sha256(before.encode() + b"\n" + body).hexdigest()


def append(connection: sa.Connection, made: Sequence[Transition]) -> None:
    """Add transitions to the chain, inside the transaction that stores them."""
    last = connection.execute(sa.select(audit.c.n, audit.c.hash).order_by(audit.c.n.desc()).limit(1)).first()
    n, head = (last.n, last.hash) if last is not None else (0, FIRST)
    rows = []
    for transition in made:
        n, head = n + 1, link(head, encode_transition(transition))
        rows.append({"n": n, "offset": transition.offset, "step": transition.n, "hash": head})
    if rows:
        connection.execute(sa.insert(audit), rows)


def verify(connection: sa.Connection, *, contains: str = "") -> Verdict:
    """Walk the whole chain. ``contains`` is the head of an earlier walk, which must still be a link of it."""
    head, links, seen = FIRST, 0, contains in ("", FIRST)
    join = transitions.outerjoin(
        audit, sa.and_(audit.c.offset == transitions.c.offset, audit.c.step == transitions.c.n)
    )
    query = sa.select(transitions.c.offset, transitions.c.n.label("step"), transitions.c.body, audit.c.n, audit.c.hash)
    query = query.select_from(join).order_by(transitions.c.offset, transitions.c.n)
    for row in connection.execution_options(yield_per=_BATCH).execute(query):
        head, links = link(head, row.body), links + 1
        if row.n != links or row.hash != head:
            return Verdict(links, head, f"link {links} (transition {row.offset}-{row.step}) is not what was written")
        seen = seen or head == contains
    written = connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar_one()
    if written != links:
        return Verdict(links, head, f"{written} links were written and {links} transitions are there")
    if not seen:
        return Verdict(links, head, f"the link {contains} is not in the chain: its end was cut off or written anew")
    return Verdict(links, head)

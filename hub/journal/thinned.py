"""What the journal has given up at its bound: how far, how much is left of it, and whose it was; kept in its file."""

import sqlite3
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

TABLES = """
CREATE TABLE IF NOT EXISTS thinned (
  id INTEGER PRIMARY KEY CHECK (id = 1), upto INTEGER NOT NULL, dropped INTEGER NOT NULL, bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS given_up (
  agent TEXT NOT NULL, reason TEXT NOT NULL, packs INTEGER NOT NULL, facts INTEGER NOT NULL,
  first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, PRIMARY KEY (agent, reason)
);
INSERT OR IGNORE INTO thinned VALUES (1, 0, 0, 0);
"""
ROW_BYTES = 80  # of a row beside its body
READING_LANES = frozenset({"reading", "backlog"})

_COUNT = """
INSERT INTO given_up VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (agent, reason) DO UPDATE SET
packs = packs + excluded.packs, facts = facts + excluded.facts,
first_us = min(first_us, excluded.first_us), last_us = max(last_us, excluded.last_us)
"""
_UNCOUNT = f"""
UPDATE thinned SET bytes = max(0, bytes - (SELECT total(length(body) + {ROW_BYTES}) FROM records
WHERE records.offset < ? AND records.offset <= upto AND kind = 'pack' AND lane IN ('reading', 'backlog')))
WHERE bytes > 0
"""


class GivenUp(StrEnum):
    """Why the journal holds less of a pack than came."""

    THINNED = "thinned"  # least, greatest and last of a minute are left of its readings
    DROPPED = "dropped"  # nothing of its readings is left
    CUT = "cut"  # no reading was left to go: the oldest record, whatever it was


class Thinned(msgspec.Struct, frozen=True):
    """How far the readings of the journal are given up."""

    upto: int = 0  # offset up to which readings are thinned: what follows is whole
    dropped: int = 0  # and up to which none are left
    left: int = 0  # bytes of the thinned ones


class Loss(msgspec.Struct, frozen=True):
    """What was given up of one agent for one reason."""

    agent: str
    reason: GivenUp
    packs: int
    facts: int  # thinned: those of which nothing stays
    first_us: int  # city time at which the first of the packs was taken in
    last_us: int


class Rewrite(msgspec.Struct, frozen=True):
    """What one transaction changes."""

    upto: int
    dropped: int
    grown: int  # bytes by which what is left of thinned readings grows or shrinks
    bodies: Mapping[int, bytes]  # offset → what is left of a pack
    gone: Sequence[int]  # offsets of the records of which nothing is left
    losses: Sequence[Loss]


def rewrite(connection: sqlite3.Connection, change: Rewrite) -> None:
    """Apply a change, inside the caller's transaction."""
    bodies = [(body, offset) for offset, body in change.bodies.items()]
    connection.executemany("UPDATE records SET body = ? WHERE offset = ?", bodies)
    connection.executemany("DELETE FROM records WHERE offset = ?", [(offset,) for offset in change.gone])
    connection.executemany(_COUNT, [msgspec.structs.astuple(loss) for loss in change.losses])
    place = "upto = max(upto, ?), dropped = max(dropped, ?), bytes = max(0, bytes + ?)"
    connection.execute(f"UPDATE thinned SET {place}", (change.upto, change.dropped, change.grown))


def uncount(connection: sqlite3.Connection, before_offset: int) -> None:
    """Take what is cut before an offset from what is left of thinned readings, inside the caller's transaction."""
    connection.execute(_UNCOUNT, (before_offset,))


def read_thinned(connection: sqlite3.Connection) -> Thinned:
    """Return how far readings are given up."""
    row = connection.execute("SELECT upto, dropped, bytes FROM thinned").fetchone()
    return Thinned(*row) if row else Thinned()


def read_losses(connection: sqlite3.Connection) -> list[Loss]:
    """Return what was given up since the journal began, by agent and reason."""
    rows = connection.execute("SELECT agent, reason, packs, facts, first_us, last_us FROM given_up ORDER BY 1, 2")
    return [Loss(agent, GivenUp(reason), *counts) for agent, reason, *counts in rows]

"""Records: what one row of the journal says."""

import contextlib
import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

import msgspec

from device_profiles import durable
from device_profiles.faults import fault_point
from device_profiles.wire import Pack, decode_pack

Kind = Literal["pack", "double", "quarantine", "tick", "act", "text", "register", "word", "aside", "fetch"]

NEW_LIFE = 10**12  # a journal that was restored goes on behind the next multiple: no offset is given twice

_INSERT = "INSERT INTO records (received_us, kind, agent, epoch, lane, seq, body) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?, ?)"
# Rows in one statement: a third less processor time than each by itself, and the interpreter's lock, which other
# threads want too, is let go and waited for once and not for each. The greatest is what a busy intake writes at once.
_ROWS = (500, 100, 10, 1) if sqlite3.sqlite_version_info >= (3, 32) else (100, 10, 1)  # before: 999 variables
_INSERT_OF = {size: _INSERT + ", ".join([_ROW] * size) for size in _ROWS}


class NewRecord(msgspec.Struct, gc=False, frozen=True):
    """A record that is not yet in the journal."""

    received_us: int  # city time at which the hub took it
    kind: Kind
    body: bytes = b""
    agent: str = ""  # <area>/<agent>, empty when no agent sent it
    epoch: int = 0
    lane: str = ""
    seq: int | None = None  # None for a will, and for whatever is no pack
    pack: Pack | None = None  # the body, decoded, when somebody has done that already


class Record(msgspec.Struct, gc=False, frozen=True):
    """A record of the journal; ``offset`` orders all of them."""

    offset: int
    received_us: int
    kind: str
    agent: str
    epoch: int
    lane: str
    seq: int | None
    body: bytes
    pack: Pack | None = None  # the body, decoded, when somebody has done that already


def pack_of(record: Record) -> Pack:
    """Return the pack in a record of that kind. Raises WireError."""
    return record.pack or decode_pack(record.body)


def tick_row(now_us: int, *, clock: str = "") -> NewRecord:
    """Return the word that the hub is awake at ``now_us``, by a clock that ``clock`` keeps (a ClockState's source)."""
    return NewRecord(now_us, "tick", msgspec.json.encode({"now_us": now_us, "clock": clock}))


MAX_ACTOR = 200  # characters: who acts stands in the alarm, and goes with it to everybody
MAX_NOTE = 2_000  # characters: it stays in the journal, and in the audit trail


class Act(msgspec.Struct, frozen=True):
    """What a person did about an alarm."""

    actor: str
    act: str  # hub.alarms.people.acts has the words
    rule: str
    subject: str
    reason: str = ""  # a note in the person's own words
    alarm: str = ""  # id of the occurrence that is meant, "" for the one at hand
    because: str | None = None  # a named reason
    for_us: int | None = None  # how long
    eta_us: int | None = None  # when the person will be there
    area: str = ""  # of a report: where
    kind: str = ""  # of a report: the kind of event that it is
    photo: str = ""  # of a report: sha256 of the photograph
    device: str = ""  # of a report: of which device in the area
    at: tuple[float, float] | None = None  # of a report: latitude and longitude (WGS 84)


def is_whole(after: int, records: Sequence[Record]) -> bool:
    """Return whether nothing is missing behind ``after`` and between ``records``, but where a new life began."""
    for record in records:
        if record.offset != after + 1 and record.offset % NEW_LIFE != 1:
            return False
        after = record.offset
    return True


def reserve_path(journal: Path) -> Path:
    """Return the file that holds the reserve of a journal."""
    return journal.with_suffix(".reserve")


def append_act(path: Path, act: Act, *, now_us: int) -> Record:
    """Write a person's act from another process than the hub's, which sees it within POLL_S; with the reserve too."""
    row = NewRecord(now_us, "act", msgspec.json.encode(act))
    try:
        return _append_one(path, row)
    except sqlite3.OperationalError as error:
        if not (durable.is_disk_full(error) and durable.DiskReserve(reserve_path(path), 0).release()):
            error.add_note(f"{path}, nothing was recorded")
            raise
    return _append_one(path, row)


def append_deeds(path: Path, rows: Sequence[NewRecord], *, emptied: Sequence[int] = ()) -> int:
    """Write deeds about quarantined messages from another process, and empty some, in one transaction.

    Return the offset before the first.
    """
    with contextlib.closing(durable.connect(path)) as opened, durable.transaction(opened) as connection:
        last = insert_rows(connection, rows)
        empty_rows(connection, emptied)
    return last - len(rows)


def _append_one(path: Path, row: NewRecord) -> Record:
    with contextlib.closing(durable.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        offset = insert_rows(connection, [row])
        fault_point("hub.before_act")
        connection.execute("COMMIT")
        fault_point("hub.after_act")
    return numbered(row, offset)


def insert_rows(connection: sqlite3.Connection, rows: Sequence[NewRecord]) -> int:
    """Insert inside the caller's transaction and return the offset of the last row; offsets have no holes."""
    values = [(r.received_us, r.kind, r.agent, r.epoch, r.lane, r.seq, r.body) for r in rows]
    last: int | None = None
    start = 0
    for size in _ROWS:
        while start + size <= len(values):
            flat = list(chain.from_iterable(values[start : start + size]))
            last = connection.execute(_INSERT_OF[size], flat).lastrowid
            start += size
    return last or 0


def empty_rows(connection: sqlite3.Connection, offsets: Sequence[int]) -> int:
    """Leave of quarantined messages only the notes, inside the caller's transaction; return how many had more."""
    # a note is one line of JSON, so that the first line feed ends it
    update = "UPDATE records SET body = substr(body, 1, instr(body, x'0a'))"
    where = "WHERE offset = ? AND kind = 'quarantine' AND length(body) > instr(body, x'0a')"
    return connection.executemany(f"{update} {where}", [(offset,) for offset in offsets]).rowcount


def first_unbroken(connection: sqlite3.Connection, oldest: int) -> int:
    """Return the first of the records that stand without a hole before ``oldest``, which itself may be none."""
    below = "SELECT offset FROM records WHERE kind = 'text' AND offset < ? ORDER BY offset DESC"
    for (offset,) in connection.execute(below, (oldest,)):
        if offset != oldest - 1:
            break
        oldest = offset
    return oldest


def numbered(row: NewRecord, offset: int) -> Record:
    """Return a row with the offset it was given."""
    return Record(offset, row.received_us, row.kind, row.agent, row.epoch, row.lane, row.seq, row.body, row.pack)

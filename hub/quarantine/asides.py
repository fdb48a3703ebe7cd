"""A message set aside and what was done about it since, folded from the journal's records of both kinds."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Literal

import msgspec

from hub.journal.faulty import note_of
from hub.journal.journal import Journal
from hub.journal.records import NewRecord, Record

_PAGE = 500


class State(StrEnum):
    """What became of a message."""

    KEPT = "kept"
    EMPTIED = "emptied"  # the bound was reached: only the note is left
    ASKED = "asked"  # a person wants it judged again; the hub will
    REPLAYED = "replayed"  # it was judged again and is good
    REFUSED = "refused"  # it was judged again and is not
    DROPPED = "dropped"  # by a person


class Deed(msgspec.Struct, frozen=True):
    """The body of a record of kind aside: something done about the message of record ``of``."""

    deed: Literal["replay", "judged", "drop"]
    of: int
    actor: str  # a person, or "hub"
    why: str = ""  # the person's reason, or what came of judging: an outcome


class Aside(msgspec.Struct):
    """One message."""

    id: int  # offset of its record
    received_us: int
    reason: str
    detail: str
    topic: str
    agent: str  # <area>/<agent>, "" when nobody could be named
    size: int  # bytes it had
    held: int  # bytes that are kept of it
    state: State = State.KEPT
    actor: str = ""  # who did the last thing about it
    why: str = ""


def deed_row(deed: Deed, *, now_us: int) -> NewRecord:
    """Return a deed as the journal keeps it."""
    return NewRecord(now_us, "aside", msgspec.json.encode(deed))


def deed_of(record: Record) -> Deed:
    """Return the deed of a record of kind aside."""
    return msgspec.json.decode(record.body, type=Deed)


def read_asides(journal: Journal) -> dict[int, Aside]:
    """Return every message that is in the journal's quarantine, oldest first, without its payload."""
    found = {record.offset: _aside(record) for record in pages(journal, "quarantine")}
    for record in pages(journal, "aside"):
        deed = deed_of(record)
        if deed.of in found:
            _apply(found[deed.of], deed)
    return found


def pages(journal: Journal, kind: Literal["quarantine", "aside"], after: int = 0) -> Iterator[Record]:
    """Yield the records of one kind behind ``after``."""
    while records := journal.of_kind(kind, after, _PAGE):
        yield from records
        after = records[-1].offset


def answers_in(records: Iterable[Record]) -> dict[int, str]:
    """Return message → the outcome of judging it again."""
    return {deed.of: deed.why for deed in map(deed_of, records) if deed.deed == "judged"}


def _aside(record: Record) -> Aside:
    note, payload = note_of(record)
    state = State.EMPTIED if note.size and not payload else State.KEPT
    return Aside(
        record.offset, record.received_us, note.reason, note.detail, note.topic, record.agent, note.size, len(payload),
        state,
    )  # fmt: skip


def _apply(aside: Aside, deed: Deed) -> None:
    aside.actor, aside.why = deed.actor, deed.why
    if deed.deed == "replay":
        aside.state = State.ASKED
    elif deed.deed == "drop":
        aside.state = State.DROPPED
    else:
        aside.state = State.REPLAYED if deed.why == GOOD else State.REFUSED


GOOD = "pack"  # the outcome of a message that is in the journal as what it is

"""Each fetch of evidence as a record of the journal: who, when, which digest, and what came of it."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from hub.journal.journal import Journal
from hub.journal.records import NewRecord, Record

_PAGE = 500
MAX_DETAIL = 300  # characters


class FetchReason(StrEnum):
    """What came of a fetch."""

    KEPT = "kept"  # fetched, verified, kept
    PRESENT = "present"  # it was here already
    SAVED = "saved"  # a person took a copy out of the hub's folder
    GONE = "gone"  # the agent has it no more
    MISMATCH = "mismatch"  # what came is not what its digest says: kept out
    TOO_LARGE = "too_large"
    REFUSED = "refused"  # the agent does not take our key
    UNREACHABLE = "unreachable"  # no connection, or cut, or too slow
    STATUS = "status"  # an answer that makes no sense, or says: not now
    NO_URL = "no_url"  # no birth says where the device's agent hands out evidence
    NO_KEY = "no_key"  # we have no key of that agent
    NO_ROOM = "no_room"  # our folder takes no file


HERE = (FetchReason.KEPT, FetchReason.PRESENT)


class Fetched(msgspec.Struct, frozen=True):
    """The body of a record of kind fetch."""

    actor: str  # a person, or hub:<name>
    alarm: str
    device: str
    part: str  # before, after, clip
    digest: str
    result: FetchReason
    detail: str = ""
    size: int = 0  # bytes


class FetchRecord(msgspec.Struct, frozen=True):
    """A fetch with when it was."""

    offset: int
    t_us: int
    fetched: Fetched


def fetched_row(fetched: Fetched, *, now_us: int) -> NewRecord:
    """Return a fetch as the journal keeps it."""
    return NewRecord(now_us, "fetch", msgspec.json.encode(fetched))


def fetch_record(record: Record) -> FetchRecord:
    """Return the fetch in a record of that kind."""
    return FetchRecord(record.offset, record.received_us, msgspec.json.decode(record.body, type=Fetched))


def read_fetches(journal: Journal, after: int = 0) -> Iterator[FetchRecord]:
    """Yield the fetches that the journal has behind ``after``, in order."""
    while records := journal.of_kind("fetch", after, _PAGE):
        yield from map(fetch_record, records)
        after = records[-1].offset

"""Messages that are no good: why, and the record that keeps them for a person to look at."""

from enum import StrEnum

import msgspec

from hub.journal.records import NewRecord, Record

_KEPT_BYTES = 65_536  # of a message that nobody can be receipted for
_DETAIL_CHARS = 500


class Reason(StrEnum):
    """Why a message is in quarantine."""

    MALFORMED = "malformed"  # no JSON
    WRONG_TYPE = "wrong_type"  # JSON, but not a pack
    TOO_LARGE = "too_large"
    WRONG_TOPIC = "wrong_topic"
    WRONG_AGENT = "wrong_agent"  # the envelope names another agent than the topic
    WRONG_LANE = "wrong_lane"  # the envelope names another lane than the topic
    WRONG_EPOCH = "wrong_epoch"  # sent again by a session that is older than itself
    NO_SEQ = "no_seq"  # no will, and yet without a number
    CLONED = "cloned"  # the number is taken by another start of the same agent: a cloned card
    FUTURE_TIME = "future_time"  # a fact of more than a minute ahead; the pack itself is kept, this marks it
    UNEXPECTED = "unexpected"  # our own fault


class Faulty(msgspec.Struct, frozen=True):
    """A message that is no good."""

    reason: Reason
    detail: str
    agent: str = ""  # the topic's, which the broker has checked
    epoch: int = 0
    lane: str = ""
    seq: int | None = None  # of an envelope that is sound round facts that are not


class Note(msgspec.Struct, frozen=True):
    """The head of a quarantine record's body; the payload follows after a newline."""

    reason: Reason
    detail: str
    topic: str
    size: int  # bytes the payload had


def quarantine_row(faulty: Faulty, *, topic: str, payload: bytes, now_us: int, beyond: int = 0) -> NewRecord:
    """Return the record that keeps a message: all of it when it will be receipted, else at most 64 kB.

    ``beyond``: bytes that the payload had besides.
    """
    note = Note(faulty.reason, faulty.detail[:_DETAIL_CHARS], topic[:_DETAIL_CHARS], len(payload) + beyond)
    kept = payload if faulty.seq is not None else payload[:_KEPT_BYTES]
    body = msgspec.json.encode(note) + b"\n" + kept
    return NewRecord(now_us, "quarantine", body, faulty.agent, faulty.epoch, faulty.lane, faulty.seq)


def note_of(record: Record | NewRecord) -> tuple[Note, bytes]:
    """Return the head and the kept payload of a quarantine record."""
    head, _, payload = record.body.partition(b"\n")
    return msgspec.json.decode(head, type=Note), payload


def reason_of(record: Record | NewRecord) -> str:
    """Return why the message of a quarantine record is there."""
    return note_of(record)[0].reason.value

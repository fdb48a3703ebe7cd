"""Quarantine: which messages are no good, why, and the record that keeps them for a person to look at."""

from enum import StrEnum
from functools import lru_cache

import msgspec

from device_profiles.errors import TopicError, WireError
from device_profiles.topics import AgentAddress, parse_lane_topic
from device_profiles.wire import MAX_PACK_BYTES, Epoch, Id, Lane, Pack, Seq, decode_pack
from hub.admission import ceiling_us
from hub.journal.journal import NewRecord, Record

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


class _Envelope(msgspec.Struct, frozen=True):
    agent: Id
    epoch: Epoch
    lane: Lane
    seq: Seq


_envelopes = msgspec.json.Decoder(_Envelope)


def examine(topic: str, payload: bytes) -> tuple[AgentAddress, Pack] | Faulty:
    """Return who sent which pack, or what is wrong with it."""
    try:
        address, lane = _sender(topic)
    except TopicError as error:
        return Faulty(Reason.WRONG_TOPIC, str(error))
    if len(payload) > MAX_PACK_BYTES:
        return Faulty(Reason.TOO_LARGE, f"more than {MAX_PACK_BYTES} bytes", agent=str(address))
    try:
        pack = decode_pack(payload)
    except WireError as error:
        return _undecoded(address, lane, payload=payload, error=error)
    fault = _disagreement(address, lane, pack)
    return Faulty(*fault, agent=str(address)) if fault else (address, pack)


def future_fact(pack: Pack, now_us: int) -> str:
    """Return which fact is too far ahead of ``now_us`` to be believed, empty when none is."""
    ceiling = ceiling_us(pack.clock, received_us=now_us)
    for index, fact in enumerate(pack.facts):
        if fact.t_us > ceiling:
            return f"$.facts[{index}].t_us is {fact.t_us}, more than a minute ahead of {now_us}"
    return ""


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


@lru_cache(maxsize=10_000)  # a city's agents and their lanes; the topic of a message is one of few
def _sender(topic: str) -> tuple[AgentAddress, Lane]:
    return parse_lane_topic(topic)


def _undecoded(address: AgentAddress, lane: Lane, *, payload: bytes, error: WireError) -> Faulty:
    reason = Reason.MALFORMED if error.message.startswith("not JSON") else Reason.WRONG_TYPE
    plain = Faulty(reason, str(error), agent=str(address))
    try:
        envelope = _envelopes.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return plain
    if (envelope.agent, envelope.lane) != (address.agent, lane):
        return plain
    return Faulty(reason, str(error), str(address), envelope.epoch, envelope.lane, envelope.seq)


def _disagreement(address: AgentAddress, lane: Lane, pack: Pack) -> tuple[Reason, str] | None:
    if pack.agent != address.agent:
        return Reason.WRONG_AGENT, f"$.agent is {pack.agent!r}, the topic says {address.agent!r}"
    if pack.lane != lane:
        return Reason.WRONG_LANE, f"$.lane is {pack.lane!r}, the topic says {lane!r}"
    if pack.seq is None and lane != "status":
        return Reason.NO_SEQ, "$.seq is absent; only a will has none"
    if pack.resent_in is not None and pack.resent_in < pack.epoch:
        return Reason.WRONG_EPOCH, f"$.resent_in is {pack.resent_in}, before $.epoch {pack.epoch}"
    return None

"""Examine a message: who sent which pack, or what is wrong with it."""

from functools import lru_cache

import msgspec

from device_profiles.errors import TopicError, WireError
from device_profiles.topics import AgentAddress, parse_lane_topic
from device_profiles.wire import MAX_PACK_BYTES, Epoch, Id, Lane, Pack, Seq, decode_pack
from hub.admission import ceiling_us
from hub.journal.faulty import Faulty, Reason


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

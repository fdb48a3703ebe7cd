"""The messages of the contract: facts made at the edge, the packs that carry them, the receipts that free them."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec

from device_profiles.errors import WireError

Lane = Literal["event", "reading", "backlog", "status", "result"]
LANES: tuple[Lane, ...] = get_args(Lane)
Severity = Literal["info", "minor", "major", "critical", "life"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # ascending

MAX_PACK_BYTES = 262_144  # a Modbus street node's pack is under 4 kB; 64 times that is not telemetry any more
MAX_HELD_EPOCHS = 500  # in one status; an agent that holds more (a crash loop) says nothing of them
MAX_FACTS = 2_000  # a pack of one fact a millisecond for two seconds
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}\Z"  # one level of a topic: no dot, no space, no wildcard

_INT64_MAX = 2**63 - 1
Id = Annotated[str, msgspec.Meta(pattern=ID_PATTERN)]
NAME_PATTERN = r"^[a-z][a-z0-9_.]{0,126}\Z"
Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
Micros = Annotated[int, msgspec.Meta(ge=0, le=_INT64_MAX)]  # microseconds since 1970, UTC
Seq = Annotated[int, msgspec.Meta(ge=1, le=_INT64_MAX)]
Epoch = Annotated[int, msgspec.Meta(ge=1, le=_INT64_MAX)]
SignedMicros = Annotated[int, msgspec.Meta(ge=-_INT64_MAX, le=_INT64_MAX)]
Value = (
    Annotated[int, msgspec.Meta(ge=-_INT64_MAX, le=_INT64_MAX)]
    | float
    | bool
    | Annotated[str, msgspec.Meta(max_length=512)]
    | None
)  # None means unknown
if TYPE_CHECKING:
    Datum = Any  # a checker would ask each caller to cast its dict literals
else:  # two levels and no integer over 64 bits: whatever was decoded can be encoded again
    _Inner = Value | list[Value] | dict[str, Value]
    Datum = Value | list[_Inner] | dict[str, _Inner]


PackRange = tuple[Epoch, Seq, Seq]  # epoch, first and last seq of packs of one lane


class Reading(msgspec.Struct, gc=False, frozen=True, tag="reading", tag_field="type"):
    """What a device said at one instant; a value that is absent is unchanged, ``None`` is unknown."""

    device: str  # an Id, and the keys of values are Names; `_check_names` says so, patterns take a third of a decode
    t_us: Micros  # when it was observed
    values: Annotated[dict[str, Value], msgspec.Meta(max_length=256)]


class Event(msgspec.Struct, gc=False, frozen=True, tag="event", tag_field="type"):
    """Something that happened, judged at the edge; never a decision of the city."""

    device: Id
    t_us: Micros
    kind: Name  # e.g. lift.stuck_occupied
    severity: Severity
    data: Annotated[dict[str, Datum], msgspec.Meta(max_length=64)] = {}


class Heartbeat(msgspec.Struct, gc=False, frozen=True, tag="heartbeat", tag_field="type"):
    """The word "alive, and unchanged up to ``seen_us``" for each device that was polled with success (ALARMS.md, 3)."""

    t_us: Micros
    seen_us: dict[Id, Micros]


class ClockStep(msgspec.Struct, frozen=True, tag="clock_step", tag_field="type"):
    """The edge's wall clock was set: it moved by ``step_us`` against its monotonic clock (ALARMS.md, 13)."""

    t_us: Micros  # on the new clock
    step_us: SignedMicros


class Lost(msgspec.Struct, frozen=True, tag="lost", tag_field="type"):
    """The agent's word that it no longer holds the packs ``first``..``last`` of a lane and will never send them."""

    t_us: Micros
    lane: Lane
    epoch: Epoch
    first: Seq
    last: Seq
    reason: Literal["evicted", "aged", "receipted", "disk", "thinned"]
    facts: int = 0  # facts they held, 0 when that is not known any more
    by: PackRange | None = None  # thinned: the packs of the same lane that stand for them


class Binding(msgspec.Struct, frozen=True):
    """One device of an agent: which profile describes it and which asset of the city it is bound to."""

    device: Id
    profile: Name
    asset: str = ""  # the register's id; empty while it is not in the register
    via: tuple[Id, ...] = ()  # devices of this agent through which it senses: a zone's camera, the cameras of a road


class Status(msgspec.Struct, frozen=True, tag="status", tag_field="type"):
    """The birth, the state and (as the broker's will) the death of an agent's session."""

    t_us: Micros
    epoch: Epoch  # of the session it speaks of; a will of an older epoch is ignored
    online: bool
    version: str = ""
    devices: tuple[Binding, ...] = ()
    profiles: dict[Name, str] = {}  # profile → sha256 of its text
    outbox: dict[str, int] = {}  # lane → packs not yet receipted
    # epoch → lane → packs made so far, for this session and each earlier one of which packs may still be held: the
    # others are abandoned. Empty when it is not said
    made: Annotated[dict[Epoch, dict[Lane, Micros]], msgspec.Meta(max_length=MAX_HELD_EPOCHS)] = {}

    counts: Annotated[dict[Name, Micros], msgspec.Meta(max_length=64)] = {}  # since the start: thinned, resent, …
    evidence: Annotated[str, msgspec.Meta(max_length=512)] = ""  # URL at which evidence may be fetched; empty: nowhere


class Result(msgspec.Struct, frozen=True, tag="result", tag_field="type"):
    """The answer to a Command."""

    t_us: Micros
    command: str  # the Command's id
    device: Id
    ok: bool
    reason: str = ""


Fact = Reading | Event | Heartbeat | ClockStep | Lost | Status | Result


class ClockState(msgspec.Struct, gc=False, frozen=True):
    """What the agent knows of its own clock."""

    source: Literal["ntp", "gnss", "rtc", "simulated", "unknown"] = "unknown"
    offset_us: SignedMicros = 0  # agent's clock minus true time, as far as the source tells


class Pack(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """One MQTT message upwards. (agent, epoch, lane, seq) is its identity, however often it is sent."""

    v: Literal[1]  # version of the contract
    agent: str  # an Id: `decode_pack` says so
    epoch: Epoch
    lane: Lane
    sent_us: Micros
    facts: Annotated[tuple[Fact, ...], msgspec.Meta(max_length=MAX_FACTS)]
    seq: Seq | None = None  # None only in a will, which the broker sends
    boot: Annotated[str, msgspec.Meta(max_length=32)] = ""  # random for each start: tells two clones of a card apart
    resent_in: Epoch | None = None  # the session that sends it again, when it is not ``epoch``
    stands_for: tuple[PackRange, ...] = ()  # packs of this lane that were thinned into this one: it is history
    clock: ClockState = ClockState()


class LaneReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the hub's journal holds of a lane."""

    to: Annotated[int, msgspec.Meta(ge=0, le=_INT64_MAX)]  # every seq up to here is in the journal, or known to be lost
    want: tuple[tuple[Seq, Seq], ...] = ()  # gaps (first, last) to send again


class Receipt(msgspec.Struct, frozen=True):
    """The hub's word to an agent; only this lets it forget."""

    hub: Id
    epoch: Epoch
    lanes: dict[Lane, LaneReceipt]
    t_us: Micros


class Command(msgspec.Struct, frozen=True):
    """An order to a device, answered by a Result with the same id."""

    id: str
    device: Id
    name: Name
    t_us: Micros
    expires_us: Micros
    args: dict[str, Value] = {}


class _PackOfRaw(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Pack whose facts are JSON already, so that sending again costs no second encoding."""

    v: int
    agent: str
    boot: str
    epoch: int
    lane: str
    seq: int | None
    sent_us: int
    clock: ClockState
    facts: msgspec.Raw
    resent_in: int | None = None
    stands_for: tuple[PackRange, ...] = ()


_encoder = msgspec.json.Encoder()
_pack_decoder = msgspec.json.Decoder(Pack)
_receipt_decoder = msgspec.json.Decoder(Receipt)
_command_decoder = msgspec.json.Decoder(Command)
_facts_decoder = msgspec.json.Decoder(tuple[Fact, ...])
_ID, _NAME = re.compile(ID_PATTERN), re.compile(NAME_PATTERN)
_MOST_NAMES = 10_000  # remembered as good; a city has some hundred
_names: set[str] = set()
_MOST_IDS = 100_000  # likewise; a city has some 10,000 devices
_ids: set[str] = set()
_PATH = re.compile(r" - at (?:`key` in )?`(?P<path>[^`]*)`$")


def encode(message: Pack | Receipt | Command) -> bytes:
    """Return the message as UTF-8 JSON."""
    return _encoder.encode(message)


def encode_facts(facts: tuple[Fact, ...] | list[Fact]) -> bytes:
    """Return facts as a JSON array, as an outbox keeps them."""
    return _encoder.encode(facts)


def decode_facts(data: bytes) -> tuple[Fact, ...]:
    """Return the facts of ``encode_facts``. Raises WireError."""
    facts: tuple[Fact, ...] = _decode(_facts_decoder, data)
    _check_names(facts, "$")
    return facts


def encode_pack_of(
    facts_json: bytes,
    *,
    agent: str,
    boot: str,
    epoch: int,
    lane: Lane,
    seq: int,
    sent_us: int,
    clock: ClockState,
    resent_in: int | None = None,
    stands_for: tuple[PackRange, ...] = (),
) -> bytes:
    """Return the JSON of a Pack round facts that are JSON already."""
    return _encoder.encode(
        _PackOfRaw(1, agent, boot, epoch, lane, seq, sent_us, clock, msgspec.Raw(facts_json), resent_in, stands_for)
    )


def decode_pack(payload: bytes) -> Pack:
    """Return the pack in ``payload`` (UTF-8 JSON, at most MAX_PACK_BYTES). Raises WireError; ignores unknown fields."""
    if len(payload) > MAX_PACK_BYTES:
        raise WireError(f"{len(payload)} bytes, more than the {MAX_PACK_BYTES} a pack may have")
    pack: Pack = _decode(_pack_decoder, payload)
    if pack.agent not in _ids:
        _check_id(pack.agent, "$.agent")
    _check_names(pack.facts, "$.facts")
    return pack


def decode_receipt(payload: bytes) -> Receipt:
    """Return the receipt in ``payload``. Raises WireError."""
    return _decode(_receipt_decoder, payload)  # type: ignore[no-any-return]


def decode_command(payload: bytes) -> Command:
    """Return the command in ``payload``. Raises WireError."""
    return _decode(_command_decoder, payload)  # type: ignore[no-any-return]


def _decode(decoder: msgspec.json.Decoder[Any], payload: bytes) -> Any:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        text = str(error)
        match = _PATH.search(text)
        raise WireError(text[: match.start()] if match else text, path=match["path"] if match else "$") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise WireError(f"not JSON that can be read: {error}") from error


def _check_names(facts: tuple[Fact, ...], path: str) -> None:
    """Refuse readings whose device or values have no names. Raises WireError."""
    for index, fact in enumerate(facts):
        if type(fact) is Reading and not (fact.device in _ids and _names.issuperset(fact.values)):
            _check_id(fact.device, f"{path}[{index}].device")
            _learn_names(fact.values, f"{path}[{index}].values")


def _check_id(name: str, path: str) -> None:
    if name not in _ids:
        if not _ID.search(name):
            raise WireError(f"Expected `str` matching regex {ID_PATTERN!r}", path=path)
        if len(_ids) >= _MOST_IDS:
            _ids.clear()
        _ids.add(name)


def _learn_names(values: dict[str, Value], path: str) -> None:
    for name in values:
        if not _NAME.search(name):
            raise WireError(f"Expected `str` matching regex {NAME_PATTERN!r}", path=path)
    if len(_names) + len(values) > _MOST_NAMES:
        _names.clear()
    _names.update(values)

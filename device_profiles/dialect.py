"""Translate a platform's message into canonical values by a dialect; what cannot be told is None, never a guess."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timezone
from enum import StrEnum
from typing import Any

import msgspec

from device_profiles.profile import ProfileSpec, ValueSpec
from device_profiles.specs.dialect_spec import TOPIC, Dialect, Field, Path, TimeField, parse_path
from device_profiles.specs.payload import PAYLOAD, read_payload
from device_profiles.specs.value_spec import typed
from device_profiles.wire import Value

RAW_LENGTH = 120  # of a raw code that is kept
MAX_TEXT = 512  # characters of a text on the wire
MAX_MESSAGES = 1_000  # in one body
MAX_NUMBER = 2**32  # of a message; LoRaWAN counts with 32 bits
_UNITS_US = {"s": 1_000_000, "ms": 1_000, "us": 1}
_MAX_US = 2**62  # far beyond any year that a device may mean, and still an integer of the wire
_NUMBER = re.compile(r"\s*[+-]?(\d{1,18}(\.\d{0,9})?|\.\d{1,9})\s*\Z")
_ABSENT = object()


class Reason(StrEnum):
    """Why a message is refused."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    NO_MESSAGES = "no_messages"  # the list of messages is not there, empty, or too long
    NO_REGISTRATION_CODE = "no_registration_code"
    BAD_REGISTRATION_CODE = "bad_registration_code"  # not as long as the dialect's are
    UNKNOWN_DEVICE = "unknown_device"  # a registration code that no config names
    NO_TIME = "no_time"
    BAD_TIME = "bad_time"
    TIME_IN_FUTURE = "time_in_future"
    NO_VALUES = "no_values"  # nothing in it that the dialect knows: another make, or another kind of message
    TOO_LARGE = "too_large"
    CONTENT_TYPE = "content_type"
    TOKEN = "token"  # the shared secret is missing or wrong


class Refused(msgspec.Struct, frozen=True):
    """A message that says nothing we may believe."""

    reason: Reason
    detail: str = ""
    registration_code: str = ""  # as far as it was understood
    frame: "Frame | None" = None


class Frame(msgspec.Struct, frozen=True):
    """The number of a message among those of its device."""

    number: int
    session: str = ""  # in which it counts; "": nobody says


class UnknownCode(msgspec.Struct, frozen=True):
    """A code that the dialect does not know: kept, counted and shown."""

    value: str  # the canonical value that it would have been
    code: str


class Message(msgspec.Struct, frozen=True):
    """What a message says of one device."""

    registration_code: str
    t_us: int | None  # when it was observed; None: the dialect tells no time
    values: dict[str, Value]
    unknown_codes: tuple[UnknownCode, ...] = ()
    frame: Frame | None = None


class Translator:
    """One dialect of one profile, its paths parsed. Total: any decoded JSON gives messages or refusals."""

    def __init__(self, spec: ProfileSpec, dialect: Dialect) -> None:
        self._dialect = dialect
        self._id = parse_path(dialect.id)
        self._list = parse_path(dialect.messages)
        time, counter = dialect.time, dialect.counter
        self._times = [parse_path(text) for text in (time.at, *time.else_at)] if time is not None else []
        self._counter = [parse_path(text) for text in (counter.at, counter.session)] if counter is not None else []
        self._payloads = [(one, parse_path(one.at), parse_path(one.port_at)) for one in dialect.payloads]
        self._fields = [
            (name, field, parse_path(field.at), spec.values[name], _ranks(field))
            for name, field in dialect.values.items()
        ]

    def translate(self, document: Any, topic: Sequence[str] = ()) -> list[Message | Refused]:
        """Return one outcome for each message in a body; ``topic`` are the levels of the topic it came on."""
        parts = _find(document, self._list) if self._list else [document]
        if not isinstance(parts, list) or not 0 < len(parts) <= MAX_MESSAGES:
            return [Refused(Reason.NO_MESSAGES, f"{self._dialect.messages!r} is no list of 1 to {MAX_MESSAGES}")]
        return [self._translate(part, topic) for part in parts]

    def _translate(self, part: Any, topic: Sequence[str]) -> Message | Refused:
        if not isinstance(part, dict):
            return Refused(Reason.NOT_AN_OBJECT, f"a message is an object, not {type(part).__name__}")
        root = {**part, TOPIC: list(topic)}
        root[PAYLOAD] = self._payload(root)
        code = _find(root, self._id)
        if code is _ABSENT or code is None or code == "":
            return Refused(Reason.NO_REGISTRATION_CODE, f"{self._dialect.id!r} is missing or empty")
        length = self._dialect.id_length
        if not isinstance(code, str) or len(code) != (length or min(len(code), RAW_LENGTH)):
            return Refused(Reason.BAD_REGISTRATION_CODE, f"{_text(code)!r} has not {length or 'so few'} characters")
        frame = self._frame(root)
        said = next((raw for path in self._times if (raw := _find(root, path)) not in (_ABSENT, None, "")), None)
        t_us = None if self._dialect.time is None else _time_us(said, self._dialect.time)
        if isinstance(t_us, Reason):
            return Refused(t_us, f"the time is {_text(said)!r}", code, frame)
        values, unknown = self._values(root)
        if self._dialect.absent == "unknown" and all(value is None for value in values.values()):
            return Refused(Reason.NO_VALUES, "nothing in it is a value of this dialect", code, frame)
        return Message(code, t_us, values, tuple(unknown), frame)

    def _frame(self, root: Mapping[str, Any]) -> Frame | None:
        field = self._dialect.counter
        if field is None:
            return None
        at, session_at = self._counter
        number, session = _find(root, at), _find(root, session_at) if session_at else _ABSENT
        number = field.absent if number is _ABSENT else _number(number)
        if number is None or not 0 <= number < MAX_NUMBER:
            return None
        return Frame(int(number), _text(session)[:RAW_LENGTH])

    def _payload(self, root: Mapping[str, Any]) -> dict[str, int | float]:
        for payload, at, port_at in self._payloads:
            if payload.port is None or _text(_find(root, port_at)) == str(payload.port):
                return read_payload(_find(root, at), payload)
        return {}

    def _values(self, root: Mapping[str, Any]) -> tuple[dict[str, Value], list[UnknownCode]]:
        values: dict[str, Value] = {}
        unknown: list[UnknownCode] = []
        for name, field, path, spec, ranks in self._fields:
            raw = _find(root, path)
            if raw is _ABSENT and self._dialect.absent == "unchanged":
                continue
            raw = None if raw is _ABSENT else raw
            if field.codes:
                values[name], strange = _coded(raw, field, ranks)
                values[f"{name}_raw"] = None if raw is None else ",".join(_texts(raw))[:RAW_LENGTH]
            else:
                values[name], strange = _plain(raw, field, spec)
            unknown += [UnknownCode(name, code[:RAW_LENGTH]) for code in strange]
        return values, unknown


def decode_json(body: bytes) -> Any:
    """Return the JSON in ``body``, or why it cannot be read, as Refused."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refused(Reason.NOT_JSON, str(error))


def _ranks(field: Field) -> dict[str, int]:
    return {code: rank for rank, code in enumerate(field.codes)}


def _coded(raw: Any, field: Field, ranks: Mapping[str, int]) -> tuple[Value, list[str]]:
    """Return the most important of the codes that are known, and those that are not."""
    if raw is None:
        return None, []
    codes = _texts(raw)
    strange = [code for code in codes if code not in ranks and code not in field.unknown]
    known = [code for code in codes if code in ranks]
    if not known:
        return None, strange
    value = field.codes[min(known, key=ranks.__getitem__)]
    # "no fault" beside a code that nobody knows is no word of "no fault"
    return (None if strange and not value else value), strange


def _plain(raw: Any, field: Field, spec: ValueSpec) -> tuple[Value, list[str]]:
    """Return a value that is said without codes, and what was said instead when it is not of its type."""
    if raw is None or (isinstance(raw, str | int | float) and _text(raw) in field.unknown):
        return None, []
    if spec.type == "str":
        text = _text(raw)  # one that is longer than the wire's would cost its whole pack at the hub
        return (text, []) if isinstance(raw, str | int | float) and len(text) <= MAX_TEXT else (None, [text])
    if spec.type == "bool":
        return (raw, []) if isinstance(raw, bool) else (None, [_text(raw)])
    number = _number(raw)
    if number is None:
        return None, [_text(raw)]
    value = typed(spec, round(number * field.scale + field.plus, 9))
    return value, [] if value is not None else [_text(raw)]


def _number(raw: Any) -> float | None:
    if isinstance(raw, str):
        raw = float(raw) if _NUMBER.match(raw) else None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return raw if abs(raw) < _MAX_US and math.isfinite(raw) else None


def _time_us(raw: Any, field: TimeField) -> int | Reason:
    if raw is None:
        return Reason.NO_TIME
    if field.unit == "text":
        return _read_time(raw, field) if isinstance(raw, str) else Reason.BAD_TIME
    number = _number(raw)
    if number is None or not 0 <= number * _UNITS_US[field.unit] < _MAX_US:
        return Reason.BAD_TIME
    return round(number * _UNITS_US[field.unit])


def _read_time(text: str, field: TimeField) -> int | Reason:
    try:
        when = datetime.strptime(text, field.format) if field.format else datetime.fromisoformat(text)  # noqa: DTZ007
        if when.tzinfo is None:
            when = when.replace(tzinfo=_zone(field.zone))
        t_us = (when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e6
    except (ValueError, OverflowError):
        return Reason.BAD_TIME
    return round(t_us) if t_us >= 0 else Reason.BAD_TIME


def _zone(text: str) -> timezone:
    zone = datetime.strptime(text, "%z").tzinfo
    assert isinstance(zone, timezone)
    return zone


def _find(node: Any, path: Path) -> Any:
    """Return what stands at ``path``, or _ABSENT."""
    for step in path:
        if isinstance(step, str):
            node = node.get(step, _ABSENT) if isinstance(node, dict) else _ABSENT
        elif isinstance(step, int):
            node = node[step] if isinstance(node, list) and step < len(node) else _ABSENT
        else:
            key, word = step
            members = node if isinstance(node, list) else []
            node = next((m for m in members if isinstance(m, dict) and key in m and _text(m[key]) == word), _ABSENT)
        if node is _ABSENT:
            return _ABSENT
    return node


def _texts(raw: Any) -> list[str]:
    """Return the codes in ``raw``; an empty list says the empty code."""
    if isinstance(raw, list):
        return [_text(item) for item in raw] or [""]
    return [_text(raw)]


def _text(raw: Any) -> str:
    """Return a JSON value as the text by which a dialect names it."""
    if isinstance(raw, str):
        return raw.strip()
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < _MAX_US:
        return str(int(raw))
    if raw is _ABSENT:
        return ""
    try:
        return msgspec.json.encode(raw).decode()[:RAW_LENGTH]
    except RecursionError:
        return "nested too deep"

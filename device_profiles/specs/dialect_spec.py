"""Dialects as data: where a platform's JSON keeps each value, what its codes mean, and when it observed them."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration, duration_us
from device_profiles.specs.payload import PAYLOAD, Payload, part_names, payload_faults
from device_profiles.specs.value_spec import ValueSpec
from device_profiles.wire import Name

UNKNOWN_CODE = "device.unknown_code"  # the Event of a code that a dialect does not know
UNKNOWN_CODES = "unknown_codes"  # the value that counts them
TOPIC = "$topic"  # the root of a path that looks into the MQTT topic: "$topic[2]" is its third level
_STEP = re.compile(r"\[(?P<index>\d{1,4})\]|\[(?P<key>[^\[\]=]+)=(?P<word>[^\[\]]*)\]|(?:^|\.)(?P<name>[^.\[\]]+)")

_SAMPLE = datetime(2026, 11, 21, 22, 33, 44, 556_677, tzinfo=UTC)  # a format that says a time says this one

Step = str | int | tuple[str, str]  # member of an object, place in a list, the object in a list whose key says word
Path = tuple[Step, ...]
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Zone = Annotated[str, msgspec.Meta(pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]\Z")]


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a value stands in a message, and how it is said there."""

    at: Place  # path: "data.door", "params[id=door].value", "list[0]"
    codes: dict[
        str, bool | int | float | str
    ] = {}  # source's text → canonical; of several at once the first one counts
    unknown: tuple[str, ...] = ()  # texts by which the platform says that it does not know
    scale: float = 1.0  # of a number without codes: value = number × scale + plus
    plus: float = 0.0


class TimeField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message says when it was observed, and how."""

    at: Place
    unit: Literal["s", "ms", "us", "text"] = "ms"  # since 1970, UTC; or a text that people can read
    format: str = ""  # of a text, as strptime has it; empty: ISO 8601
    zone: Zone = "+08:00"  # of a text that names none
    estimate: bool = False  # how far its clock is behind ours is estimated, and made good
    else_at: tuple[Place, ...] = ()  # where it stands otherwise; the first place counts that says anything


class CounterField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message says its number among those of its device, so that doubled, late and lost ones are known."""

    at: Place
    absent: Annotated[int, msgspec.Meta(ge=0)] | None = None  # the number of a message that says none
    session: str = ""  # path of what changes when the device joins anew and counts from the beginning


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one make of platform says what the profile's values mean."""

    title: str
    id: Place  # path of the registration code
    values: dict[Name, Field]
    keep_alive: Duration  # the platform speaks of every device at least so often, changed or not
    time: TimeField | None = None  # None: the time of arrival
    counter: CounterField | None = None
    payloads: tuple[Payload, ...] = ()  # layouts of bytes inside a message
    id_length: Annotated[int, msgspec.Meta(ge=0, le=120)] = 20  # characters of a registration code; 0: any number
    messages: str = ""  # path of the list when one body carries several messages
    absent: Literal["unknown", "unchanged"] = "unknown"  # what a field means that a message leaves out
    content_types: tuple[str, ...] = ("application/json",)  # over HTTP
    source: str = ""  # the document that it follows


class DialectFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that adds dialects to a profile which stands elsewhere; its rules stay those of that profile."""

    extends: Name  # kind of the profile
    dialects: dict[Name, Dialect]


def parse_path(text: str) -> Path:
    """Return the steps of a path. Raises ValueError."""
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is no path: write name.name, name[0] or name[key=word].name")
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif match["key"] is not None:
            steps.append((match["key"], match["word"]))
        else:
            steps.append(match["name"])
        position = match.end()
    return tuple(steps)


def path_faults(dialect: Dialect) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each path that cannot be read."""
    paths = [("id", dialect.id), ("messages", dialect.messages)]
    if dialect.time is not None:
        paths += [("time.at", dialect.time.at), *(("time.else_at", text) for text in dialect.time.else_at)]
    if dialect.counter is not None:
        paths += [("counter.at", dialect.counter.at), ("counter.session", dialect.counter.session)]
    for index, payload in enumerate(dialect.payloads):
        paths += [(f"payloads[{index}].at", payload.at), (f"payloads[{index}].port_at", payload.port_at)]
    paths += [(f"values.{name}.at", field.at) for name, field in dialect.values.items()]
    for key, text in paths:
        try:
            parse_path(text)
        except ValueError as error:
            yield key, str(error)


def dialect_faults(
    dialects: Mapping[str, Dialect], *, values: Mapping[str, ValueSpec], events: Collection[str], silent_after: Duration
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for dialects that do not fit what their profile says and tells."""
    for name, dialect in dialects.items():
        key = f"dialects.{name}"
        yield from ((f"{key}.{part}", message) for part, message in path_faults(dialect))
        yield from ((f"{key}.{part}", message) for part, message in payload_faults(dialect.payloads))
        if dialect.counter is not None and not dialect.counter.session and dialect.time is None:
            yield f"{key}.counter", "needs a session or a time: a counter that was reset would look like doubles"
        yield from ((f"{key}.time.{part}", message) for part, message in _time_faults(dialect.time))
        parts = {f"{PAYLOAD}.{part}" for part in part_names(dialect.payloads)}
        if not 0 < 2 * duration_us(dialect.keep_alive) <= duration_us(silent_after):
            yield (
                f"{key}.keep_alive",
                "must be above 0 and at most half of liveness.silent_after: a message may be lost",
            )
        for value, field in dialect.values.items():
            if field.at.startswith(PAYLOAD) and field.at not in parts:
                yield f"{key}.values.{value}.at", f"no payload has {field.at!r}"
            yield from (
                (f"{key}.values.{value}{part}", message) for part, message in _field_faults(value, field, values)
            )
    if dialects and (UNKNOWN_CODES not in values or values[UNKNOWN_CODES].type != "int"):
        yield (
            f"values.{UNKNOWN_CODES}",
            "is missing: a profile with dialects counts in this int the codes that nobody knows",
        )
    if dialects and UNKNOWN_CODE not in events:
        yield (
            f'events."{UNKNOWN_CODE}"',
            "is missing: a profile with dialects tells by this event of codes that nobody knows",
        )


def _time_faults(time: TimeField | None) -> Iterable[tuple[str, str]]:
    if time is None or not time.format:
        return
    if time.unit != "text":
        yield "format", f'belongs to unit = "text", and this one is {time.unit!r}'
        return
    try:
        read = datetime.strptime(_SAMPLE.strftime(time.format), time.format)  # noqa: DTZ007
    except ValueError as error:
        yield "format", f"cannot be read back: {error}; write it as strptime has it, such as %Y-%m-%d %H:%M:%S"
        return
    if read.replace(second=0, microsecond=0, tzinfo=None) != _SAMPLE.replace(second=0, microsecond=0, tzinfo=None):
        yield "format", f"{time.format!r} does not say date, hour and minute, such as %Y-%m-%d %H:%M:%S"


def _field_faults(name: str, field: Field, values: Mapping[str, ValueSpec]) -> Iterable[tuple[str, str]]:
    value = values.get(name)
    if value is None:
        yield "", f"{name!r} is not in values"
        return
    if value.latch is not None:
        yield "", "is kept by the edge itself (latch)"
    if field.codes and (field.scale != 1 or field.plus):
        yield ".codes", "say the value by themselves: `scale` and `plus` are for numbers without codes"
    if not (isfinite(field.scale) and field.scale):
        yield ".scale", "must be a number other than 0: every value would be the same, or none"
    if not isfinite(field.plus):
        yield ".plus", "must be a number"
    if field.codes and (f"{name}_raw" not in values or values[f"{name}_raw"].type != "str"):
        yield ".codes", f"the raw code is kept beside the canonical one: add the str `{name}_raw` to values"
    for code, canonical in field.codes.items():
        if code in field.unknown:
            yield ".unknown", f"{code!r} is in codes too"
        if type(canonical).__name__ != value.type and not (value.type == "float" and type(canonical) is int):
            yield f".codes.{code}", f"{canonical!r} is no {value.type}"
        elif (
            value.range is not None
            and type(canonical) is not str
            and not value.range[0] <= float(canonical) <= value.range[1]
        ):
            yield f".codes.{code}", f"{canonical!r} is outside the range of {name}"

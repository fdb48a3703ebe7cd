"""Dialects as data: where a platform's JSON keeps each value, what its codes mean, and when it observed them."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration
from device_profiles.wire import Name

TOPIC = "$topic"  # the root of a path that looks into the MQTT topic: "$topic[2]" is its third level
_STEP = re.compile(r"\[(?P<index>\d{1,4})\]|\[(?P<key>[^\[\]=]+)=(?P<word>[^\[\]]*)\]|(?:^|\.)(?P<name>[^.\[\]]+)")

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
    scale: float = 1.0  # of a number without codes: value = number × scale


class TimeField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message says when it was observed, and how."""

    at: Place
    unit: Literal["s", "ms", "us", "text"] = "ms"  # since 1970, UTC; or a text that people can read
    format: str = ""  # of a text, as strptime has it; empty: ISO 8601
    zone: Zone = "+08:00"  # of a text that names none


class Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one make of platform says what the profile's values mean."""

    title: str
    id: Place  # path of the registration code
    values: dict[Name, Field]
    keep_alive: Duration  # the platform speaks of every device at least so often, changed or not
    time: TimeField | None = None  # None: the time of arrival
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
    paths += [("time.at", dialect.time.at)] if dialect.time is not None else []
    paths += [(f"values.{name}.at", field.at) for name, field in dialect.values.items()]
    for key, text in paths:
        try:
            parse_path(text)
        except ValueError as error:
            yield key, str(error)

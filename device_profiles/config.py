"""Strict reading of TOML files into records: an unknown or wrong key is an error that names the file and the key."""

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from device_profiles.choices import hint
from device_profiles.errors import ConfigError

T = TypeVar("T")
MAX_TEXT = 16_000_000  # characters of a file that people write: more is a slip of the hand
_PART = r"(\.[0-9]{1,6})?"
# at most some 270 years: a time that is so far from any of ours is still one
_DURATION = rf"^([0-9]{{1,9}}{_PART}m?s|[0-9]{{1,8}}{_PART}m|[0-9]{{1,6}}{_PART}h|[0-9]{{1,5}}{_PART}d)\Z"
_SIZE = r"^[0-9]{1,9}(kB|MB|GB)\Z"
Duration = Annotated[str, msgspec.Meta(pattern=_DURATION)]  # "200ms", "20s", "5m", "3d"
Size = Annotated[str, msgspec.Meta(pattern=_SIZE)]  # "64kB", "256MB", "2GB", decimal
_WORDS = {
    _DURATION: "is not a duration: write 200ms, 20s, 5m, 12h or 3d, at most 99999d",
    _SIZE: "is not a size: write 64kB, 256MB or 2GB, at most 999999999GB",
}

_UNITS = {"ms": timedelta(milliseconds=1), "s": timedelta(seconds=1), "m": timedelta(minutes=1)}
_UNITS |= {"h": timedelta(hours=1), "d": timedelta(days=1)}
_SIZES = {"kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_PATH = re.compile(r" - at (?:`key` in )?`(?P<path>[^`]*)`$")
_STEP = re.compile(r"\[\.\.\.\]|\[(?P<index>\d+)\]|\.?(?P<name>[^.\[\]]+)")
_FIELD = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<field>[^`]*)`")
_NO_FIELD, _NO_CHOICE = "Object contains unknown field", ("Invalid enum value", "Invalid value")  # msgspec's words
_LINE = re.compile(r" \(at (?P<place>[^)]*)\)$")


def duration_us(text: str) -> int:
    """Return the microseconds of a Duration. Raises ValueError."""
    if not re.match(_DURATION, text):
        raise ValueError(f"{text!r} {_WORDS[_DURATION]}")
    number = text.rstrip("mshd")
    return round(float(number) * (_UNITS[text.removeprefix(number)] / timedelta(microseconds=1)))


def duration_s(text: str) -> float:
    """Return the seconds of a Duration. Raises ValueError."""
    return duration_us(text) / 1e6


def size_bytes(text: str) -> int:
    """Return the bytes of a Size. Raises ValueError."""
    if not re.match(_SIZE, text):
        raise ValueError(f"{text!r} {_WORDS[_SIZE]}")
    return int(text[:-2]) * _SIZES[text[-2:]]


def check_host(name: str) -> None:
    """Check that a host's name can be asked for; whether there is one shows later. Raises ValueError."""
    try:
        name.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"{name!r} is no name of a host: a part between its dots is empty or too long") from error


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, without the byte order mark that some editors put before it.

    Raises ConfigError.
    """
    try:
        if path.exists() and not path.is_file():  # before it is opened: a pipe waits for whoever writes to it
            raise ConfigError("is no file that can be read as a whole", file=str(path))
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_TEXT + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot be read: {reason}", file=str(path)) from error
    if len(text) > MAX_TEXT:
        raise ConfigError(f"is more than {MAX_TEXT // 1_000_000} MB of text: no config is", file=str(path))
    return text


def read_toml(path: Path, record: type[T]) -> T:
    """Return the file as ``record``. Raises ConfigError with the file and the key (or line) of the fault."""
    return parse_toml(read_text(path), record, file=str(path))


def write_new(path: Path, text: str) -> bool:
    """Write a file that is not there yet; return False when it is. Raises ConfigError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=str(path)) from error
    return True


def parse_toml(text: str, record: type[T], *, file: str) -> T:
    """Return TOML ``text`` as ``record``; ``file`` is named in errors. Raises ConfigError."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _LINE.search(message)
        if place:
            raise ConfigError(message[: place.start()], file=file, key=place["place"]) from error
        raise ConfigError(message, file=file) from error
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits, brackets without an end
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    for key in _with_nul(table):
        raise ConfigError("holds a character NUL, which no name has", file=file, key=key)
    try:
        return msgspec.convert(table, record)
    except msgspec.ValidationError as error:
        message = str(error)
        match = _PATH.search(message)
        path = match["path"].removeprefix("$").removeprefix(".") if match else ""
        field = _FIELD.match(message)
        found = _with_entries(path, table, record)
        key = ".".join(filter(None, (found, field["field"] if field else "")))
        says = message[: match.start()] if match else message
        words = next((words for pattern, words in _WORDS.items() if repr(pattern) in says), says)
        words += _hint(says, found, table, record)
        raise ConfigError(words, file=file, key=key) from error


def _hint(says: str, place: str, table: dict[str, Any], record: type[Any]) -> str:
    """Return what could stand there instead, where that can be said."""
    steps = [step["name"] or int(step["index"] or 0) for step in _STEP.finditer(place)]
    if says.startswith(_NO_CHOICE):
        return hint(record, table, steps)
    field = _FIELD.match(says)
    unknown = field["field"] if field and says.startswith(_NO_FIELD) else ""
    return hint(record, table, steps, unknown=unknown) if unknown else ""


def _with_nul(node: Any) -> Iterator[str]:
    """Yield the key of each text that holds a NUL: files and servers are not asked for such a name."""
    if isinstance(node, str):
        yield from ("",) if "\0" in node else ()
        return
    named = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in named:
        step = f"[{name}]" if isinstance(name, int) else name
        yield from (f"{step}.{rest}".removesuffix(".").replace(".[", "[") for rest in _with_nul(value))


def _with_entries(path: str, table: dict[str, Any], record: type[Any]) -> str:
    """Return ``path`` with the key of the table's faulty entry wherever msgspec writes ``[...]``; shrinks ``table``."""
    node: Any = table
    named = ""
    for step in _STEP.finditer(path):
        text, key = step[0], step["name"] or int(step["index"] or 0)
        if text == "[...]":
            key = _faulty_entry(node, table, record)
            text = f".{key}"
        node, named = node[key], named + text
    return named


def _faulty_entry(node: dict[str, Any], table: dict[str, Any], record: type[Any]) -> str:
    """Return the key of the first entry of ``node``, a part of ``table``, that is a fault by itself; keep only that."""
    entries = dict(node)
    for key, value in entries.items():
        node.clear()
        node[key] = value
        try:
            msgspec.convert(table, record)
        except msgspec.ValidationError:
            return key
    raise AssertionError("one entry was at fault before")

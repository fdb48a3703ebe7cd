"""InfluxDB's line protocol: one line of text for each point."""

import math
import re
from collections.abc import Iterable

from device_profiles.wire import Value

Field = int | float | bool | str
_INT64 = 2**63
_NAME = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_STRING = str.maketrans({'"': r"\"", "\\": r"\\", "\n": r"\n"})  # the line feed: as InfluxData's own encoder does
_PLAIN_NAME = re.compile(r"[\w./-]+").fullmatch  # most names: five times as fast as to translate them
_PLAIN = 1e-4, 1e6  # Go's shortest 'g', in which the server's own encoder writes: outside it has an exponent


class LineError(ValueError):
    """A point that cannot be said in line protocol."""


def head(measurement: str, tags: Iterable[tuple[str, str]]) -> str:
    """Return the part of a line before its fields; the server wants ``tags`` sorted by key. Raises LineError."""
    text = _escaped(measurement, _MEASUREMENT)
    if text.startswith("#"):
        raise LineError(f"{measurement!r} would be a comment")
    return text + "".join(f",{name(key)}={name(value)}" for key, value in tags)


def name(text: str) -> str:
    """Return a tag's key or value, or a field's key, escaped. Raises LineError when it is empty or has a line feed."""
    return _escaped(text, _NAME)


def field_value(value: Value) -> str:
    """Return a field's value. Raises LineError for what is no number and what does not fit 64 bits.

    A line feed in a text becomes a backslash and an n, which InfluxDB 1 does not take back: put none in.
    """
    if isinstance(value, bool):  # before int, which it is too
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise LineError(f"{value} does not fit 64 bits")
        return f"{value}i"
    if isinstance(value, str):
        odd = '"' in value or "\\" in value or "\n" in value
        return f'"{value.translate(_STRING)}"' if odd else f'"{value}"'
    raise LineError(f"{value!r} is no value of a field")


def line(measurement: str, tags: Iterable[tuple[str, str]], fields: Iterable[tuple[str, Field]], time: int) -> str:
    """Return a whole line; the unit of ``time`` is the request's. Raises LineError."""
    said = ",".join(f"{name(key)}={field_value(value)}" for key, value in fields)
    if not said:
        raise LineError("a point has at least one field")
    return f"{head(measurement, tags)} {said} {time}"


def _escaped(text: str, table: dict[int, str]) -> str:
    if _PLAIN_NAME(text):
        return text
    if not text or "\n" in text or text.endswith("\\"):  # a backslash would escape the separator behind it
        raise LineError(f"{text!r} is no name in line protocol")
    return text.translate(table)


def _float(value: float) -> str:
    text = repr(value)
    size = abs(value)
    if _PLAIN[0] <= size < _PLAIN[1]:
        return text[:-2] if text.endswith(".0") else text
    if value == 0:
        return text[:-2]
    if not math.isfinite(value):
        raise LineError(f"{value} is no number")
    return ("-" if value < 0 else "") + _with_exponent(text.lstrip("-"))


def _with_exponent(text: str) -> str:
    """Return Python's shortest digits with one before the point. Formatted anew, 2**-24 would be another number."""
    mantissa, _, exponent = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = len(whole) - 1 - (len(whole + fraction) - len(digits)) + int(exponent or 0)
    digits = digits.rstrip("0")
    return f"{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}e{power:+03d}"

"""A judge's limits, read strictly from a profile: a wrong name or unit is an error that names file and key."""

from typing import TypeVar

import msgspec

from device_profiles.config import duration_us
from device_profiles.errors import ConfigError
from device_profiles.profile import JudgeSpec

L = TypeVar("L", bound=msgspec.Struct)
DURATION = (
    "_us"  # a field `clear_us` is the limit `clear`, written as a duration; any other is a number, an int a whole one
)


def read_limits(spec: JudgeSpec, record: type[L], *, file: str) -> L:
    """Return the limits of a profile as ``record``. Raises ConfigError with file and key."""
    fields = {name.removesuffix(DURATION): name for name in record.__struct_fields__}
    whole = {one.name for one in msgspec.structs.fields(record) if one.type is int}
    found: dict[str, float] = {}
    for name, value in spec.limits.items():
        key = f"judge.limits.{name}"
        if name not in fields:
            known = ", ".join(sorted(fields))
            raise ConfigError(f"judge {spec.name!r} has no such limit; known: {known}", file=file, key=key)
        number = _number(value, duration=fields[name].endswith(DURATION), file=file, key=key)
        if fields[name] in whole and number != int(number):
            raise ConfigError("must be a whole number", file=file, key=key)
        found[fields[name]] = int(number) if fields[name] in whole else number
    return record(**found)


def _number(value: str | float, *, duration: bool, file: str, key: str) -> float:
    if isinstance(value, str) is not duration:
        raise ConfigError("must be " + ('a duration such as "20s"' if duration else "a number"), file=file, key=key)
    number = duration_us(value) if isinstance(value, str) else value
    if not 0 <= number < float("inf"):
        raise ConfigError("must be at least 0", file=file, key=key)
    return number

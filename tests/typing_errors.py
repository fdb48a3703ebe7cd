"""Every typing error that a TOML file can have: a wrong type at each key, and a stray key in each table."""

import json
from collections.abc import Iterator
from typing import Any

Table = dict[str, Any]
STRAY = "stray"


def dump(table: Table) -> str:
    """Return ``table`` as TOML: JSON's scalars and arrays are TOML's too, inline tables do for the rest."""
    return "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in table.items())


def typing_errors(table: Table) -> Iterator[tuple[str, str]]:
    """Yield (key, text with one fault at it) for every key and every table in ``table``."""
    for path, value in _nodes(table):
        yield _name(path), dump(_with(table, path, _wrong(value)))
        if isinstance(value, dict):
            yield _name((*path, STRAY)), dump(_with(table, (*path, STRAY), 1))
    yield STRAY, dump(table | {STRAY: 1})


def _nodes(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key), value
        yield from _nodes(value, (*path, key))


def _wrong(value: Any) -> Any:
    return 12.5 if isinstance(value, str | bool | list | dict) else "wrong"


def _with(node: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    known = copy.get(path[0]) if isinstance(copy, dict) else copy[path[0]]  # type: ignore[call-overload]
    copy[path[0]] = _with(known, path[1:], value)  # type: ignore[index]
    return copy


def _name(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)

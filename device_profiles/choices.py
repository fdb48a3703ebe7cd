"""What could stand in a place of a config, for whoever has written something else there."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

_FEW = 12  # so many are listed; of more only the nearest is named

Step = str | int  # the key of a table, the number in a list


def hint(record: type[Any], table: Any, steps: Iterable[Step], *, unknown: str = "") -> str:
    """Return what may stand at ``steps`` of ``record``, as the end of a message; "" where that is any number of things.

    With ``unknown`` the question is which key was meant in the table there. ``table`` is what was written.
    """
    kinds = list(_at(inspect.type_info(record), table, list(steps)))
    if unknown:
        return _nearest(unknown, [field.encode_name for kind in kinds for field in _fields(kind)])
    found = [str(value) for kind in kinds for value in _values(kind)]
    return f"; it is one of: {', '.join(found)}" if found else ""


def _nearest(unknown: str, names: list[str]) -> str:
    near = get_close_matches(unknown, names, n=1)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known here: {', '.join(names)}" if 0 < len(names) <= _FEW else ""


def _at(kind: inspect.Type, node: Any, steps: list[Step]) -> Iterator[inspect.Type]:
    """Yield what may stand at ``steps`` below ``kind``; of records that a tag tells apart the one that is there."""
    if isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _at(each, node, steps)
        return
    if isinstance(kind, inspect.Metadata):
        yield from _at(kind.type, node, steps)
        return
    if isinstance(kind, inspect.StructType) and kind.tag_field is not None and steps == [kind.tag_field]:
        yield inspect.LiteralType((kind.tag,))
        return
    if isinstance(kind, inspect.StructType) and not _tagged(kind, node):
        return
    if not steps:
        yield kind
        return
    below = _child(kind, steps[0])
    if below is not None:
        yield from _at(below, _part(node, steps[0]), steps[1:])


def _tagged(kind: inspect.StructType, node: Any) -> bool:
    return kind.tag_field is None or (isinstance(node, dict) and node.get(kind.tag_field) == kind.tag)


def _child(kind: inspect.Type, step: Step) -> inspect.Type | None:
    if isinstance(kind, inspect.StructType):
        return next((field.type for field in kind.fields if field.encode_name == step), None)
    if isinstance(kind, inspect.DictType):
        return kind.value_type
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return kind.item_type
    return None


def _part(node: Any, step: Step) -> Any:
    try:
        return node[step]
    except (KeyError, IndexError, TypeError):
        return None


def _fields(kind: inspect.Type) -> tuple[inspect.Field, ...]:
    return kind.fields if isinstance(kind, inspect.StructType) else ()


def _values(kind: inspect.Type) -> list[object]:
    if isinstance(kind, inspect.EnumType):
        return [each.value for each in kind.cls]
    return list(kind.values) if isinstance(kind, inspect.LiteralType) else []

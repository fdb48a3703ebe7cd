"""Conditions over a device's values, in Kleene's three-valued logic: true, false, or None for unknown."""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, cast

from device_profiles.wire import Value

Truth = bool | None
Values = Mapping[str, Value]

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
MAX_LENGTH = 1_000  # characters; the longest rule we know has 120
MAX_DEPTH = 50  # far below Python's own limit, which depends on who calls
_WORDS = frozenset({"true", "false"})  # names that are no value's
NO_NAMES = _WORDS | {"abs", "known"}  # words of conditions, which no value may be called
_Evaluate = Callable[[Values], Value]


class ConditionError(ValueError):
    """A condition text that is not part of the language."""


class Condition:
    """A condition such as ``load_kg > 30 or speed_mps >= 0.5``, written in a small part of Python's grammar.

    Names are values, with ``and or not``, comparisons (chained too), ``+ - * /``, ``abs()``, numbers, strings,
    ``true`` and ``false``. A name that is absent or None is unknown; so is every comparison with it, a comparison of
    things that have no order, a string where a truth is asked for, and a division by zero. ``known(…)`` says whether
    something is known; a device that is silent is not asked (ALARMS.md rule 8). ALARMS.md rule 5:
    false and unknown = false, true or unknown = true, not unknown = unknown.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ConditionError(f"{text[:40]!r}… has more than {MAX_LENGTH} characters")
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ConditionError(f"{text!r} is not a condition: {error}") from error
        if _depth(tree.body) > MAX_DEPTH:
            raise ConditionError(f"{text[:40]!r}… is nested more than {MAX_DEPTH} deep")
        self.text = text
        self.names = frozenset(
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id not in NO_NAMES
        )
        # what the truth is at some values; that of a comparison is one already, and is asked at every reading
        compiled = _compile(tree.body)
        plain = isinstance(tree.body, ast.Compare | ast.BoolOp)
        self.evaluate = cast(Callable[[Values], Truth], compiled) if plain else _truthful(compiled)

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"


def _truth(value: Value) -> Truth:
    return None if value is None or isinstance(value, str) or value != value else bool(value)


def _truthful(evaluate: _Evaluate) -> Callable[[Values], Truth]:
    return lambda values: _truth(evaluate(values))


def _depth(tree: ast.expr) -> int:
    """Return how deep ``tree`` is nested, without recursion."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return depth


def _compile(node: ast.expr) -> _Evaluate:
    match node:
        case ast.BoolOp(op=op, values=parts):
            return _boolean([_compile(part) for part in parts], decisive=isinstance(op, ast.Or))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _not(_compile(operand))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _numeric(lambda a, _b: -a, _compile(operand), lambda _values: 0)
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARE for op in ops):
            terms = [_compile(term) for term in (left, *comparators)]
            pairs = [
                _comparison(_COMPARE[type(op)], first, second)
                for op, first, second in zip(ops, terms, terms[1:], strict=False)
            ]
            match ops, left, comparators:  # nearly every rule is of this form, and every reading asks it
                case [only], ast.Name(id=name), [ast.Constant(value=int() | float() as bound)] if name not in _WORDS:
                    return _bounded(_COMPARE[type(only)], name, bound)
            return pairs[0] if len(pairs) == 1 else _boolean(pairs, decisive=False)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _numeric(_ARITHMETIC[type(op)], _compile(left), _compile(right))
        case ast.Call(func=ast.Name(id="abs"), args=[argument], keywords=[]):
            return _numeric(lambda a, _b: abs(a), _compile(argument), lambda _values: 0)
        case ast.Call(func=ast.Name(id="known"), args=[argument], keywords=[]):
            return _known(_compile(argument))
        case ast.Name(id="true" | "false" as word):
            return lambda _values: word == "true"
        case ast.Name(id=name):
            return lambda values: values.get(name)
        case ast.Constant(value=bool() | int() | float() | str() as constant):
            return lambda _values: constant
    raise ConditionError(
        f"{ast.unparse(node)!r} is not part of a condition: "
        "use names, numbers, comparisons, and, or, not, + - * /, abs(), known()"
    )


def _boolean(parts: list[_Evaluate], *, decisive: bool) -> _Evaluate:
    """Return Kleene's or (decisive True) or and (decisive False) of ``parts``."""

    def evaluate(values: Values) -> Truth:
        result: Truth = not decisive
        for part in parts:
            truth = _truth(part(values))
            if truth is decisive:
                return decisive
            if truth is None:
                result = None
        return result

    return evaluate


def _not(part: _Evaluate) -> _Evaluate:
    def evaluate(values: Values) -> Truth:
        truth = _truth(part(values))
        return None if truth is None else not truth

    return evaluate


def _known(part: _Evaluate) -> _Evaluate:
    def evaluate(values: Values) -> Truth:
        value = part(values)
        return value is not None and value == value  # NaN is unknown

    return evaluate


def _comparison(compare: Callable[[Any, Any], bool], left: _Evaluate, right: _Evaluate) -> _Evaluate:
    def evaluate(values: Values) -> Truth:
        a, b = left(values), right(values)
        if a is None or b is None or a != a or b != b:
            return None
        if isinstance(a, str) is not isinstance(b, str):
            return None
        return compare(a, b)

    return evaluate


def _bounded(compare: Callable[[Any, Any], bool], name: str, bound: float) -> _Evaluate:
    def evaluate(values: Values) -> Truth:
        a = values.get(name)
        if a is None or a != a or isinstance(a, str):
            return None
        return compare(a, bound)

    return evaluate


def _numeric(operate: Callable[[float, float], float], left: _Evaluate, right: _Evaluate) -> _Evaluate:
    def evaluate(values: Values) -> Value:
        a, b = left(values), right(values)
        if a is None or b is None or isinstance(a, str) or isinstance(b, str):
            return None
        try:
            return operate(a, b)
        except (ZeroDivisionError, OverflowError):
            return None

    return evaluate


def compared(text: str) -> Iterable[tuple[str, bool | float | str]]:
    """Yield (name, constant) of each comparison of a value with a constant in the condition ``text``."""
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Compare):
            terms = (node.left, *node.comparators)
            for pair in pairwise(terms):
                for one, other in (pair, pair[::-1]):
                    if isinstance(one, ast.Name) and isinstance(other, ast.Constant):
                        yield one.id, cast("bool | float | str", other.value)


def condition_faults(key: str, text: str, names: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for a ``text`` that is no condition over the values of these ``names``."""
    try:
        used = Condition(text).names
    except ConditionError as error:
        yield key, str(error)
        return
    for name in sorted(used - set(names)):
        yield key, f"{name!r} is not in values"

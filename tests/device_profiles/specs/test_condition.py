"""Conditions are three-valued, and nothing but a condition is a condition."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.specs.condition import MAX_DEPTH, MAX_LENGTH, Condition, ConditionError, Truth
from device_profiles.wire import Value

NAMES = ("a", "b", "c", "d")
truths: st.SearchStrategy[Truth] = st.sampled_from([True, False, None])
numbers = st.none() | st.integers(-5, 5) | st.floats(-5, 5)


@dataclass(frozen=True)
class Formula:
    """A formula of Kleene's logic: its text, and its truth as a number between 0 (false) and 1 (true)."""

    text: str
    level: float  # unknown is 0.5: and = min, or = max, not = 1 - x, Kleene's own definition


def _formulas(levels: dict[str, float]) -> st.SearchStrategy[Formula]:
    leaves = st.sampled_from(NAMES).map(lambda name: Formula(name, levels[name]))
    return st.recursive(
        leaves,
        lambda part: st.one_of(
            part.map(lambda p: Formula(f"not ({p.text})", 1 - p.level)),
            st.tuples(part, part).map(lambda p: Formula(f"({p[0].text} and {p[1].text})", min(p[0].level, p[1].level))),
            st.tuples(part, part).map(lambda p: Formula(f"({p[0].text} or {p[1].text})", max(p[0].level, p[1].level))),
        ),
        max_leaves=8,
    )


@given(values=st.fixed_dictionaries(dict.fromkeys(NAMES, truths)), data=st.data())
def test_logic_is_kleenes(values: dict[str, Truth], data: st.DataObject) -> None:
    """And is the minimum, or the maximum, not the complement, with unknown in the middle."""
    levels = {name: 0.5 if truth is None else float(truth) for name, truth in values.items()}
    formula = data.draw(_formulas(levels))
    assert Condition(formula.text).evaluate(values) is {0.0: False, 0.5: None, 1.0: True}[formula.level]


@given(a=numbers, b=numbers, op=st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_a_comparison_with_unknown_is_unknown(a: Value, b: Value, op: str) -> None:
    """A comparison of two numbers is Python's; with an unknown one it is unknown."""
    expected = None if a is None or b is None else eval(f"a {op} b")
    assert Condition(f"a {op} b").evaluate({"a": a, "b": b}) is expected


@given(values=st.fixed_dictionaries({"a": numbers, "b": numbers, "c": numbers}))
def test_a_chain_is_a_conjunction(values: dict[str, Value]) -> None:
    """``a < b <= c`` is ``a < b and b <= c``."""
    assert Condition("a < b <= c").evaluate(values) is Condition("a < b and b <= c").evaluate(values)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("tilt_deg >= 10 or water_m > 0.5", True),
        ("tilt_deg - 12 > 0", None),
        ("water_m * 2 + 0.8 == 2.0", True),
        ("-water_m < 0", True),
        ("abs(-water_m) > 0.5", True),
        ("water_m / 0 > 1", None),
        ("water_m / 0 > 1 or true", True),
        ("not missing", None),
        ("state == 'open'", True),
        ("state != 'open'", False),
        ("state == 3", None),
        ("state > 3", None),
        ("state + 1 > 3", None),
        ("-state > 3", None),
        ("state", None),
        ("not state", None),
        ("nan > 1", None),
        ("nan != nan", None),
        ("nan", None),
        ("inf - inf > 0", None),
        ("1e999 > water_m", True),
        ("on == true", True),
        ("on != false and not false", True),
        ("on == True", True),
        ("big * 1.0 > 1", None),
    ],
)
def test_the_language(text: str, truth: Truth) -> None:
    """Numbers, strings, truths, arithmetic and what cannot be known."""
    values: dict[str, Value] = {
        "tilt_deg": None,
        "water_m": 0.6,
        "state": "open",
        "nan": float("nan"),
        "inf": float("inf"),
        "on": True,
        "big": 10**400,
    }
    assert Condition(text).evaluate(values) is truth


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a >",
        "a = 1",
        "a; b",
        "a.b > 1",
        "a[0]",
        "f(a)",
        "abs()",
        "abs(a, b)",
        "abs(x=a)",
        "abs(*a)",
        "lambda: a",
        "[a for a in b]",
        "(a, b)",
        "{a}",
        "a if b else c",
        "a in b",
        "a is b",
        "a ** 9",
        "a // 2",
        "a % 2",
        "a & b",
        "~a",
        "+a",
        "(a := 1)",
        "f'{a}'",
        "b'a'",
        "1j",
        "None",
        "...",
        "await a",
        "__import__('os').system('true')",
        "a\0",
        "a\n> 1",
        "9" * 5000,
        "+".join("a" * MAX_LENGTH),
        "not " * (MAX_DEPTH + 1) + "a",
        "-" * 500 + "1",
        "(" * 300 + "a" + ")" * 300,
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    """What is not part of the language is refused when it is compiled, not when it is evaluated."""
    with pytest.raises(ConditionError):
        Condition(text)


@given(text=st.text(st.sampled_from("ab01 .()<>=!+-*/'\"notrad,[]{}:\\\n"), max_size=30))
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    """No text brings the compiler down, and no accepted condition brings the evaluation down."""
    try:
        condition = Condition(text)
    except ConditionError:
        return
    assert condition.evaluate({"a": 1, "b": "x"}) in (True, False, None)


def test_names_are_what_it_depends_on() -> None:
    """The names of values, without the words of the language."""
    condition = Condition("abs(a - b) > 1 and c == true or not a")
    assert condition.names == {"a", "b", "c"}
    assert repr(condition) == "Condition('abs(a - b) > 1 and c == true or not a')"

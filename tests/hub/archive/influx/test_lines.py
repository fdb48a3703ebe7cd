"""Lines of a run: the same numbers under the same names as each row by itself says."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.archive.blocks import Block, Blocks
from hub.archive.influx.lines import lines_of
from hub.archive.influx.rows import Row

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
OTHERS = st.one_of(FLOATS, st.integers(-(2**63) + 1, 2**63 - 1), st.booleans(), st.none(), st.text(max_size=5))
NAMES = st.sampled_from(["u1", "t", "time", "area", 'a"b', "c:d", "e},{f", "g h", "i.j", "event/lift.stuck"])


def fields(line: str) -> dict[str, Any]:
    """Return what a line of plain names and numbers says."""
    _, said, _ = line.split(" ")
    pairs = [pair.split("=") for pair in said.split(",")]
    return {name: text if text.startswith('"') or text[-1] in "ie" else float(text) for name, text in pairs}


def run_of(values: list[dict[str, Any]], *, historical: bool = False) -> list[Block]:
    """Return blocks of one device, a second apart."""
    return [
        Block("a/b/c", "a-1", "lift-1", at * 1_000_000, each, 7, "reading", at + 1, historical and at % 2 == 0)
        for at, each in enumerate(values)
    ]


@given(st.lists(st.fixed_dictionaries({"u1": FLOATS, "i.j": FLOATS}), min_size=1), st.booleans())
def test_floats_of_a_run_are_those_of_its_rows(values: list[dict[str, Any]], historical: bool) -> None:
    """The texts of a number may differ, the numbers and all the rest do not."""
    blocks = run_of(values, historical=historical)
    lines = lines_of(Blocks(blocks).runs[0])
    rows = [Row.of(block).line() for block in blocks]
    assert [fields(line) for line in lines] == [fields(row) for row in rows]
    assert [line.split(" ")[::2] for line in lines] == [row.split(" ")[::2] for row in rows]


@given(st.lists(st.dictionaries(NAMES, OTHERS, min_size=1), min_size=1))
def test_whatever_else_is_said_as_a_row_says_it(values: list[dict[str, Any]]) -> None:
    """Names that JSON writes otherwise, other types, and several shapes in one run."""
    plain = all(name in ("u1", "t", "i.j") and type(value) is float for each in values for name, value in each.items())
    blocks = run_of(values)
    if not plain:
        assert lines_of(Blocks(blocks).runs[0]) == [Row.of(block).line() for block in blocks]

"""What docs/lifts.md says is tested, is: the tests and scenarios that its tables name are there."""

import re
from pathlib import Path

import pytest

from simulators.play.loading import load_scenarios

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "lifts.md").read_text(encoding="utf-8")


def _section(title: str) -> list[str]:
    """Return the rows of the first table of a section, without its head."""
    _, _, after = TEXT.partition(f"## {title}\n")
    body = after.partition("\n## ")[0]
    return [line for line in body.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("title", ["EN 81-28", "Bad input"])
def test_every_row_names_tests_that_exist(title: str) -> None:
    """Each requirement has a test function or a scenario, and none of them is a name only."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    written, scenarios = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE)), load_scenarios()
    rows = _section(title)
    assert len(rows) >= 6
    for row in rows:
        named = re.findall(r"`([^`]+)`", row.rstrip("| ").rpartition("| ")[2])
        assert named, row
        assert [name for name in named if name not in written and name not in scenarios] == []

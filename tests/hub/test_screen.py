"""Whatever somebody wrote is shown as it is, and does nothing to a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from hub.screen import Screen, one_line, say, visible

HOSTILE = "[/x] see [bold]here[/bold] [right lane] :warning: \x1b[31mred\x1b[0m \u202etxet"
SEEN = "[/x] see [bold]here[/bold] [right lane] :warning: \\x1b[31mred\\x1b[0m \\u202etxet"


def test_a_text_in_brackets_is_a_text_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """In a table, in its title and in a line: nothing of it is obeyed, and nothing of it is left out."""
    table = Table("said")
    table.add_row(HOSTILE)
    screen = Screen()
    screen.print(table)
    screen.print(HOSTILE)
    say(HOSTILE + "\n")
    assert capsys.readouterr().out.count(SEEN) == 3


def test_a_table_too_wide_for_a_terminal_is_blocks_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of an id or a place is cut off: each row is lines of name and cell, without those that are empty."""
    table = Table("id", "subject", "flags", title="two")
    table.add_row("2ce4479d3ce46aed", "hz/xiacheng/chaoming/well-01", HOSTILE)
    table.add_row("2d01edc30ea3cc7d", "hz/xiacheng/chaoming/well-02", "")
    Screen(width=200).table(table)
    assert "┃" in capsys.readouterr().out
    Screen(width=50).table(table)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == ["two", "id       2ce4479d3ce46aed", "subject  hz/xiacheng/chaoming/well-01"]
    assert lines[-3:] == ["", "id       2d01edc30ea3cc7d", "subject  hz/xiacheng/chaoming/well-02"]
    assert "\x1b" not in "".join(lines)


def test_a_table_of_nothing_is_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is nothing to show, what there is none of is said in place of a head without a body."""
    Screen().table(Table("id"), empty="no alarms")
    assert capsys.readouterr().out == "no alarms\n"


def test_what_somebody_wrote_is_no_line_of_ours() -> None:
    """A line feed in it is written out; in what we say it is one."""
    assert one_line("a\n  told centre: delivered") == "a\\n  told centre: delivered"
    assert visible("a\n\tb") == "a\n\tb"


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    """And a text without any of it is untouched."""
    shown = visible(text)
    assert visible(shown) == shown
    assert not any(
        ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown if character not in "\n\t"
    )
    assert shown == text or len(shown) > len(text)

"""The screen: what people read shows every text as it is, whoever wrote it, and changes no terminal."""

import re
import sys
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

_ENDLESS = 100_000  # characters, of a line that no table fills
WIDTH = 160  # characters, of a table that goes into a file or a pipe
# What a terminal obeys instead of showing (escapes that colour, move or answer), and what turns the direction of text.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return ``text`` with all that a terminal would obey written out; line feeds and tabs stay."""
    return _OBEYED.sub(_written, text)


def one_line(text: str) -> str:
    """Return ``text`` on one line, so that what somebody wrote does not look like a line of ours."""
    return visible(text).replace("\n", "\\n")


def say(text: str) -> None:
    """Write ``text`` for people to stdout."""
    sys.stdout.write(visible(text))


class Screen(Console):
    """Where tables go: a text in brackets is a text here, and no markup."""

    def __init__(self, *, width: int | None = None) -> None:
        """Take the terminal's width, and one of its own where there is no terminal."""
        self._narrow = width is not None or sys.stdout.isatty()
        width = width if self._narrow else WIDTH
        super().__init__(width=width, markup=False, emoji=False, highlight=False)

    def table(self, table: Table, *, empty: str = "") -> None:
        """Print a table, or ``empty`` if it has no rows; a terminal that is too narrow for it gets a block for each."""
        if not table.row_count and empty:
            say(f"{empty}\n")
        elif self._narrow and self.measure(table, options=self.options.update(width=_ENDLESS)).minimum > self.width:
            self._blocks(table)
        else:
            self.print(table)

    def _blocks(self, table: Table) -> None:
        """Print each row as lines of name and cell, without cells that are empty."""
        if table.title:
            self.print(table.title)
        names = [str(column.header) for column in table.columns]
        rows = zip(*(column.cells for column in table.columns), strict=True)
        grid = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
        for number, row in enumerate(rows):
            if number:
                grid.add_row()
            for name, cell in zip(names, row, strict=True):
                if str(cell):
                    grid.add_row(name, cell)
        self.print(grid)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return ``text`` as it is to be seen."""
        return super().render_str(visible(text), **options)


def _written(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")

"""The screen: what people read shows every text as it is, whoever wrote it, and changes no terminal."""

import re
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

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

    def __init__(self) -> None:
        """Take the terminal's width, and one of its own where there is no terminal."""
        width = None if sys.stdout.isatty() else WIDTH
        super().__init__(width=width, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return ``text`` as it is to be seen."""
        return super().render_str(visible(text), **options)


def _written(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")

"""The demo's picture, as the README shows it: what a terminal would, as SVG that asks nobody for a font."""

import io
import re
from pathlib import Path

from rich.console import Console

WIDTH = 126  # characters; the longest line of the story has fewer
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)  # rich names a foreign server there
_ID = "demo"  # of what is in it: the same in each picture, so that two differ only in what they tell


def new_sheet() -> Console:
    """Return a console that writes nowhere and remembers it."""
    return Console(record=True, file=io.StringIO(), width=WIDTH, force_terminal=True, color_system="truecolor")


def save_sheet(sheet: Console, path: Path) -> None:
    """Write what stands on a sheet as SVG."""
    text = _FONT_FACE.sub("\n", sheet.export_svg(title="make demo", unique_id=_ID))
    text = text.replace("<svg ", '<svg xml:space="preserve" ', 1)  # some readers trim what a line begins with
    path.write_text(text.replace("Fira Code", "monospace").rstrip() + "\n", encoding="utf-8")

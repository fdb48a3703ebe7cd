"""A model's entry in models.toml: what it says, and how it is put there while the others' stay as they are."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Golden = tuple[str, NDArray[np.float32]]  # a line that says what goes in, and what must come out


def entry(path: Path, said: str, *, scores: Mapping[str, float], golden: Iterable[Golden]) -> str:
    """Return the entry of the model at ``path``, which is named as its script and its card are.

    ``said`` is the entry's own part: it begins with keys of the model itself and ends with the table of its scores.
    """
    name = path.stem
    lines = [
        f"# Written by models/train_{name}.py; a model that does not match its entry is not loaded.",
        f"[{name}]",
        f'file = "{path.name}"',
        f'sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"',
        f'card = "{name}.md"',
        said.strip(),
        *(f"{score} = {value:.4f}" for score, value in scores.items()),
    ]
    for given, output in golden:
        lines += ["", f"[[{name}.golden]]", given, f"output = [{numbers(output)}]"]
    return "\n".join(lines) + "\n"


def pictured(pictures: NDArray[np.uint8], outputs: NDArray[np.float32]) -> list[Golden]:
    """Return golden samples whose input is a picture."""
    packed = [base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode() for picture in pictures]
    return [(f'picture = "{text}"', output) for text, output in zip(packed, outputs, strict=True)]


def numbers(values: NDArray[np.float32]) -> str:
    """Return values as they stand between brackets in TOML."""
    return ", ".join(f"{value:.6g}" for value in values.ravel().tolist())


def texts(values: Iterable[str]) -> str:
    """Return texts as they stand between brackets in TOML."""
    return ", ".join(f'"{value}"' for value in values)


def put(registry: Path, text: str) -> None:
    """Write an entry, which begins with its line ``# Written by <script>``, in the place of that script's old one."""
    script = text.splitlines()[0].split(";")[0]
    before = registry.read_text(encoding="utf-8") if registry.is_file() else ""
    rest = re.sub(rf"(?ms)^{re.escape(script)}.*?(?=^# Written by|\Z)", "", before).rstrip()
    registry.write_text(f"{rest}\n\n{text}".lstrip(), encoding="utf-8")

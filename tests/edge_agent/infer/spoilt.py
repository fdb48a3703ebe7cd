"""A copy of a committed model that may be spoilt, and why it is refused then."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.infer.model import ModelRefused, Refusal
from edge_agent.infer.registry import models_folder


class SpoiltModel:
    """The file of one model, beside a copy of the whole models.toml."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.file = folder / f"{name}.onnx"
        self._registry = folder / "models.toml"
        for path in (self.file, self._registry):
            shutil.copy(models_folder() / path.name, path)

    def edit(self, pattern: str, text: str) -> None:
        """Change the first match in the model's own entry, behind its header."""
        header = f"[{self.name}]\n"
        before, entry = self._registry.read_text(encoding="utf-8").split(header)
        edited, count = re.subn(pattern, text, entry, count=1)
        assert count == 1, f"{pattern!r} is not in the entry"
        self._registry.write_text(before + header + edited, encoding="utf-8")

    def flip(self, at: int, *, bits: int = 0x40) -> None:
        """Change a byte of the file."""
        content = bytearray(self.file.read_bytes())
        content[at] ^= bits
        self.file.write_bytes(bytes(content))

    def sign(self) -> None:
        """Write the digest of the file as it is now."""
        digest = hashlib.sha256(self.file.read_bytes()).hexdigest()
        self.edit(r'sha256 = "[0-9a-f]+"', f'sha256 = "{digest}"')


def refusal(load: Callable[[], object]) -> Refusal:
    """Return why what ``load`` loads is refused."""
    with pytest.raises(ModelRefused) as refused:
        load()
    return refused.value.refusal

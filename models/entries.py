"""Put a model's entry into models.toml and leave the other models' entries as they are."""

import re
from pathlib import Path


def put(registry: Path, text: str) -> None:
    """Write an entry, which begins with its line ``# Written by <script>``, in the place of that script's old one."""
    script = text.splitlines()[0].split(";")[0]
    before = registry.read_text(encoding="utf-8") if registry.is_file() else ""
    rest = re.sub(rf"(?ms)^{re.escape(script)}.*?(?=^# Written by|\Z)", "", before).rstrip()
    registry.write_text(f"{rest}\n\n{text}".lstrip(), encoding="utf-8")

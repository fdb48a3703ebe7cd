"""Read the heights of a lift's floors from a file: TOML, or CSV as a spreadsheet gives it."""

import csv
import io
import math
from pathlib import Path

import msgspec

from device_profiles.config import parse_toml
from device_profiles.errors import ConfigError
from edge_agent.judge.ride.state import Floor

MOST = 250  # floors of one shaft
HEIGHT, NAMES = "height_m", ("name", "floor")


class FloorLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One floor."""

    height_m: float  # above any level that is the same for all
    name: str = ""


class FloorsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file of floors: ``heights_m = [0, 3.2, 6.4]``, or a table for each."""

    heights_m: tuple[float, ...] = ()
    floors: tuple[FloorLine, ...] = ()


def read_floors(path: Path) -> tuple[Floor, ...]:
    """Return the floors, the lowest first. Raises ConfigError with file and key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"cannot be read: {reason}", file=str(path)) from error
    lines = _from_csv(text, path) if path.suffix.lower() == ".csv" else _from_toml(text, path)
    heights = [line.height_m for line in lines]
    if not 2 <= len(lines) <= MOST:
        raise ConfigError(f"has {len(lines)} floors; a lift has 2 to {MOST}", file=str(path), key=HEIGHT)
    if len(set(heights)) < len(heights) or not all(map(math.isfinite, heights)):
        raise ConfigError("each floor has a height of its own", file=str(path), key=HEIGHT)
    return tuple(Floor(line.height_m, name=line.name) for line in sorted(lines, key=lambda line: line.height_m))


def _from_toml(text: str, path: Path) -> list[FloorLine]:
    content = parse_toml(text, FloorsFile, file=str(path))
    return [*map(FloorLine, content.heights_m), *content.floors]


def _from_csv(text: str, path: Path) -> list[FloorLine]:
    rows = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    names = [name.strip() for name in rows.fieldnames or ()]
    if HEIGHT not in names:
        raise ConfigError("is missing in the header", file=str(path), key=HEIGHT)
    rows.fieldnames = names
    lines = []
    for row in rows:
        try:
            height_m = float(row[HEIGHT])
        except (TypeError, ValueError) as error:
            raise ConfigError(f"line {rows.line_num}: not a number", file=str(path), key=HEIGHT) from error
        lines.append(FloorLine(height_m, next((row[name] for name in NAMES if row.get(name)), "")))
    return lines

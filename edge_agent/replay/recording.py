"""Read recordings: CSV files of accelerations and pressures, as they come from boxes and phones."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from device_profiles.errors import ConfigError

Times = NDArray[np.int64]
Columns = NDArray[np.float64]

TIME = "t_us"
ACCELERATION = ("ax", "ay", "az")
PRESSURE = ("pressure_pa",)
FARTHEST_US = 1 << 62  # beyond it no time fits into 64 bits with room to add


class Series(msgspec.Struct, frozen=True):
    """Samples in the order of their rows."""

    t_us: Times
    values: Columns  # (n, columns), NaN where a cell was empty


class Recording(msgspec.Struct, frozen=True):
    """All files together, and what was wrong with their rows."""

    acceleration: Series
    pressure: Series
    bad: dict[str, Counter[str]]  # file → reason → rows


def read_recording(paths: Iterable[Path]) -> Recording:
    """Return what the files hold. Raises ConfigError with the file and the column of a wrong header."""
    rows: dict[tuple[str, ...], list[tuple[int, ...]]] = {ACCELERATION: [], PRESSURE: []}
    bad: dict[str, Counter[str]] = {}
    for path in paths:
        bad[str(path)] = Counter()
        _read_file(path, rows, bad[str(path)])
    return Recording(_series(rows[ACCELERATION], ACCELERATION), _series(rows[PRESSURE], PRESSURE), bad)


def _read_file(path: Path, rows: dict[tuple[str, ...], list[tuple[int, ...]]], bad: Counter[str]) -> None:
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            lines = _lines(file, bad)
            header = [name.strip() for name in next(lines, [])]
            groups = _groups(header, path)
            at = header.index(TIME)
            for line in lines:
                _take_row(line, at, [(group, [header.index(name) for name in group]) for group in groups], rows, bad)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error


def _lines(file: Iterable[str], bad: Counter[str]) -> Iterator[list[str]]:
    reader = csv.reader((line.replace("\0", "") for line in file), skipinitialspace=True)
    while True:
        try:
            line = next(reader)
        except StopIteration:
            return
        except csv.Error:
            bad["not CSV"] += 1
            continue
        if line:
            yield line


def _groups(header: Sequence[str], path: Path) -> list[tuple[str, ...]]:
    """Return which series a file holds."""
    known = (TIME, *ACCELERATION, *PRESSURE)
    for name in header:
        if name not in known:
            raise ConfigError(f"no such column; known: {', '.join(known)}", file=str(path), key=name or "header")
        if header.count(name) > 1:
            raise ConfigError("stands twice in the header", file=str(path), key=name)
    some = [name for name in ACCELERATION if name in header]
    wanted = [TIME, *(ACCELERATION if some or PRESSURE[0] not in header else ())]
    for name in wanted:
        if name not in header:
            raise ConfigError("is missing in the header", file=str(path), key=name)
    return [group for group in (ACCELERATION, PRESSURE) if group[0] in header]


def _take_row(
    line: Sequence[str],
    at: int,
    groups: Iterable[tuple[tuple[str, ...], list[int]]],
    rows: dict[tuple[str, ...], list[tuple[int, ...]]],
    bad: Counter[str],
) -> None:
    try:
        time = float(line[at]) if "." in line[at] or "e" in line[at].lower() else int(line[at])
        t_us = int(time)
        found = [(group, tuple(_cell(line[column]) for column in columns)) for group, columns in groups]
    except IndexError:
        bad["too few cells"] += 1
        return
    except (ValueError, OverflowError):
        bad["not a number"] += 1
        return
    if t_us != time or abs(t_us) > FARTHEST_US:
        bad["not a time in whole microseconds"] += 1
        return
    filled = [(group, cells) for group, cells in found if any(math.isfinite(cell) for cell in cells)]
    if not filled:
        bad["empty"] += 1
    for group, cells in filled:
        rows[group].append((t_us, *cells))  # type: ignore[arg-type]


def _cell(text: str) -> float:
    """Return a cell's number, NaN when it is empty."""
    value = float(text) if text.strip() else math.nan
    if text.strip() and not math.isfinite(value):
        raise ValueError(text)
    return value


def _series(rows: list[tuple[int, ...]], columns: tuple[str, ...]) -> Series:
    t_us = np.array([row[0] for row in rows], dtype=np.int64)
    values = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), len(columns))
    return Series(t_us, values)

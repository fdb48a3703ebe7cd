"""What the bench measured: a table for people, ``build/bench.json`` for machines, and whether every gate held."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured number; with a ``gate`` it is a ratio that decides the exit code."""

    name: str
    value: float
    unit: str
    gate: str = ""  # "<= 5" or ">= 0.5"; empty: printed only
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure is inside its gate."""
        if not self.gate:
            return True
        sign, bound = self.gate.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)


def p99(samples: list[float]) -> float:
    """Return the 99th percentile of at least 100 samples."""
    if len(samples) < 100:
        raise ValueError(f"{len(samples)} samples are too few for a p99")
    return statistics.quantiles(samples, n=100, method="inclusive")[98]


def show(figures: list[Figure]) -> None:
    """Print the table."""
    table = Table(title="citynerve bench: ratios of one run; only ratios with a gate set the exit code")
    for column in ("figure", "value", "unit", "gate", "detail"):
        table.add_column(column, justify="right" if column == "value" else "left", overflow="fold")
    for figure in figures:
        gate = f"{figure.gate} {'held' if figure.holds else 'BROKEN'}" if figure.gate else ""
        table.add_row(
            figure.name,
            f"{figure.value:,.3g}" if figure.value < 1000 else f"{figure.value:,.0f}",
            figure.unit,
            gate,
            figure.detail,
        )
    Console(width=150).print(table)


def write(figures: list[Figure], path: Path) -> None:
    """Write the figures with the machine they were measured on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    rows = [asdict(figure) | {"holds": figure.holds} for figure in figures]
    path.write_text(json.dumps({"machine": machine, "figures": rows}, indent=1) + "\n", encoding="utf-8")

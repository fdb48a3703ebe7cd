"""``make bench``: every figure in one run; only a gated ratio that does not hold makes the exit code 1.

``PARTS="storm stages"`` measures some parts only; ``QUICK=1``, for CI, those that need a minute together.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import (
    alertmanager,
    backlog,
    boxes,
    cameras,
    intake,
    latency,
    processes,
    speed,
    stages,
    stalled,
    storm,
    surface,
)
from tests.bench.report import Figure, show, write

ROOT = Path(__file__).parents[2]
PARTS = (speed, latency, stalled, backlog, intake, stages, processes, boxes, cameras, surface, storm, alertmanager)
SHORT = "latency intake stages processes"


def main() -> int:
    """Measure, print, write build/bench.json, and return the exit code."""
    figures: list[Figure] = []
    asked = os.environ.get("PARTS") or (SHORT if os.environ.get("QUICK") == "1" else "")
    for part in PARTS:
        name = part.__name__.rpartition(".")[2]
        if asked and name not in asked.split():
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            figures += part.measure(Path(folder))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    show(figures)
    write(figures, ROOT / "build" / "bench.json")
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())

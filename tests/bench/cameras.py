"""Cameras: what a worker costs beside its model, alone and on all cores, and many cameras at five looks a second.

The laps of a ratio run one after the other on the same session; what else runs on the machine meets both, but a worker
works on two threads: beside other load its ratios fall.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.bench import film, street_cameras
from tests.bench.camera_lap import Rig
from tests.bench.report import Figure

QUICK = os.environ.get("QUICK") == "1"
LAPS = 3 if QUICK else 11  # laps differ by 4 % and more on a shared machine: of five the median still wavers by 3 %
LAP_S = 0.4 if QUICK else 0.8
CORES_LAPS = 1 if QUICK else 3
PICTURES = 100
FAST = 900  # pictures a second that the film says it has
IN_MEMORY, DECODED, ALL_CORES = 0.93, 0.90, 0.90  # the goals


def measure(folder: Path) -> list[Figure]:
    """Return the ratios that are gated, and what many cameras take."""
    pictures = film.frames(PICTURES)
    path = folder / "film.mp4"
    film.write_h264(path, pictures, fps=FAST)
    one = _one(Rig(path, pictures, seconds=LAP_S))
    return [*one, *_all_cores(path), *street_cameras.measure(folder, pictures)]


def _one(rig: Rig) -> list[Figure]:
    laps = [(rig.bare(), rig.in_memory(), rig.bare(), rig.decoding()) for _ in range(LAPS)]
    bare = statistics.median([lap[0] for lap in laps] + [lap[2] for lap in laps])
    detail = f"{film.BERTHS} berths a picture, 640 × 360; median of {LAPS} pairs of laps of {LAP_S:g} s"
    return [
        Figure("session.run alone", bare, "pictures/s", detail=f"{film.BERTHS} berths a picture, 8 patches a run"),
        _gate("worker, frames in memory / session.run", [lap[1] / lap[0] for lap in laps], IN_MEMORY, detail),
        _gate("worker, decoding H.264 / session.run", [lap[3] / lap[2] for lap in laps], DECODED, detail),
    ]


def _all_cores(path: Path) -> list[Figure]:
    """Compare a worker on each core with its parts alone, one after the other on one thread of each core."""
    cores = len(os.sched_getaffinity(0))
    workers = [Lap(path) for _ in range(cores)]
    try:
        laps = [_lap(workers) for _ in range(CORES_LAPS)]
    finally:
        for worker in workers:
            worker.end()
    rate = statistics.median([lap[0] for lap in laps])
    detail = f"{cores} / (session.run + decode + preparation), measured on {cores} cores at once"
    return [
        Figure("workers on all cores, decoding H.264", rate, "pictures/s", detail=f"{cores} workers, {cores} cores"),
        _gate("workers on all cores / their parts alone", [lap[0] / lap[1] for lap in laps], ALL_CORES, detail),
    ]


def _lap(workers: Sequence["Lap"]) -> tuple[float, float]:
    """Return pictures a second of all workers, and what their parts would allow."""
    allowed = sum(_each(workers, "parts"))
    return sum(_each(workers, "decoding")), allowed


def _each(workers: Sequence["Lap"], lap: str) -> list[float]:
    for worker in workers:
        worker.ask(lap)
    return [worker.answer() for worker in workers]


class Lap:
    """A process that runs laps."""

    def __init__(self, path: Path) -> None:
        recipe = msgspec.json.encode(film.Recipe(str(path), LAP_S)).decode()
        command = [sys.executable, "-m", "tests.bench.camera_lap", recipe]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        if self._read() != "ready":
            raise RuntimeError("the process of a lap did not start")

    def ask(self, lap: str) -> None:
        """Let it begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{lap}\n")
        self._process.stdin.flush()

    def answer(self) -> float:
        """Wait for its pictures a second."""
        return float(self._read())

    def end(self) -> None:
        """Let it go."""
        self._process.terminate()
        self._process.communicate(timeout=20)

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _gate(name: str, ratios: Sequence[float], goal: float, detail: str) -> Figure:
    return Figure(name, statistics.median(ratios), "×", gate=f">= {goal:g}", detail=detail)

"""The judge of a road's surface beside the model that looks for vehicles: what a look costs, in one process."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge_agent.vision.looker import load_looker
from edge_agent.vision.patches import Frame
from edge_agent.vision.road.patch import load_road_patch
from edge_agent.vision.road.watch import RoadWatch
from edge_agent.vision.zones import Zone, Zones
from tests.bench.report import Figure

WIDTH, HEIGHT = 1280, 720
ROAD = Zone("r", "road", ((600, 40), (780, 40), (1276, 420), (1276, 680), (1120, 680), (880, 360)), m_per_px=0.035)
BERTHS = 28  # of one camera: one batch of the model
LAPS, LOOKS = 5, 25
STEP_US = 200_000
GATE = "<= 1"


def measure(folder: Path) -> list[Figure]:
    """Return what a look at a quiet road costs, and one at a road with a hole, in inferences."""
    cv2.setNumThreads(1)
    laps = [_lap() for _ in range(LAPS)]
    quiet_s, hole_s, one_s = (statistics.median(column) for column in zip(*laps, strict=True))
    quiet = statistics.median(lap[0] / lap[2] for lap in laps)
    hole = statistics.median(lap[1] / lap[2] for lap in laps)
    unit = f"of one inference ({BERTHS} berths)"
    return [
        Figure("surface: a look at a quiet road", quiet, unit, GATE, f"{quiet_s * 1e3:.1f} ms, {WIDTH} × {HEIGHT}"),
        Figure("surface: the same with a hole in it", hole, unit, GATE, f"{hole_s * 1e3:.1f} ms, road_patch included"),
        Figure("surface: one inference of berth", one_s * 1e3, "ms", detail="one thread"),
    ]


def _lap() -> tuple[float, float, float]:
    """Return the mean seconds of a quiet look, of one with a hole, and of one inference."""
    quiet, holed = [_picture(seed) for seed in range(4)], [_picture(seed, hole=True) for seed in range(4)]
    watch = RoadWatch(Zones(WIDTH, HEIGHT, (ROAD,)), load_road_patch())
    before = _mean_s(lambda at: watch.take(quiet[at % 4], at * STEP_US))
    after = _mean_s(lambda at: watch.take(holed[at % 4], (LOOKS + 1 + at) * STEP_US))
    looker = load_looker(Zones(WIDTH, HEIGHT, tuple(_berth(number) for number in range(BERTHS))))
    return before, after, _mean_s(lambda at: looker.look(quiet[at % 4]))


def _mean_s(look: Callable[[int], object]) -> float:
    look(0)
    began_s = time.perf_counter()
    for at in range(LOOKS):
        look(at + 1)
    return (time.perf_counter() - began_s) / LOOKS


def _picture(seed: int, *, hole: bool = False) -> Frame:
    """Return asphalt with noise; the hole is dark, broken, and a metre and a half wide."""
    road = cv2.GaussianBlur(np.random.default_rng(9).normal(110, 25, (HEIGHT, WIDTH)), (0, 0), 3)
    if hole:
        depth = np.random.default_rng(8).normal(45, 15, (40, 44))
        road[300:340, 820:864] = depth
    noise = np.random.default_rng(seed).normal(0, 2, (HEIGHT, WIDTH, 3))
    picture: Frame = np.clip(road[:, :, None] + noise, 0, 255).astype(np.uint8)
    return picture


def _berth(number: int) -> Zone:
    left, top = 40 + 42 * number, 300.0
    return Zone(str(number), "berth", ((left, top), (left + 50, top), (left + 50, top + 60), (left, top + 60)))

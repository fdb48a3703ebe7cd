"""Drawn ways of vehicles over a flat road of 16 by 8 m, for the judge that learns where they drive."""

from collections.abc import Callable, Sequence

import numpy as np

from edge_agent.judge.finding import Finding
from edge_agent.judge.road.avoid import AvoidJudge, Standing
from edge_agent.judge.road.grid import SIDE_M, Grid
from edge_agent.judge.road.passage import Mover

LONG_M, WIDE_M = 16.0, 8.0
STEP_S = 0.4  # between two looks
PX_M = 10.0
QUIET = 4  # looks after each vehicle, in which nothing moves
Bend = Callable[[float, float], float]  # (m along the way, m across) → m across


def flat() -> Grid:
    """Return the cells of the road."""
    shape = round(WIDE_M / SIDE_M), round(LONG_M / SIDE_M)
    x, y = (np.arange(n + 1) * SIDE_M * PX_M for n in shape[::-1])
    return Grid(0.0, 0.0, SIDE_M, np.ones(shape, np.bool_), np.stack(np.meshgrid(x, y), -1))


def vehicle(x: float, y: float, *, long_m: float = 4.4, wide_m: float = 1.8) -> Mover:
    """Return a vehicle with its middle at a place."""
    corners = [(x + a * long_m / 2, y + b * wide_m / 2) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return Mover(np.array(corners), long_m * wide_m)


class Road:
    """A judge, and the traffic that it sees."""

    def __init__(self) -> None:
        self.judge = AvoidJudge("r", flat())
        self.t_us = 0
        self.found: list[Finding] = []
        self.standing: Sequence[Standing] = ()

    def look(self, *movers: Mover) -> list[Finding]:
        """Show one picture."""
        found = self.judge.take(self.t_us, movers, self.standing)
        self.found += found
        self.t_us += round(STEP_S * 1e6)
        return found

    def drive(self, y: float, *, mps: float = 8.0, back: bool = False, bend: Bend | None = None) -> list[Finding]:
        """Let a vehicle pass, and a moment after it nothing."""
        found, along = [], -2.0
        while along < LONG_M + 2.0:
            x = LONG_M - along if back else along
            found += self.look(vehicle(x, y if bend is None else bend(x, y)))
            along += mps * STEP_S
        for _ in range(QUIET):
            found += self.look()
        return found

    def learn(self, *ways: float, count: int = 40) -> None:
        """Let so many vehicles pass, on some ways in turn."""
        for number in range(count):
            self.drive(ways[number % len(ways)])
        self.found.clear()


def round_the_middle(x: float, y: float) -> float:
    """Return where a vehicle drives that leaves 2.2 m free in the middle of the road."""
    return float(y + 2.2 * np.exp(-(((x - LONG_M / 2) / 6) ** 4)))

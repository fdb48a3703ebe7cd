"""A street of vehicles that queue, as cells with probabilities that err: no picture, only numbers."""

import random
from collections.abc import Sequence

VEHICLE_M, PITCH_M = 4.4, 5.6  # of a vehicle, and from one to the next


class Street:
    """Vehicles stand from a head on; others pass where there is no queue."""

    def __init__(self, *, length_m: float, seed: int, wrong: float = 0.05, cell_m: float = 5.0) -> None:
        self.cells = tuple((at * cell_m, (at + 1) * cell_m) for at in range(round(length_m / cell_m)))
        self._chance = random.Random(seed)
        self._wrong = wrong
        self.standing: list[tuple[float, float]] = []  # front and rear of each

    def stand(self, vehicles: int, *, head_m: float = 0.0) -> None:
        """Put so many vehicles behind each other."""
        gaps = [self._chance.uniform(-0.5, 0.5) for _ in range(vehicles)]
        self.standing = [(head_m + at * PITCH_M + gap, head_m + at * PITCH_M + gap + VEHICLE_M)
                         for at, gap in enumerate(gaps)]  # fmt: skip

    @property
    def truth_m(self) -> float:
        """Return the length of the queue, from the first front to the last rear."""
        return self.standing[-1][1] - self.standing[0][0] if self.standing else 0.0

    def look(self, *, passing: float = 0.0) -> list[float]:
        """Return the probability of each cell; ``passing`` is the share of the free cells in which somebody drives."""
        return [self._probability(begin, end, passing) for begin, end in self.cells]

    def _probability(self, begin: float, end: float, passing: float) -> float:
        cover = sum(max(0.0, min(end, rear) - max(begin, front)) for front, rear in self.standing)
        full = cover > 0.4 * (end - begin) or (cover == 0 and self._chance.random() < passing)
        p = self._chance.uniform(0.75, 0.99)
        return p if full is not (self._chance.random() < self._wrong) else 1 - p


def every_other(ps: Sequence[float], hidden: Sequence[int]) -> list[float | None]:
    """Return probabilities with some cells unknown."""
    return [None if at in hidden else p for at, p in enumerate(ps)]

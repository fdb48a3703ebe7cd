"""Learn which cells of a road one direction's traffic crosses, and how unlikely it is that so many passages missed one.

A cell is crossed or missed by each passage that comes by. Vehicles come in platoons and lanes have phases of a light,
so passages are no independent draws but a Markov chain of two states, of which the transitions are counted (Anderson
and Goodman 1957, Statistical inference about Markov chains). A run of n misses after a crossing then has the
probability of the posterior predictive of Bernoulli trials with a Beta prior (Gelman and others, Bayesian Data
Analysis, 2.4), with a prior of weight w at the cell's own rate of misses q:

    P(n) = (c₁₀ + w q) / (c₁₁ + c₁₀ + w) · ∏ i=0…n-2 (c₀₀ + w q + i) / (c₀₁ + c₀₀ + w + i)

where c₁₀ counts misses after a crossing, and so on. A run is counted once it has ended: it is not judged by itself.
"""

import math

import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.grid import Cells, Grid
from edge_agent.judge.road.passage import Passage

MEMORY_S = 600.0  # what is older by so much weighs 1/e
OFTEN_S = 1.0  # it is weighed anew so often
WEIGHT = 4.0  # passages that the prior stands for
REGULAR = 0.3  # of the passages beside it and over it cross a cell that is regularly crossed
KNOWN = 12.0  # passages, as they weigh now, from which a cell is known
KNOWN_S = 120.0  # and so long is a road learned at the least: the phases of most lights come round
LONGEST = 200  # misses of one run that are learned
_CROSSED, _MISSED, _NEW = 1, 0, -1

Counts = NDArray[np.float64]


class Crossing:
    """Of one zone and one direction."""

    def __init__(self, grid: Grid) -> None:
        shape = grid.inside.shape
        self.passages = 0.0  # as they weigh now
        self.run = np.zeros(shape, np.int64)  # misses since it was crossed last
        self.since_s = np.zeros(shape)  # of the first of them
        self._chance: Counts = np.zeros(shape)  # logarithm of the probability of that run
        self._count = np.zeros((2, 2, *shape))  # from → to, as it weighs now
        self._last = np.full(shape, _NEW, np.int8)
        self._broken = np.zeros(shape, np.bool_)  # the run has been broken by something that is no passage
        self._t_s: float | None = None
        self._begun_s: float | None = None  # of the first passage

    @property
    def known(self) -> bool:
        """Return whether enough traffic has come by of late, and for long enough."""
        old = self._begun_s is not None and self._t_s is not None and self._t_s - self._begun_s >= KNOWN_S
        return old and self.passages >= KNOWN

    def pass_s(self, t_s: float) -> None:
        """Let what was learned weigh less with the time."""
        if self._t_s is not None and t_s - self._t_s < OFTEN_S:
            return
        if self._t_s is not None:
            weight = math.exp((self._t_s - t_s) / MEMORY_S)
            self.passages *= weight
            self._count *= weight
        self._t_s = t_s

    def learn(self, passage: Passage, *, told: Cells) -> None:
        """Take in a passage; of cells where traffic was told to bend away nothing is learned."""
        self.pass_s(passage.t_s)
        self.passages += 1
        self._begun_s = passage.t_s if self._begun_s is None else self._begun_s
        ends = (passage.crossed | ((passage.crossed | passage.beside) & self._broken)) & ~told
        self._end_runs(ends & (self._last == _CROSSED))
        again = passage.crossed & (self._last == _CROSSED) & (self.run == 0) & ~told
        self._count[_CROSSED, _CROSSED][again] += 1
        self._last[passage.crossed] = _CROSSED
        self.restart(passage.crossed | ends)
        self._go_on(passage.beside & (self._last == _CROSSED), passage.t_s)

    def touch(self, cells: Cells) -> None:
        """Take in that something has been there, whatever it was: nothing is avoided."""
        self._broken |= cells & (self.run > 0)

    def restart(self, cells: Cells) -> None:
        """Count the misses of some cells anew."""
        self.run[cells] = 0
        self._chance[cells] = 0.0
        self._broken[cells] = False

    def regular(self) -> Cells:
        """Return the cells that are regularly crossed."""
        crossed, all_of_them = self._count[:, _CROSSED].sum(axis=0), self._count.sum(axis=(0, 1))
        return np.asarray((all_of_them >= KNOWN) & (crossed >= REGULAR * all_of_them))

    def missed(self, *, least: int, chance: float) -> Cells:
        """Return the cells that so many passages and more have missed, which is less likely by chance than that."""
        return np.asarray(
            (self.run >= least) & (self._chance < math.log(chance)) & ~self._broken & self.regular(), np.bool_
        )

    def chance_of(self, cells: Cells) -> float:
        """Return the probability that the likeliest of some cells' runs came by chance."""
        return float(np.exp(self._chance[cells].max()))

    def _end_runs(self, cells: Cells) -> None:
        """Count the runs of misses that end at some cells, each with its crossing before and after it."""
        missed = cells & (self.run > 0)
        self._count[_CROSSED, _MISSED][missed] += 1
        self._count[_MISSED, _MISSED][missed] += np.minimum(self.run[missed] - 1, LONGEST)
        self._count[_MISSED, _CROSSED][missed] += 1

    def _go_on(self, cells: Cells, t_s: float) -> None:
        """Count one more miss."""
        begins = cells & (self.run == 0)
        self.since_s[begins] = t_s
        count = self._count[:, :, cells]
        rate = (count[:, _MISSED].sum(axis=0) + 0.5) / (count.sum(axis=(0, 1)) + 1)
        first = begins[cells]
        from_state = np.where(first, _CROSSED, _MISSED)
        at = np.arange(count.shape[2])
        before = np.where(first, 0, self.run[cells] - 1)
        missed, crossed = count[from_state, _MISSED, at], count[from_state, _CROSSED, at]
        likely = (missed + WEIGHT * rate + before) / (missed + crossed + WEIGHT + before)
        self._chance[cells] += np.log(likely)
        self.run[cells] += 1

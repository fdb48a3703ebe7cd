"""Decide from the cells of a lane where stopped vehicles queue, how long the queue is and whether it grows."""

from collections.abc import Mapping, Sequence

import msgspec

from edge_agent.judge.finding import Finding
from edge_agent.judge.lean import Lean, lean_on, set_back_us, shifted
from edge_agent.judge.queue.course import EVENTS, Course, left_of, look, shift
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.road import Piece, Queue, find_queue

__all__ = ["EVENTS", "Lane", "QueueJudge", "push_of"]

MOSTLY = 0.55  # a cell is full of queueing traffic when it is full for more than this share of the time: it moves up
SHARP, HALF = 2.5, 0.4  # a probability of 0.2 is as good as 0, one of 0.6 as 1: half a vehicle is seldom seen surely


class Lane(msgspec.Struct, frozen=True):
    """A lane's cells, from its head on."""

    cells: tuple[tuple[float, float], ...]  # begin and end of each, in metres from the lane's head


class QueueJudge:
    """All lanes of a camera."""

    def __init__(self, lanes: Mapping[str, Lane], limits: QueueLimits | None = None) -> None:
        self._limits = limits or QueueLimits()
        self._lanes = dict(lanes)
        self._leans: dict[str, list[Lean]] = {name: [Lean()] * len(lane.cells) for name, lane in lanes.items()}
        self._courses: dict[str, Course] = dict.fromkeys(lanes, Course())

    def take(
        self, t_us: int, lane: str, ps: Sequence[float | None], *, moving: Sequence[bool | None] | None = None
    ) -> list[Finding]:
        """Take in a look at a lane: for each cell the probability of a vehicle, and whether something moves there."""
        if len(ps) != len(self._leans[lane]):
            raise ValueError(f"lane {lane!r} has {len(self._leans[lane])} cells, not {len(ps)}")
        back_us = min((set_back_us(lean, t_us) for lean in self._leans[lane]), default=0)
        if back_us:
            self._shift(lane, back_us)
        motion = moving or [None] * len(ps)
        self._leans[lane] = [
            _look(lean, t_us, push_of(p, moving=bool(moves)), self._limits)
            for lean, p, moves in zip(self._leans[lane], ps, motion, strict=True)
        ]
        return self._follow(t_us, lane, find_queue(self.pieces(lane), self._limits))

    def unseen(self, lane: str, t_us: int, *, reason: str = "unseen") -> list[Finding]:
        """Take in that nobody can see the lane, and why not."""
        self._leans[lane] = [Lean()] * len(self._leans[lane])
        return self._follow(t_us, lane, None, reason=reason)

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        for lane in self._lanes:
            self._shift(lane, step_us)

    def resume(self, courses: Mapping[str, Course]) -> None:
        """Go on where another judge of these lanes stopped; nothing is known of them until they are seen again."""
        self._courses |= {lane: left_of(course) for lane, course in courses.items()}

    def view(self, lane: str) -> Course:
        """Return the queue of a lane and its course."""
        return self._courses[lane]

    def pieces(self, lane: str) -> list[Piece]:
        """Return the cells of a lane with what is known of them: what a chain of cameras is made of."""
        return [
            Piece(begin_m, end_m, lean.held, (1 + lean.value) / 2)
            for (begin_m, end_m), lean in zip(self._lanes[lane].cells, self._leans[lane], strict=True)
        ]

    def _follow(self, t_us: int, lane: str, queue: Queue | None, *, reason: str = "unsure") -> list[Finding]:
        self._courses[lane], found = look(
            self._courses[lane], t_us, queue, zone=lane, limits=self._limits, reason=reason
        )
        return found

    def _shift(self, lane: str, step_us: int) -> None:
        self._leans[lane] = [shifted(lean, step_us) for lean in self._leans[lane]]
        self._courses[lane] = shift(self._courses[lane], step_us)


def push_of(p: float | None, *, moving: bool = False) -> float | None:
    """Return how a look at a cell pushes towards "stopped": traffic that flows leaves it empty half of the time."""
    if moving:
        return -MOSTLY / (1 - MOSTLY)
    if p is None:
        return None
    full = min(1.0, max(0.0, SHARP * (p - HALF) + 0.5))
    return (full - MOSTLY) / (1 - MOSTLY)


def _look(lean: Lean, t_us: int, push: float | None, limits: QueueLimits) -> Lean:
    # of looks far apart one alone says that nothing stands there; what it shows there may be passing by: that takes two
    stays_us = limits.stays_us if push is not None and push < 0 else 0
    lean = lean_on(lean, t_us, push, confirm_us=limits.stop_us, lost_us=limits.lost_us, stays_us=stays_us)
    return lean if lean.blind < 1 else Lean()

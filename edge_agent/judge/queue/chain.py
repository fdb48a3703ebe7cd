"""Chain the lanes of several cameras into one road, and follow the queue on it."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.course import OLD_US, Course, left_of, look, shift
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.road import Piece, find_queue

EDGE_M = 0.01  # two edges nearer than this are one


class Span(msgspec.Struct, frozen=True):
    """Where a lane lies on the road."""

    lane: str
    at_m: float  # of the lane's head, from the road's head
    length_m: float  # of the lane: so much of the road is unknown while its camera sees nothing


class QueueChain:
    """One road."""

    def __init__(self, road: str, spans: Sequence[Span], limits: QueueLimits | None = None) -> None:
        self._road = road
        self._limits = limits or QueueLimits()
        self._spans = {span.lane: span for span in spans}
        self._told: dict[str, tuple[int, tuple[Piece, ...]]] = {}
        self._course = Course()

    def resume(self, course: Course) -> None:
        """Go on where another chain of the same road stopped; nothing is known of it until it is seen again."""
        self._course = left_of(course)

    def tell(self, t_us: int, lane: str, pieces: Sequence[Piece] | None) -> None:
        """Take in what is known of a lane's cells; None: its camera sees nothing."""
        if pieces is None:
            self._told.pop(lane, None)
            return
        at_m = self._spans[lane].at_m
        moved = tuple(Piece(one.begin_m + at_m, one.end_m + at_m, one.stopped, one.score) for one in pieces)
        self._told[lane] = (t_us, moved)

    def look(self, t_us: int) -> list[Finding]:
        """Return what became true of the road's queue."""
        queue = find_queue(self.pieces(t_us), self._limits)
        self._course, found = look(self._course, t_us, queue, zone=self._road, limits=self._limits, reason="unseen")
        return found

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._told = {lane: (t_us + step_us, pieces) for lane, (t_us, pieces) in self._told.items()}
        self._course = shift(self._course, step_us)

    def view(self) -> Course:
        """Return the road's queue and its course."""
        return self._course

    def pieces(self, t_us: int) -> list[Piece]:
        """Return the road from its head on, without overlaps; what no camera sees now is unknown."""
        return join([self._of(lane, t_us) for lane in self._spans])

    def _of(self, lane: str, t_us: int) -> Sequence[Piece]:
        told_us, pieces = self._told.get(lane, (t_us, ()))
        span = self._spans[lane]
        unknown = (Piece(span.at_m, span.at_m + span.length_m, None),)
        return pieces if pieces and t_us - told_us <= OLD_US else unknown


def join(lanes: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Return pieces in order that cover the road once, from the first lane to the last.

    Where two cameras see the same, the surer one is believed; a stretch between two lanes is unknown.
    """
    edges: list[float] = []
    for edge in sorted(edge for pieces in lanes for one in pieces for edge in (one.begin_m, one.end_m)):
        if not edges or edge - edges[-1] > EDGE_M:
            edges.append(edge)
    return [_surest(begin_m, end_m, lanes) for begin_m, end_m in pairwise(edges)]


def _surest(begin_m: float, end_m: float, lanes: Sequence[Sequence[Piece]]) -> Piece:
    middle_m = (begin_m + end_m) / 2
    seen = [one for pieces in lanes for one in pieces if one.begin_m <= middle_m < one.end_m]
    known = [one for one in seen if one.stopped is not None]
    best = max(known, key=lambda one: abs(one.score - 0.5), default=None)
    return Piece(begin_m, end_m, best.stopped, best.score) if best else Piece(begin_m, end_m, None)

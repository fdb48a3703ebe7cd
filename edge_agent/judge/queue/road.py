"""Find the queue on a road that is cut into pieces: where it begins and ends, and how much of it was seen."""

from collections.abc import Iterable, Sequence

import msgspec

from edge_agent.judge.queue.limits import QueueLimits


class Piece(msgspec.Struct, frozen=True):
    """A piece of road, from the head of the road on."""

    begin_m: float
    end_m: float
    stopped: bool | None  # a stopped vehicle is there; None: nobody knows
    score: float = 0.0  # probability of that

    @property
    def length_m(self) -> float:
        """Return how long it is."""
        return self.end_m - self.begin_m


class Queue(msgspec.Struct, frozen=True):
    """Stopped vehicles behind each other."""

    vehicles: int = 0  # that were seen
    queue_m: float = 0.0  # from head to tail
    head_m: float = 0.0  # from the head of the road
    tail_m: float = 0.0
    unseen_m: float = 0.0  # of its length, what nobody saw
    open_end: bool = False  # it ends where nobody sees on: how long it is, and whether it grows, nobody knows
    at_least: bool = False  # it may be longer: it has an open end, or a part that nobody saw
    score: float = 0.0  # probability that its seen pieces are stopped vehicles, on the average


def find_queue(pieces: Sequence[Piece], limits: QueueLimits) -> Queue | None:
    """Return the longest queue of pieces in order, None when too little of the road is known to say anything.

    Unknown pieces neither begin nor part a queue: between two stopped ones they belong to it, behind the last one they
    say that it is at least so long.
    """
    runs = list(_runs(pieces, limits.gap_m))
    queues = [_measure(pieces, first, last, limits) for first, last in runs]
    longest = max(queues, key=lambda one: one.queue_m, default=Queue())
    unknown_m = sum(piece.length_m for piece in pieces if piece.stopped is None)
    if not pieces or (not runs and unknown_m > sum(piece.length_m for piece in pieces) / 2):
        return None
    return longest


def _runs(pieces: Sequence[Piece], gap_m: float) -> Iterable[tuple[int, int]]:
    """Yield the first and last stopped piece of each line of vehicles."""
    first: int | None = None
    last, free_m = 0, 0.0
    for at, piece in enumerate(pieces):
        if piece.stopped:
            if first is not None and free_m > gap_m:
                yield first, last
                first = None
            first = at if first is None else first
            last, free_m = at, 0.0
        elif piece.stopped is False:
            free_m += piece.length_m
    if first is not None:
        yield first, last


def _measure(pieces: Sequence[Piece], first: int, last: int, limits: QueueLimits) -> Queue:
    inner = pieces[first : last + 1]
    stopped = [piece for piece in inner if piece.stopped]
    stopped_m = sum(piece.length_m for piece in stopped)
    unseen_m = sum(piece.length_m for piece in inner if piece.stopped is None)
    beyond = pieces[last + 1].stopped if last + 1 < len(pieces) else None
    return Queue(
        vehicles=max(1, round(stopped_m / limits.vehicle_m)),
        queue_m=inner[-1].end_m - inner[0].begin_m,
        head_m=inner[0].begin_m,
        tail_m=inner[-1].end_m,
        unseen_m=unseen_m,
        open_end=beyond is None,
        at_least=beyond is None or unseen_m > limits.gap_m,
        score=sum(piece.score * piece.length_m for piece in stopped) / stopped_m,
    )

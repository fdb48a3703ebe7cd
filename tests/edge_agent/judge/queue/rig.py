"""A time, and pieces of a road written as signs, for the tests of queues."""

from edge_agent.judge.queue.road import Piece

S = 1_000_000
START = 1_763_600_000 * S


def pieces_of(begin_m: float, word: str, *, score: float = 0.9) -> list[Piece]:
    """Return cells of 5 m: # stopped, . free, ? unknown."""
    state = {"#": True, ".": False, "?": None}
    return [Piece(begin_m + 5 * at, begin_m + 5 * at + 5, state[one], score) for at, one in enumerate(word)]

"""The lanes of several cameras chained into one road with one queue."""

import pytest

from edge_agent.judge.queue.chain import QueueChain, Span, join
from edge_agent.judge.queue.course import FORMED
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.queue import Lane, QueueJudge
from edge_agent.judge.queue.road import find_queue
from tests.edge_agent.judge.queue.rig import START, S, pieces_of
from tests.edge_agent.judge.street import Street


def _chain(*spans: tuple[str, float, float]) -> QueueChain:
    return QueueChain("road", [Span(*one) for one in spans])


def test_overlaps_of_cameras_are_counted_once() -> None:
    """Two cameras that see 50 m each, 20 m of them both: a queue of 80 m, not of 100."""
    chain = _chain(("a", 0, 50), ("b", 30, 70))
    chain.tell(START, "a", pieces_of(0, "#" * 10))
    chain.tell(START, "b", pieces_of(0, "#" * 10 + "...."))
    queue = find_queue(chain.pieces(START), QueueLimits())
    assert queue is not None
    assert (queue.queue_m, queue.vehicles, queue.at_least) == (80, 16, False)


def test_a_gap_between_cameras_makes_at_least() -> None:
    """What lies between two lanes belongs to the queue on both sides of it, and nobody saw it."""
    chain = _chain(("a", 0, 50), ("b", 80, 50))
    chain.tell(START, "a", pieces_of(0, "#" * 10))
    chain.tell(START, "b", pieces_of(0, "###......."))
    queue = find_queue(chain.pieces(START), QueueLimits())
    assert queue is not None
    assert (queue.queue_m, queue.unseen_m, queue.vehicles, queue.at_least) == (95, 30, 13, True)


def test_a_dead_camera_makes_at_least_too() -> None:
    """A lane whose camera sees nothing is unknown, and so is one that was not told of for long."""
    chain = _chain(("a", 0, 50), ("b", 50, 50))
    chain.tell(START, "a", pieces_of(0, "#" * 10))
    chain.tell(START, "b", pieces_of(0, "####......"))
    for late_us, tell in ((0, True), (400 * S, False)):
        if tell:
            chain.tell(START, "b", None)
        else:
            chain.tell(START, "b", pieces_of(0, "####......"))
            chain.tell(START + late_us, "a", pieces_of(0, "#" * 10))
        queue = find_queue(chain.pieces(START + late_us), QueueLimits())
        assert queue is not None
        assert (queue.queue_m, queue.at_least) == (50, True)


def test_the_surer_camera_is_believed() -> None:
    """Where two cameras see the same and say the opposite."""
    pieces = join([pieces_of(0, "##", score=0.7), pieces_of(0, "..", score=0.02)])
    assert [one.stopped for one in pieces] == [False, False]


def test_a_road_of_three_cameras_has_one_queue() -> None:
    """1,800 m are too many for a test: 300 m over three cameras with overlaps, within 15 % of the truth, said once."""
    road = Street(length_m=330, seed=11)
    road.stand(52, head_m=3)
    lanes = {"a": (0, 24), "b": (20, 46), "c": (43, 66)}  # cells of the road that each camera sees
    judges = QueueJudge(
        {name: Lane(tuple((5.0 * at, 5.0 * at + 5) for at in range(b - a))) for name, (a, b) in lanes.items()}
    )
    chain = QueueChain("road", [Span(name, 5.0 * a, 5.0 * (b - a)) for name, (a, b) in lanes.items()])
    found = []
    for at in range(50):
        ps, t_us = road.look(), START + at * S
        for name, (a, b) in lanes.items():
            judges.take(t_us, name, ps[a:b])
            chain.tell(t_us, name, judges.pieces(name))
        found += chain.look(t_us)
    queue = chain.view().queue
    assert queue is not None
    assert queue.queue_m == pytest.approx(road.truth_m, rel=0.15)
    assert [one.kind for one in found] == [FORMED]
    assert found[0].data["zone"] == "road"

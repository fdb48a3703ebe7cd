"""The judge of queues, over simulated lanes whose cells err: length, growth and end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.course import FORMED, GROWING, OVER, STEADY, UNKNOWN, Course, Phase, follow
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.queue import Lane, QueueJudge
from edge_agent.judge.queue.road import Queue
from tests.edge_agent.judge.queue.rig import START, S
from tests.edge_agent.judge.street import Street, every_other


class Watch:
    """A judge that watches one street at a rate."""

    def __init__(self, street: Street, *, step_s: float = 0.2) -> None:
        self.judge = QueueJudge({"a": Lane(street.cells)})
        self.found: list[Finding] = []
        self.now_us = START
        self._street, self._step_us = street, round(step_s * S)

    def run(self, seconds: float, *, passing: float = 0.0, hidden: tuple[int, ...] = ()) -> None:
        """Look for so long."""
        for _ in range(round(seconds * S / self._step_us)):
            self.now_us += self._step_us
            ps = every_other(self._street.look(passing=passing), hidden)
            self.found += self.judge.take(self.now_us, "a", ps)

    def queue(self) -> Queue:
        """Return the queue that stands now."""
        found = self.judge.view("a").queue
        assert found is not None
        return found

    def kinds(self) -> list[str]:
        """Return what was said."""
        return [one.kind for one in self.found]


@pytest.mark.parametrize("step_s", [0.2, 60.0])
@pytest.mark.parametrize("vehicles", [5, 12, 24])
def test_length_is_within_15_percent_of_the_truth(vehicles: int, step_s: float) -> None:
    """At five frames a second and at one still a minute, whatever one cell in twenty says."""
    for seed in range(5):
        street = Street(length_m=160, seed=seed)
        street.stand(vehicles, head_m=7.0)
        watch = Watch(street, step_s=step_s)
        watch.run(max(30, 12 * step_s))
        queue = watch.queue()
        assert queue.queue_m == pytest.approx(street.truth_m, rel=0.15, abs=5)
        assert queue.queue_m == pytest.approx(street.truth_m, rel=0.15) or vehicles == 5
        assert queue.tail_m == pytest.approx(street.standing[-1][1], abs=10)
        assert not queue.at_least
        assert watch.kinds() == [FORMED]


@given(st.integers(4, 40), st.floats(0, 60), st.integers(0, 1000))
@settings(max_examples=25)
def test_length_on_the_average_of_any_street(vehicles: int, head_m: float, seed: int) -> None:
    """No bias: never further off than two cells, and within 15 % from 13 vehicles on."""
    street = Street(length_m=320, seed=seed)
    street.stand(vehicles, head_m=head_m)
    watch = Watch(street, step_s=1.0)
    watch.run(25)
    queue = watch.queue()
    assert queue.queue_m == pytest.approx(street.truth_m, rel=0.15, abs=10)


@pytest.mark.parametrize("step_s", [60.0, 300.0])
def test_of_stills_one_says_that_a_queue_is_over(step_s: float) -> None:
    """Where the next look comes in minutes a free road needs no second one; a queue still has to be seen to stand."""
    street = Street(length_m=160, seed=9)
    watch = Watch(street, step_s=step_s)
    watch.run(5 * step_s)
    street.stand(12, head_m=7.0)
    for formed in (0, 0, 1):
        watch.run(step_s)
        assert watch.kinds().count(FORMED) == formed
    watch.run(200 * step_s)  # one cell in twenty errs in each
    assert watch.kinds().count(OVER) == 0
    street.stand(0)
    watch.run(2 * step_s)
    assert watch.kinds().count(OVER) == 1


def test_of_stills_traffic_that_passes_is_seldom_a_queue() -> None:
    """A fifth of the road full, another one at each look: what one look shows there is no queue yet."""
    watch = Watch(Street(length_m=100, seed=3), step_s=60.0)
    queues = 0
    for _ in range(300):
        watch.run(60.0, passing=0.2)
        queues += watch.judge.view("a").phase is Phase.QUEUE
    assert queues < 0.05 * 300


@pytest.mark.parametrize("passing", [0.0, 0.2, 0.4])
def test_traffic_that_passes_is_no_queue(passing: float) -> None:
    """However dense it is while it moves: nothing is said, and the queue is shorter than one."""
    watch = Watch(Street(length_m=100, seed=3))
    watch.run(120, passing=passing)
    assert watch.kinds() == []
    assert watch.judge.view("a").phase is Phase.NONE


def test_motion_is_no_queue() -> None:
    """Full cells in which something moves hold no stopped vehicle."""
    street = Street(length_m=50, seed=1)
    street.stand(9)
    judge = QueueJudge({"a": Lane(street.cells)})
    found = [judge.take(START + at * S, "a", street.look(), moving=[True] * 10) for at in range(60)]
    assert not any(found)
    assert judge.view("a").phase is Phase.NONE


def test_a_queue_forms_grows_stands_and_is_over() -> None:
    """Each is said once, with how fast it grows: a vehicle every five seconds is 67 m a minute."""
    street = Street(length_m=300, seed=8)
    watch = Watch(street, step_s=0.5)
    watch.run(60)
    for vehicles in range(1, 40):
        street.stand(vehicles)
        watch.run(5)
    growth_mps = watch.judge.view("a").growth_mps
    assert growth_mps is not None
    assert growth_mps * 60 == pytest.approx(67, rel=0.15)
    watch.run(240)
    street.stand(0)
    watch.run(60)
    assert watch.kinds() == [FORMED, GROWING, STEADY, OVER]
    growing = watch.found[1].data
    assert growing["vehicles"] >= 3
    assert growing["growth_m_per_min"] > 6
    assert growing["zone"] == "a"


def test_unknown_cells_shorten_no_queue_and_end_none() -> None:
    """What is hidden inside the queue belongs to it; when nothing is seen it is unknown, and over only when seen."""
    street = Street(length_m=100, seed=5)
    street.stand(10)
    watch = Watch(street)
    watch.run(40, hidden=(3, 4, 5))
    queue = watch.queue()
    assert queue.queue_m == pytest.approx(street.truth_m, rel=0.15)
    assert queue.at_least
    assert queue.unseen_m == pytest.approx(15)
    watch.run(60, hidden=tuple(range(20)))
    assert watch.judge.view("a").phase is Phase.UNKNOWN
    watch.run(40)
    street.stand(0)
    watch.run(60)
    assert watch.kinds() == [FORMED, UNKNOWN, FORMED, OVER]


def test_a_queue_that_leaves_the_picture_is_at_least_so_long() -> None:
    """Its tail is where the lane ends: nobody knows how far it goes on."""
    street = Street(length_m=50, seed=2)
    street.stand(30)
    watch = Watch(street)
    watch.run(30)
    queue = watch.queue()
    assert queue.at_least
    assert queue.queue_m == pytest.approx(50, abs=5)


def test_a_queue_that_grows_out_of_sight_is_not_steady() -> None:
    """Its tail has left the picture: whether it grows nobody knows, so nothing is said; when it ends, that is."""
    street = Street(length_m=60, seed=6)
    watch = Watch(street, step_s=1.0)
    watch.run(60)
    for vehicles in range(1, 14):
        street.stand(vehicles)
        watch.run(12)
    street.stand(40)
    watch.run(400)
    assert watch.kinds() == [FORMED, GROWING]
    street.stand(0)
    watch.run(60)
    assert watch.kinds() == [FORMED, GROWING, OVER, STEADY]


def test_a_clock_that_was_set_stops_nothing() -> None:
    """After an hour back the queue is over as soon as else."""
    street = Street(length_m=60, seed=4)
    street.stand(8)
    watch = Watch(street)
    watch.run(40)
    watch.now_us -= 3600 * S
    street.stand(0)
    watch.run(40)
    assert watch.kinds() == [FORMED, OVER]


def test_wrong_number_of_cells_is_an_error() -> None:
    """A look that is none of this lane is not judged."""
    with pytest.raises(ValueError, match="3 cells"):
        QueueJudge({"a": Lane(((0, 5), (5, 10), (10, 15)))}).take(START, "a", [0.5])


def test_a_queue_that_has_become_two_cells_shorter_grows_no_more() -> None:
    """Its slope over two minutes says so a minute later."""
    course, kinds = Course(), []
    lengths = [20.0 + at / 2 for at in range(100)] + [70.0 - at for at in range(20)]
    for at, length_m in enumerate(lengths):
        queue = Queue(vehicles=4, queue_m=length_m, tail_m=length_m)
        course, found = follow(course, START + at * S, queue, zone="a", limits=QueueLimits())
        kinds += [(one.kind, at) for one in found]
    assert [kind for kind, _ in kinds] == [FORMED, GROWING, STEADY]
    assert kinds[-1][1] <= 100 + 13
    assert course.growth_mps is not None
    assert course.growth_mps > QueueLimits().grow_mps

"""The queue on one road: what its cameras say of their lanes becomes Samples of the road."""

from collections.abc import Callable, Mapping, Sequence

from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.chain import QueueChain, Span
from edge_agent.judge.queue.course import Course
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.road import Piece
from edge_agent.sample import Sample, Sink
from edge_agent.sources.camera.road_config import RoadConfig, RoadLane
from edge_agent.sources.camera.stored import StoredCourse, read_course
from edge_agent.vision.zones import Zones, lane_cells

LOOK_US = 1_000_000  # city; between two looks at the whole road
STEP_US = 2_000_000  # city; a word that is older by more means that the clock was set back

Hear = Callable[[str, int, Sequence[Piece] | None], None]  # a zone, the time, its cells or None: nobody sees it


class Road:
    """One road; it is told on the event loop."""

    def __init__(
        self,
        config: RoadConfig,
        zones: Mapping[str, Zones],
        *,
        sink: Sink,
        limits: QueueLimits | None = None,
        stored: bytes | None = None,
    ) -> None:
        """``zones``: by camera, with every lane that the config names; ``stored``: by the agent before this one."""
        self._device = config.device
        spans = [_span(lane, zones[lane.camera]) for lane in config.lanes]
        self._chain = QueueChain(config.device, spans, limits)
        self._lanes = {(lane.camera, lane.zone) for lane in config.lanes}
        if (course := read_course(stored, device=config.device)) is not None:
            self._chain.resume(course)
        self._stored = StoredCourse()
        self._sink = sink
        self._t_us: int | None = None  # of the last look

    def hear(self, camera: str, zone: str, t_us: int, pieces: Sequence[Piece] | None) -> None:
        """Take in what a camera says of a lane; None: it sees nothing."""
        if (camera, zone) not in self._lanes:
            return
        if self._t_us is not None and t_us < self._t_us - STEP_US:
            self._chain.shift(t_us - self._t_us)
            self._t_us = t_us
        self._chain.tell(t_us, _name(camera, zone), pieces)
        if self._t_us is None or t_us - self._t_us >= LOOK_US:
            self._t_us = t_us
            self._say(t_us, self._chain.look(t_us))

    def _say(self, t_us: int, findings: Sequence[Finding]) -> None:
        course = self._chain.view()
        state = self._stored.keep(course, t_us)
        self._sink(Sample(self._device, t_us, _values(course), findings=tuple(findings), state=state))


def hear_of(roads: Sequence[Road], camera: str) -> Hear:
    """Return what a camera is to call for each of its lanes."""

    def hear(zone: str, t_us: int, pieces: Sequence[Piece] | None) -> None:
        for road in roads:
            road.hear(camera, zone, t_us, pieces)

    return hear


def _span(lane: RoadLane, zones: Zones) -> Span:
    zone = next(one for one in zones.zones if one.id == lane.zone)
    return Span(_name(lane.camera, lane.zone), lane.at_m, lane_cells(zone)[-1].end_m)


def _name(camera: str, zone: str) -> str:
    return f"{camera}/{zone}"


def _values(course: Course) -> dict[str, Value]:
    queue = course.queue
    if queue is None:
        names = ("vehicles", "queue_m", "tail_m", "unseen_m", "at_least", "growth_mps", "growing")
        return dict.fromkeys(names)
    return {
        "vehicles": queue.vehicles,
        "queue_m": round(queue.queue_m, 1),
        "tail_m": round(queue.tail_m, 1),
        "unseen_m": round(queue.unseen_m, 1),
        "at_least": queue.at_least,
        "growth_mps": None if course.growth_mps is None else round(course.growth_mps, 3),
        "growing": course.growing,
    }

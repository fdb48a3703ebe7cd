"""Judge all zones of one camera from a looker's scores: berths and roads by their own, lanes by their cells."""

from collections.abc import Mapping

import msgspec

from device_profiles.wire import Value
from edge_agent.judge.berth.berth import BerthJudge, Spot, SpotReason
from edge_agent.judge.berth.limits import BerthLimits
from edge_agent.judge.berth.stay import Stay
from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.course import Course, left_of
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.queue import Lane, QueueJudge
from edge_agent.judge.queue.road import Piece
from edge_agent.judge.road.change import Change
from edge_agent.vision.zones import Zone, Zones, lane_cells

_SPOTS = {str(spot): spot for spot in Spot}
Scores = Mapping[str, float | None]  # by zone, of a lane by cell "<zone>/<n>": probability of a vehicle


class ZoneState(msgspec.Struct, frozen=True):
    """What a zone is said to be."""

    state: Spot
    score: float  # probability of that state; 0 when it is unknown


class Kept(msgspec.Struct, frozen=True):
    """What goes on when a worker or the agent is started again, of a zone whose state was known."""

    stay: Stay | None = None  # of the vehicle in a berth
    told: str = "unknown"  # the berth's state, as who hears the events knows it
    course: Course | None = (
        None  # of a lane's queue, without its lengths: they are many, and each look brings this along
    )
    changes: tuple[Change, ...] = ()  # of a road's surface, that were told
    evidence: str = ""  # of them


class ZoneWatch:
    """The judges of a camera's zones. Times are city microseconds."""

    def __init__(self, zones: Zones, *, berth: BerthLimits | None = None, queue: QueueLimits | None = None) -> None:
        self._zones = {zone.id: zone for zone in zones.zones}
        self._cells = {one.id: lane_cells(one) for one in zones.zones if one.kind == "lane"}
        lanes = {lane: Lane(tuple((one.begin_m, one.end_m) for one in cells)) for lane, cells in self._cells.items()}
        self._berths = BerthJudge(berth)
        self._queues = QueueJudge(lanes, queue)

    def take(self, t_us: int, scores: Scores) -> list[Finding]:
        """Take in a look; each finding names its zone."""
        return [found for zone in self._zones.values() for found in self._take(zone, t_us, scores)]

    def unseen(self, t_us: int, *, reason: str = SpotReason.UNSEEN) -> list[Finding]:
        """Take in that nothing can be seen."""
        found: list[Finding] = []
        for zone in self._zones.values():
            if zone.kind == "lane":
                found += self._queues.unseen(zone.id, t_us, reason=reason)
            else:
                told = self._berths.unseen(zone.id, t_us, reason=reason)
                found += told if zone.kind == "berth" else []
        return found

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._berths.shift(step_us)
        self._queues.shift(step_us)

    def resume(self, kept: Mapping[str, Kept]) -> None:
        """Go on where another watch of the same zones stopped."""
        known = {name: one for name, one in kept.items() if name in self._zones}
        berths = {
            name: (one.stay, _SPOTS.get(one.told, Spot.UNKNOWN))
            for name, one in known.items()
            if name not in self._cells
        }
        self._berths.resume(berths)
        self._queues.resume({name: one.course for name, one in known.items() if name in self._cells and one.course})

    def kept(self, zone: str) -> Kept | None:
        """Return what is to outlive this watch; None when the zone's state was never known."""
        if zone in self._cells:
            queue = self._queues.view(zone)
            return Kept(course=msgspec.structs.replace(left_of(queue), lengths=())) if queue.known else None
        berth = self._berths.view(zone)
        return Kept(berth.stay, str(berth.told)) if berth.known else None

    def state(self, zone: str) -> ZoneState:
        """Return what a zone is said to be; a lane is occupied when stopped vehicles are in it."""
        if self._zones[zone].kind != "lane":
            berth = self._berths.view(zone)
            return ZoneState(berth.state, berth.score)
        return lane_state([_held(piece) for piece in self._queues.pieces(zone)])

    def values(self, zone: str) -> dict[str, Value]:
        """Return a zone's values, as the profile ``camera_zone`` names them; unknown ones are None."""
        if self._zones[zone].kind != "lane":
            berth = self._berths.view(zone)
            state = berth.state
            return {"state": state.value, "score": None if state is Spot.UNKNOWN else round(berth.vehicle, 3)}
        said = self.state(zone)
        vehicle = {Spot.OCCUPIED: said.score, Spot.FREE: 1 - said.score}.get(said.state)
        values: dict[str, Value] = {
            "state": str(said.state),
            "score": None if vehicle is None else round(vehicle, 3),
        }
        return values | _queue_values(self._queues.view(zone))

    def still(self, zone: str, said: Mapping[str, Value], *, within: float) -> bool:
        """Return whether a berth surely is as it was said, its score ``within`` so much; a lane or road never is."""
        berth, score = self._berths.view(zone), said["score"]
        return (
            self._zones[zone].kind == "berth"
            and berth.state == said["state"]
            and (score is None or abs(berth.vehicle - float(score)) <= within)
        )

    def pieces(self, lane: str) -> list[Piece]:
        """Return a lane's cells with what is known of them, for the chain of a road's cameras; else none."""
        return self._queues.pieces(lane) if lane in self._cells else []

    def _take(self, zone: Zone, t_us: int, scores: Scores) -> list[Finding]:
        if zone.kind == "lane":
            return self._queues.take(t_us, zone.id, [scores.get(cell.id) for cell in self._cells[zone.id]])
        found = self._berths.take(t_us, zone.id, scores.get(zone.id))
        return found if zone.kind == "berth" else []  # a road is no berth: it has a state and no stays


def plain_state(zone: Zone, scores: Scores) -> ZoneState:
    """Return what one look alone says of a zone."""
    if zone.kind == "lane":
        return lane_state([scores.get(cell.id) for cell in lane_cells(zone)])
    return _state(scores.get(zone.id))


def lane_state(ps: list[float | None]) -> ZoneState:
    """Return the state of a lane: occupied when one of its cells is, free when all of them are."""
    known = [p for p in ps if p is not None]
    if known and max(known) >= 0.5:
        return _state(max(known))
    return _state(max(known, default=None) if len(known) == len(ps) else None)


def _held(piece: Piece) -> float | None:
    """Return the probability of a stopped vehicle, on the side that was decided."""
    if piece.stopped is None:
        return None
    return max(0.5, piece.score) if piece.stopped else min(0.49, piece.score)


def _state(p: float | None) -> ZoneState:
    if p is None:
        return ZoneState(Spot.UNKNOWN, 0.0)
    return ZoneState(Spot.OCCUPIED, p) if p >= 0.5 else ZoneState(Spot.FREE, 1 - p)


def _queue_values(course: Course) -> dict[str, Value]:
    """Return what is measured now, also of a line of vehicles that is too short or too young to be called a queue."""
    queue = course.queue
    if queue is None:
        return dict.fromkeys(("vehicles", "queue_m", "tail_m", "at_least", "growth_mps", "growing"))
    return {
        "vehicles": queue.vehicles,
        "queue_m": round(queue.queue_m, 1),
        "tail_m": round(queue.tail_m, 1),
        "at_least": queue.at_least,
        "growth_mps": None if course.growth_mps is None else round(course.growth_mps, 3),
        "growing": course.growing,
    }

"""The limits that a profile gives the judges of what a camera sees: of its zones, and of a road's queue."""

from typing import TypeVar

import msgspec

from device_profiles.errors import ConfigError
from device_profiles.profile import Profile
from edge_agent.judge.berth import berth
from edge_agent.judge.berth.limits import BerthLimits
from edge_agent.judge.limits import read_limits
from edge_agent.judge.queue import course as queue_course
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.road import avoid, road
from edge_agent.judge.road.limits import LEAST_M2, RoadLimits

ZONE, QUEUE = "zone", "queue"  # names in a profile's [judge]
SEEING = frozenset({ZONE, QUEUE})  # judges of pictures: they are fed with scores, not with values
_OF_CELLS = {"stop", "stays", "lost"}  # a road is told of cells that were judged already
_BERTH, _QUEUE, _ROAD = BerthLimits(), QueueLimits(), RoadLimits()
_OF_ROAD = "road_"  # how the names of a road's limits begin
_SHARES = ("road_sure", "road_doubt")
_COUNTS = ("road_looks", "road_object_looks", "road_far_looks", "road_gone_looks", "road_lost_looks")


class ZoneLimits(msgspec.Struct, frozen=True):
    """Of berths, lanes and roads' surfaces; microseconds, metres, m/s, m², shares. `lost` is of berths and lanes."""

    confirm_us: int = _BERTH.confirm_us
    lost_us: int = _BERTH.lost_us
    stays_us: int = _BERTH.stays_us
    unseen_us: int = _BERTH.unseen_us
    stop_us: int = _QUEUE.stop_us
    lane_stays_us: int = _QUEUE.stays_us
    vehicle_m: float = _QUEUE.vehicle_m
    gap_m: float = _QUEUE.gap_m
    form_m: float = _QUEUE.form_m
    form_us: int = _QUEUE.form_us
    over_us: int = _QUEUE.over_us
    window_us: int = _QUEUE.window_us
    rise_m: float = _QUEUE.rise_m
    grow_mps: float = _QUEUE.grow_mps
    road_stays_us: int = _ROAD.stays_us
    road_looks: int = _ROAD.looks
    road_object_us: int = _ROAD.object_us
    road_object_looks: int = _ROAD.object_looks
    road_far_us: int = _ROAD.far_us
    road_far_looks: int = _ROAD.far_looks
    road_sure: float = _ROAD.sure
    road_doubt: float = _ROAD.doubt
    road_gone_us: int = _ROAD.gone_us
    road_gone_looks: int = _ROAD.gone_looks
    road_pinned_us: int = _ROAD.pinned_us
    road_lost_us: int = _ROAD.lost_us
    road_lost_looks: int = _ROAD.lost_looks
    road_area_m2: float = _ROAD.area_m2

    @property
    def berth(self) -> BerthLimits:
        """Those of berths."""
        return BerthLimits(**{name: getattr(self, name) for name in BerthLimits.__struct_fields__})

    @property
    def queue(self) -> QueueLimits:
        """Those of lanes."""
        others = {name: getattr(self, name) for name in QueueLimits.__struct_fields__ if name != "stays_us"}
        return QueueLimits(**others, stays_us=self.lane_stays_us)

    @property
    def road(self) -> RoadLimits:
        """Those of roads' surfaces."""
        return RoadLimits(**{name: getattr(self, _OF_ROAD + name) for name in RoadLimits.__struct_fields__})


def judged_by_sight(profile: Profile) -> bool:
    """Return whether its judge is fed with what a model sees, and not with values."""
    return profile.spec.judge is not None and profile.spec.judge.name in SEEING


L = TypeVar("L", ZoneLimits, QueueLimits)


def zone_limits_of(profile: Profile) -> ZoneLimits:
    """Return the limits of a zone's profile. Raises ConfigError with file and key."""
    return _limits(profile, ZONE, ZoneLimits, kinds=berth.EVENTS | queue_course.EVENTS | road.EVENTS | avoid.EVENTS)


def queue_limits_of(profile: Profile) -> QueueLimits:
    """Return the limits of a road's profile. Raises ConfigError with file and key."""
    limits = _limits(profile, QUEUE, QueueLimits, kinds=queue_course.EVENTS)
    for name in _OF_CELLS & (profile.spec.judge.limits.keys() if profile.spec.judge else set()):
        raise ConfigError(
            "is a lane's: it stands in the profile of zones", file=profile.file, key=f"judge.limits.{name}"
        )
    return limits


def _limits(profile: Profile, name: str, record: type[L], *, kinds: frozenset[str]) -> L:
    spec = profile.spec.judge
    if spec is None:
        return record()
    if spec.name != name:
        raise ConfigError(f"a {profile.kind} is judged by {name!r}", file=profile.file, key="judge.name")
    missing = sorted(kinds - profile.spec.events.keys())
    if missing:
        raise ConfigError(f"judge {name!r} also makes {', '.join(missing)}", file=profile.file, key="events")
    limits = read_limits(spec, record, file=profile.file)
    _check(limits, file=profile.file)
    return limits


def _check(limits: ZoneLimits | QueueLimits, *, file: str) -> None:
    """Refuse what no judge can work with: a length or a window of nothing, no look, a share above 1."""
    least = dict.fromkeys(_COUNTS, 1.0) | {"road_area_m2": LEAST_M2}
    for name in limits.__struct_fields__:
        value, fault = getattr(limits, name), ""
        if name in ("vehicle_m", "form_m", "window_us", "stays_us", "lane_stays_us") and value <= 0:
            fault = "must be above 0"
        elif value < least.get(name, 0.0):
            fault = f"must be at least {least[name]:g}"
        elif name in _SHARES and not 0 < value < 1:
            fault = "must be between 0 and 1"
        if fault:
            raise ConfigError(fault, file=file, key=f"judge.limits.{name.removesuffix('_us')}")

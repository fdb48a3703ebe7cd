"""[[roads]] of the agent's config: which lanes of which cameras are one road, and where they lie on it."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from device_profiles.profile import Profile
from device_profiles.wire import Binding, Id, Name
from edge_agent.sources.camera.config import kind_faults
from edge_agent.vision.zones import Zones

LENGTH = "queue_m"  # a value that every road's profile has


class RoadLane(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lane on the road."""

    camera: Id
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]  # of kind lane
    at_m: Annotated[float, msgspec.Meta(ge=0, le=50_000)] = 0.0  # of its head, from the road's head


class RoadConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One road whose queue is followed over several cameras."""

    device: Id
    lanes: Annotated[tuple[RoadLane, ...], msgspec.Meta(min_length=1, max_length=64)]
    profile: Name = "road_queue"
    asset: Annotated[str, msgspec.Meta(max_length=128)] = ""  # the register's id of the road

    @property
    def binding(self) -> Binding:
        """What a birth says of it."""
        via = tuple(sorted({lane.camera for lane in self.lanes}))
        return Binding(self.device, self.profile, self.asset, via)


def road_faults(
    roads: tuple[RoadConfig, ...], zones: Mapping[str, Zones], known: Mapping[str, Profile], *, taken: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each fault; ``zones`` by camera, ``taken`` are the devices that others read."""
    devices = set(taken)
    for number, road in enumerate(roads):
        key = f"roads[{number}]"
        if road.device in devices:
            yield f"{key}.device", f"{road.device!r} is used twice"
        devices.add(road.device)
        faults = kind_faults(road.profile, known, noun="road", speaks=LENGTH)
        yield from ((f"{key}.profile", message) for message in faults)
        yield from ((f"{key}.{field}", message) for field, message in _lane_faults(road, zones))


def _lane_faults(road: RoadConfig, zones: Mapping[str, Zones]) -> Iterable[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for at, lane in enumerate(road.lanes):
        key = f"lanes[{at}]"
        drawn = {zone.id: zone.kind for zone in zones[lane.camera].zones} if lane.camera in zones else {}
        if lane.camera not in zones:
            yield f"{key}.camera", f"{lane.camera!r} is no camera with zones"
        elif drawn.get(lane.zone) != "lane":
            yield f"{key}.zone", f"{lane.zone!r} is no lane of camera {lane.camera!r}"
        if (lane.camera, lane.zone) in seen:
            yield f"{key}.zone", "stands twice on this road"
        seen.add((lane.camera, lane.zone))

"""The road zones of one camera, in its worker: judged, and what was found is kept as evidence."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.judge.road.blob import Box
from edge_agent.judge.road.limits import RoadLimits
from edge_agent.judge.road.road import KINDS, Surface
from edge_agent.sources.camera.streams.frame import Image
from edge_agent.vision.road.surface import Classify
from edge_agent.vision.road.watch import RoadLook, RoadWatch
from edge_agent.vision.watch import Kept
from edge_agent.vision.zone import Polygon
from edge_agent.vision.zones import Zones

_TOLD = frozenset(KINDS.values())  # findings of which something is kept


class Keep(Protocol):
    """What an `Evidence` is to us."""

    def see(self, image: Image, t_us: int, movers: Sequence[Box] = ()) -> None:
        """Keep a picture back for a while."""

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""

    def keep(
        self,
        *,
        before: Image | None,
        after: Image,
        movers: Sequence[Box],
        polygon: Polygon,
        t_us: int,
        kind: str = "",
        hidden: Sequence[Polygon] = (),
    ) -> str:
        """Keep what was seen; return the zone's value ``evidence``."""


class RoadEyes:
    """Runs in the worker; without road zones it does nothing."""

    def __init__(
        self,
        zones: Zones,
        classify: Classify | None,
        *,
        evidence: Keep | None = None,
        limits: RoadLimits | None = None,
    ) -> None:
        self._watch = RoadWatch(zones, classify, limits=limits)
        self._polygons = {one.id: one.polygon for one in zones.zones if one.kind == "road"}
        self._evidence = evidence if self._polygons else None
        self._kept: dict[str, str] = {}  # zone → value `evidence`

    def seen(self, image: Image, t_us: int, *, hidden: Sequence[Polygon] = ()) -> list[Finding]:
        """Judge a picture that can be believed; ``hidden`` is not to be seen on evidence: berths with vehicles."""
        look = self._watch.take(image, t_us)
        if self._evidence is not None:
            self._evidence.see(image, t_us, look.seen.movers if look.seen else ())
        return [self._with_evidence(one, look, image, hidden) for one in look.findings]

    def unseen(self, t_us: int, *, reason: str) -> list[Finding]:
        """Take note that nothing can be seen."""
        return list(self._watch.unseen(t_us, reason=reason))

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._watch.shift(step_us)
        if self._evidence is not None:
            self._evidence.shift(step_us)

    def sees(self, zone: str) -> bool:
        """Return whether a zone's surface is known."""
        return not self._watch.reason(zone)

    def values(self, zone: str) -> Mapping[str, Value]:
        """Return a zone's values of its surface; of what is no road none."""
        values = self._watch.values(zone)
        if not values:
            return values
        if values["surface"] == Surface.SOUND:
            self._kept.pop(zone, None)
        return {**values, "evidence": self._kept.get(zone)}

    def kept(self, zone: str) -> Kept | None:
        """Return what is to outlive this worker, None when nothing was told."""
        told = self._watch.told(zone)
        return Kept(changes=told, evidence=self._kept.get(zone, "")) if told else None

    def resume(self, kept: Mapping[str, Kept]) -> None:
        """Go on where another worker stopped: what it told is there, though this one does not know the road before."""
        known = {zone: one for zone, one in kept.items() if zone in self._polygons and one.changes}
        self._kept |= {zone: one.evidence for zone, one in known.items() if one.evidence}
        self._watch.resume({zone: one.changes for zone, one in known.items()})

    def _with_evidence(self, found: Finding, look: RoadLook, image: Image, hidden: Sequence[Polygon]) -> Finding:
        if self._evidence is None or look.seen is None or found.kind not in _TOLD:
            return found
        zone = str(found.data["zone"])
        self._kept[zone] = self._evidence.keep(
            before=look.seen.before,
            after=image,
            movers=look.seen.movers,
            polygon=self._polygons[zone],
            t_us=found.t_us,
            kind=found.kind,
            hidden=hidden,
        )
        return msgspec.structs.replace(found, data={**found.data, "evidence": self._kept[zone]})

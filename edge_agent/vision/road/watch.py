"""The road zones of one camera, seen and judged: pictures in, findings and values out."""

from collections.abc import Mapping, Sequence

import msgspec

from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.judge.road.avoid import Avoided, AvoidJudge, Standing
from edge_agent.judge.road.change import OURS, Change, likeness, stands
from edge_agent.judge.road.limits import RoadLimits
from edge_agent.judge.road.road import RoadJudge
from edge_agent.vision.patches import Frame
from edge_agent.vision.road.surface import Classify, Surface, SurfaceSeen
from edge_agent.vision.zones import Zones

LASTS_US = 2_000_000  # what has not been there for so long may be anything that passes


class RoadLook(msgspec.Struct, frozen=True):
    """What one look at the roads told."""

    findings: tuple[Finding, ...]
    seen: SurfaceSeen | None  # None: there is no road, or the picture has another size


class RoadWatch:
    """Of one camera; it does nothing when no road is drawn."""

    def __init__(self, zones: Zones, classify: Classify | None, *, limits: RoadLimits | None = None) -> None:
        self.zones = tuple(one.id for one in zones.zones if one.kind == "road")
        self._shape = (zones.height, zones.width, 3)
        self._surface = Surface(zones, classify)
        self._judge = RoadJudge(limits)
        self._ways = {zone: AvoidJudge(zone, grid) for zone, grid in self._surface.grids.items()}

    def take(self, image: Frame, t_us: int) -> RoadLook:
        """Take in a picture that can be believed."""
        if not self.zones:
            return RoadLook((), None)
        if image.shape != self._shape:
            return RoadLook(tuple(self.unseen(t_us, reason="size")), None)
        seen = self._surface.look(image, t_us, keep={zone: self._judge.where(zone) for zone in self.zones})
        findings: list[Finding] = []
        for zone in self.zones:
            if zone in seen.faults:
                findings += self._unseen(zone, t_us, reason=seen.faults[zone])
            else:
                findings += self._judge.take(t_us, zone, seen.blobs.get(zone, ()), movers=seen.movers)
                way = self._ways[zone]
                standing = self._standing(zone) if way.attends else ()
                findings += way.take(t_us, seen.traffic.get(zone, ()), standing)
        return RoadLook(tuple(findings), seen)

    def unseen(self, t_us: int, *, reason: str) -> Sequence[Finding]:
        """Take in that nothing can be seen."""
        return [found for zone in self.zones for found in self._unseen(zone, t_us, reason=reason)]

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._surface.shift(step_us)
        self._judge.shift(step_us)
        for way in self._ways.values():
            way.shift(step_us)

    def told(self, zone: str) -> tuple[Change, ...]:
        """Return what a zone was told to be changed by."""
        return self._judge.view(zone).told

    def resume(self, told: Mapping[str, tuple[Change, ...]]) -> None:
        """Go on where another watch stopped."""
        self._judge.resume(told)

    def reason(self, zone: str) -> str:
        """Return why a zone's surface is unknown; empty: it is known."""
        return self._judge.view(zone).unseen

    def values(self, zone: str) -> Mapping[str, Value]:
        """Return a zone's values of its surface, as the profile ``camera_zone`` names them; of no road none."""
        if zone not in self.zones:
            return {}
        known = self._judge.view(zone)
        changed_m2 = known.changed_m2
        way = self._ways.get(zone)
        return {
            "surface": str(known.surface),
            "surface_reason": known.unseen or None,
            "changed_m2": None if changed_m2 is None else round(changed_m2, 2),
            "avoided": str(Avoided.UNKNOWN if way is None else way.avoided),
            "avoided_reason": (known.unseen if way is None else str(way.reason)) or None,
        }

    def _unseen(self, zone: str, t_us: int, *, reason: str) -> Sequence[Finding]:
        if zone in self._ways:
            self._ways[zone].unseen(t_us, reason=reason)
        return self._judge.unseen(zone, t_us, reason=reason)

    def _standing(self, zone: str) -> list[Standing]:
        """Return where something is changed now, and whether it is something that stands there."""
        known = self._judge.view(zone).changes
        ours = [one for one in known if one.told in OURS]
        changes = [one for one in known if not one.missed and one.seen_us - one.first_us >= LASTS_US]
        changes = [one for one in changes if not any(likeness(hole, one.blob) for hole in ours)]
        return [Standing(self._surface.outline(zone, one.blob.box), stands(one)) for one in changes]


def scaleless(zones: Zones) -> list[str]:
    """Return the road zones whose ground nobody measured."""
    return [one.id for one in zones.zones if one.kind == "road" and not one.ground and not one.m_per_px]

"""The zones of one camera: looked at, judged, and said when there is something to say."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from device_profiles.wire import Value
from edge_agent.evidence.evidence import Evidence
from edge_agent.infer.model import ModelRefused
from edge_agent.judge.berth.berth import Spot
from edge_agent.judge.finding import Finding
from edge_agent.judge.zone_limits import ZoneLimits
from edge_agent.sources.camera.messages import Order, ZoneWord
from edge_agent.sources.camera.streams.frame import Image
from edge_agent.sources.camera.worker.observed import GAP_US, Observed
from edge_agent.sources.camera.worker.road_eyes import RoadEyes
from edge_agent.steps import ClockWatch
from edge_agent.vision.looker import Chosen, load_looker
from edge_agent.vision.road.patch import load_road_patch
from edge_agent.vision.road.surface import Classify
from edge_agent.vision.watch import Kept, ZoneWatch
from edge_agent.vision.zone import Polygon
from edge_agent.vision.zones import Zone, Zones, lane_cells

logger = logging.getLogger(__name__)

KEEP_US = 5_000_000  # city; a zone is said again after this, so that it is not silent
SCORE, METRES = 0.1, 2.0  # changes that are worth a word before that
NO_MODEL = "model"  # why a zone is not seen


class Look(Protocol):
    """What a `Looker` is to us."""

    def prepare(self, frame: Image, *, t_us: int | None = None) -> Chosen:
        """Return the zones of a frame that are worth a look, as the model takes them."""

    def look(self, frame: Image, *, t_us: int | None = None, chosen: Chosen | None = None) -> dict[str, float | None]:
        """Return the probability of a vehicle by zone, of a lane by cell."""


class _Said(msgspec.Struct):
    """What was said of a zone."""

    t_us: int
    values: dict[str, Value] = {}


class Eyes:
    """Runs in the worker. Nothing is said of a picture that is not believed, but that it is not."""

    def __init__(
        self,
        zones: Zones,
        looker: Look | None,
        *,
        clock: Clock,
        evidence: Evidence | None = None,
        limits: ZoneLimits | None = None,
        kept: Mapping[str, Kept] | None = None,
        classify: Classify | None = None,
    ) -> None:
        """``kept`` is what a worker before this one knew; ``classify`` tells what changed on a road."""
        self._looker = looker
        limits = limits or ZoneLimits()
        self._roads = RoadEyes(zones, classify, evidence=evidence, limits=limits.road)
        self._roads.resume(kept or {})
        self._zones = zones.zones
        self._watch = ZoneWatch(zones, berth=limits.berth, queue=limits.queue)
        self._watch.resume(kept or {})
        self._steps = ClockWatch(clock)
        gap_us = round(GAP_US * max(1.0, clock.speed))  # cameras are real: pictures come apart as the city runs
        self._observed = {zone.id: Observed(gap_us=gap_us) for zone in zones.zones}
        self._surfaces = frozenset(zone.id for zone in zones.zones if zone.kind == "road")
        self._spots = {zone.id: _spots(zone) for zone in zones.zones}
        self._said: dict[str, _Said] = {}

    def prepare(self, image: Image, t_us: int) -> Chosen | None:
        """Return what a look at a picture needs; on another thread than the looks."""
        return None if self._looker is None else self._looker.prepare(image, t_us=t_us)

    def seen(self, image: Image, t_us: int, *, prepared: Chosen | None = None) -> tuple[ZoneWord, ...]:
        """Judge a picture that can be believed."""
        self._follow_clock()
        found = self._roads.seen(image, t_us, hidden=self._standing()) if self._surfaces else []
        if self._looker is None:
            scores: dict[str, float | None] = {}
            found += self._watch.unseen(t_us, reason=NO_MODEL)
        else:
            scores = self._looker.look(image, t_us=t_us, chosen=prepared)
            found += self._watch.take(t_us, scores)
        for zone, observed in self._observed.items():
            spots = self._spots[zone]  # nearly always one: this is done for every zone of every picture
            sees = (
                scores.get(spots[0]) is not None
                if len(spots) == 1
                else any(scores.get(one) is not None for one in spots)
            )
            observed.take(t_us, seen=sees or (zone in self._surfaces and self._roads.sees(zone)))
        return self._words(found, t_us)

    def doubted(self, t_us: int) -> tuple[ZoneWord, ...]:
        """Take note of a picture that may have to be doubted: as of one in which nothing can be told."""
        self._follow_clock()
        for observed in self._observed.values():
            observed.take(t_us, seen=False)
        return self._words(self._watch.take(t_us, {}), t_us)

    def unseen(self, t_us: int, *, reason: str) -> tuple[ZoneWord, ...]:
        """Take note that nothing can be seen."""
        self._follow_clock()
        for observed in self._observed.values():
            observed.take(t_us, seen=False)
        found = [*self._watch.unseen(t_us, reason=reason), *self._roads.unseen(t_us, reason=reason)]
        return self._words(found, t_us)

    def _standing(self) -> list[Polygon]:
        """Return the berths in which vehicles stand."""
        berths = [zone for zone in self._zones if zone.kind == "berth"]
        return [zone.polygon for zone in berths if self._watch.state(zone.id).state is Spot.OCCUPIED]

    def _follow_clock(self) -> None:
        if step_us := self._steps.step_us():
            self._watch.shift(step_us)
            self._roads.shift(step_us)
            for observed in self._observed.values():
                observed.shift(step_us)
            self._said.clear()

    def _words(self, findings: list[Finding], t_us: int) -> tuple[ZoneWord, ...]:
        found: dict[str, list[Finding]] = {}
        for finding in findings:
            found.setdefault(str(finding.data["zone"]), []).append(finding)
        words = []
        for at, zone in enumerate(self._observed):
            said = self._said.get(zone)
            due = zone in found or said is None or t_us - said.t_us >= KEEP_US
            if not due and said and self._watch.still(zone, said.values, within=SCORE):
                continue  # nearly always: this too is done for every zone of every picture
            values = self._watch.values(zone)
            if zone in self._surfaces:
                values |= self._roads.values(zone)
            if due or said is None or _differs(said.values, values):
                # at first each has its own turn, so that a thousand zones do not speak at once for ever
                early_us = KEEP_US * at // len(self._observed) if said is None else 0
                self._said[zone] = _Said(t_us - early_us, values)
                observed_s = round(self._observed[zone].seconds(t_us), 1)
                values = {**values, "observed_s": observed_s}
                told, pieces = tuple(found.get(zone, ())), tuple(self._watch.pieces(zone))
                words.append(ZoneWord(zone, values, told, pieces, self._roads.kept(zone) or self._watch.kept(zone)))
        return tuple(words)


def open_eyes(order: Order, zones: Zones, *, clock: Clock, evidence: Evidence | None = None) -> tuple[Eyes, str]:
    """Return the eyes and who judges; a model that is refused sees nothing, and that is said."""
    looker, judged_by = None, order.model
    try:
        looker = load_looker(zones, model=order.model, folder=Path(order.models) if order.models else None)
    except (ModelRefused, ConfigError) as error:
        logger.error("zones are not judged: %s", error)
        judged_by = f"nobody: {error}"[:200]
    classify = _road_patch() if any(zone.kind == "road" for zone in zones.zones) else None
    eyes = Eyes(zones, looker, clock=clock, evidence=evidence, limits=order.limits, kept=order.kept, classify=classify)
    return eyes, judged_by


def _road_patch() -> Classify | None:
    try:
        return load_road_patch()
    except (ModelRefused, ConfigError) as error:
        logger.error("the surface of roads is not judged: %s", error)
        return None


def _spots(zone: Zone) -> list[str]:
    return [cell.id for cell in lane_cells(zone)] if zone.kind == "lane" else [zone.id]


def _differs(said: Mapping[str, Value], now: Mapping[str, Value]) -> bool:
    for name, value in now.items():
        before = said.get(name)
        if isinstance(value, float) and isinstance(before, float):
            if abs(value - before) > (SCORE if name == "score" or name.endswith("_mps") else METRES):
                return True
        elif value != before:
            return True
    return False

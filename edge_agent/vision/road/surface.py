"""Find what stays changed on the road: pixels of one camera in, blobs of each road zone out."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import PERSON, SOUND, VEHICLE, Blob, Box
from edge_agent.judge.road.grid import Grid, Points
from edge_agent.judge.road.passage import Mover
from edge_agent.vision.patches import Frame
from edge_agent.vision.road.background import Background
from edge_agent.vision.road.before import Before
from edge_agent.vision.road.parts import Part, movers_of, parts_of
from edge_agent.vision.road.past import Past
from edge_agent.vision.road.rain import Rain
from edge_agent.vision.road.spots import Spot, follow_spots, worth_a_look
from edge_agent.vision.road.steady import STILL, Shift, put_back
from edge_agent.vision.road.traffic import Traffic
from edge_agent.vision.road.view import RoadView, view_of
from edge_agent.vision.road.whole import Showing, Whole
from edge_agent.vision.zones import Zones

__all__ = ["Blob", "Box", "Classify", "Surface", "SurfaceReason", "SurfaceSeen"]

TOO_MUCH = 0.5  # of a zone: nothing is left to level its light by
ANEW_S, ANEW_LOOKS = 5.0, 4  # too much changed for so long: that is what is there now
OTHER_S, OTHER_LOOKS = 60.0, 10  # the same, when it shows nothing of what it showed
DARK = 30.0  # grey levels; a zone of which nearly all is darker has no light
ALIKE = 0.85  # correlation of what is there with what was: only its light has changed, no model is asked
LIGHT = {SOUND: 1.0}
LEAST_SWAY_PX = 0.7  # of the frame: what sways less need not be put back


class Classify(Protocol):
    """What a `RoadPatch` is to us."""

    def classify(self, after: Frame, before: Frame, boxes: Sequence[Box]) -> list[dict[str, float]]:
        """Return for each box class → probability."""


class SurfaceReason(StrEnum):
    """Why a road zone's surface is unknown."""

    SCALE = "scale"  # nobody measured its ground
    MODEL = "model"  # the model is not there, or was refused
    YOUNG = "young"  # it was not seen twice yet
    DARK = "dark"  # no light falls on it
    MOVED = "moved"  # the camera looks elsewhere
    OTHER = "other"  # the picture shows nothing of what it showed
    CHANGED = "changed"  # too much of the zone changed at once


class SurfaceSeen(msgspec.Struct, frozen=True):
    """What one look at the road showed."""

    blobs: Mapping[str, tuple[Blob, ...]]  # by zone; a zone that cannot be judged is in `faults` instead
    movers: tuple[Box, ...]  # what moves there now
    before: Frame  # the road as it was, without what changed
    faults: Mapping[str, str]  # zone → why it cannot be judged
    traffic: Mapping[str, tuple[Mover, ...]] = {}  # by zone, where on the ground something drives


class _Road(msgspec.Struct):
    """One zone with what is remembered of it."""

    view: RoadView
    background: Background
    traffic: Traffic
    rain: Rain = msgspec.field(default_factory=Rain)
    spots: list[Spot] = []
    bad_s: float | None = None  # since when too much of it is changed
    bad_looks: int = 0


class Surface:
    """All road zones of one camera. Times are city microseconds."""

    def __init__(self, zones: Zones, classify: Classify | None) -> None:
        views = {one.id: view_of(one, zones) for one in zones.zones if one.kind == "road"}
        self._roads = {
            name: _Road(view, Background(view), Traffic(view)) for name, view in views.items() if view is not None
        }
        self._largest = sorted(self._roads, key=lambda name: -int(self._roads[name].view.mask.sum()))
        self._shrink = next((road.view.shrink for road in self._roads.values()), 1)
        self._sway: Shift = STILL  # of the last picture, in its pixels
        self._scaleless = {name: str(SurfaceReason.SCALE) for name, view in views.items() if view is None}
        self._classify = classify
        self._whole = Whole()
        self._began_us: int | None = None
        self._last_us = 0
        self._other_s: float | None = None  # since when the picture shows something else
        self._other_looks = 0
        self._before = Before()
        self._past = Past()

    def look(self, image: Frame, t_us: int, *, keep: Mapping[str, Iterable[Box]] | None = None) -> SurfaceSeen:
        """Take in a picture of the zones' size; ``keep``: by zone, what was told to be changed and is not forgotten."""
        t_s = self._seconds(t_us)
        self._before.look(image, t_us)
        newest = {name: _grey(image, road.view) for name, road in self._roads.items()}
        showing = self._place(image, newest, t_s)
        sway = self._sway[0] / self._shrink, self._sway[1] / self._shrink
        newest = {name: put_back(grey, sway) for name, grey in newest.items()}
        greys = {name: road.rain.without(newest[name], t_s) for name, road in self._roads.items()}
        dark = {name for name, grey in greys.items() if _is_dark(grey, self._roads[name].view)}
        showing = Showing.SAME if len(dark) == len(self._roads) else showing
        for name, road in self._roads.items():
            if name not in dark:
                road.background.look(greys[name], t_s, newest=newest[name])
                if road.rain.began:
                    self._past.forget(name)
                    road.background.begin_anew(keep.get(name, ()) if keep else ())
        found = {name: parts_of(road.view, road.background) for name, road in self._roads.items() if name not in dark}
        keep = keep or {}
        if showing is not Showing.SAME:
            return self._elsewhere(image, showing, t_s, keep)
        self._other_s, self._other_looks = None, 0
        faults = dict(self._scaleless) | dict.fromkeys(dark, str(SurfaceReason.DARK))
        for name in found:
            if fault := self._fault(name, t_s, keep):
                faults[name] = str(fault)
        blobs = self._blobs({name: one for name, one in found.items() if name not in faults}, image, t_us)
        traffic = {
            name: road.traffic.movers(road.background.passing, but=keep.get(name, ()))
            for name, road in self._roads.items()
            if name not in faults
        }
        seen = SurfaceSeen(blobs, self._movers(faults), self._before.picture, faults, traffic)
        self._renew(image, t_us, faults)
        self._look_back(t_s, faults)
        return seen

    @property
    def grids(self) -> dict[str, Grid]:
        """Return the cells of each zone whose ground was measured."""
        return {name: road.traffic.grid for name, road in self._roads.items()}

    def outline(self, zone: str, box: Box) -> Points:
        """Return a box of the frame on a zone's ground, in metres."""
        return self._roads[zone].traffic.outline(box)

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        if self._began_us is not None:
            self._began_us += step_us
            self._last_us += step_us
            self._before.shift(step_us)

    def _seconds(self, t_us: int) -> float:
        """Return seconds since the first look; they do not go back."""
        if self._began_us is None:
            self._began_us = self._last_us = t_us
        self._last_us = max(self._last_us, t_us)
        return (self._last_us - self._began_us) / 1e6

    def _since_us(self, since_s: float) -> int:
        return (self._began_us or 0) + round(since_s * 1e6)

    def _elsewhere(self, image: Frame, showing: Showing, t_s: float, keep: Mapping[str, Iterable[Box]]) -> SurfaceSeen:
        """The zones do not lie where they were drawn: nothing is known of them until the camera looks there again."""
        reason = SurfaceReason.MOVED if showing is Showing.MOVED else SurfaceReason.OTHER
        self._other_s = t_s if self._other_s is None or showing is Showing.MOVED else self._other_s
        self._other_looks = 0 if showing is Showing.MOVED else self._other_looks + 1
        if self._other_looks >= OTHER_LOOKS and t_s - self._other_s >= OTHER_S:
            self._whole.begin_anew(image, t_s)
            for name, road in self._roads.items():
                self._begin_anew(road, keep.get(name, ()))
        self._before.forget()
        faults = self._scaleless | dict.fromkeys(self._roads, str(reason))
        return SurfaceSeen({}, (), self._before.picture, faults)

    def _fault(self, name: str, t_s: float, keep: Mapping[str, Iterable[Box]]) -> SurfaceReason | None:
        road = self._roads[name]
        if self._classify is None:
            return SurfaceReason.MODEL
        if road.background.share <= TOO_MUCH:
            road.bad_s, road.bad_looks = None, 0
            return SurfaceReason.YOUNG if road.background.looks < 2 else None
        road.bad_s = t_s if road.bad_s is None else road.bad_s
        road.bad_looks += 1
        if road.bad_looks >= ANEW_LOOKS and t_s - road.bad_s >= ANEW_S:
            self._begin_anew(road, keep.get(name, ()))
        return SurfaceReason.CHANGED

    def _look_back(self, t_s: float, faults: Mapping[str, str]) -> None:
        """Now and then: what the road has slowly become is a change of what it was minutes ago."""
        if not self._past.look(t_s):
            return
        for name, road in self._roads.items():
            if name in faults:
                self._past.forget(name)
            else:
                self._past.undo(name, road.view, road.background, self._before.picture)
        self._past.keep(self._before.picture, {name: road.background for name, road in self._roads.items()}, t_s)

    def _begin_anew(self, road: _Road, keep: Iterable[Box]) -> None:
        self._past.forget(road.view.id)
        road.background.begin_anew(keep)
        road.spots, road.bad_s, road.bad_looks = [], None, 0

    def _blobs(self, found: Mapping[str, list[Part]], image: Frame, t_us: int) -> dict[str, tuple[Blob, ...]]:
        """Return the blobs; those of which it is worth to know more are classified."""
        for name, spots in found.items():
            self._roads[name].spots = follow_spots(self._roads[name].spots, [one.box for one in spots])
            for spot, there in zip(self._roads[name].spots, spots, strict=True):
                spot.likeness = there.likeness
        due = worth_a_look([spot for name in found for spot in self._roads[name].spots], t_us)
        for spot in due:
            if spot.likeness >= ALIKE:
                spot.take(LIGHT, t_us)
        due = [spot for spot in due if spot.likeness < ALIKE]
        boxes = [spot.box for spot in due]
        before = self._before.picture
        scores = self._classify.classify(self._steadied(image), before, boxes) if self._classify and boxes else []
        for spot, one in zip(due, scores, strict=True):
            spot.take(one, t_us)
        return {name: tuple(self._blob(name, at, one, t_us) for at, one in enumerate(spots))
                for name, spots in found.items()}  # fmt: skip

    def _blob(self, name: str, at: int, found: Part, t_us: int) -> Blob:
        road, spot = self._roads[name], self._roads[name].spots[at]
        if spot.looks_sound:
            road.background.accept(found.mask, found.rows, found.columns)
            self._past.accept(name, road.background, found.mask, (found.rows, found.columns))
        scores = spot.scores if spot.scored_us == t_us else {}
        return Blob(found.box, found.area_m2, self._since_us(found.since_s), scores)

    def _steadied(self, image: Frame) -> Frame:
        """Return the picture where the backgrounds show it, though the camera sways."""
        dx, dy = self._sway
        return image if max(abs(dx), abs(dy)) < LEAST_SWAY_PX else put_back(image, (dx, dy)).astype(np.uint8)

    def _place(self, image: Frame, newest: Mapping[str, NDArray[np.uint8]], t_s: float) -> Showing:
        """Take in where the camera looks now; it sways as the largest zone says that can tell, else as all of it does.

        All zones are shrunk alike.
        """
        found = (self._roads[name].background.sway(newest[name]) for name in self._largest)
        shift = next((one for one in found if one is not None), STILL)
        by = self._shrink
        showing = self._whole.look(image, t_s, sway=(by * shift[0], by * shift[1]))
        self._sway = self._whole.sway
        return showing

    def _movers(self, faults: Mapping[str, str]) -> tuple[Box, ...]:
        roads = [road for name, road in self._roads.items() if name not in faults]
        moving = [box for road in roads for box in movers_of(road.view, road.background.moves)]
        standing = [spot.box for road in roads for spot in road.spots if spot.is_any(VEHICLE, PERSON)]
        return (*moving, *standing)

    def _renew(self, image: Frame, t_us: int, faults: Mapping[str, str]) -> None:
        """Renew the picture of the road as it was."""
        if faults.keys() - self._scaleless.keys():
            self._before.forget()
        elif self._before.due(t_us):
            seen = [(road.view.box, road.background.stays | road.background.moves) for road in self._roads.values()]
            self._before.renew(self._steadied(image), seen, t_us)


def _grey(image: Frame, view: RoadView) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = view.box
    part = image[y0:y1, x0:x1]
    if view.shrink > 1:
        part = cv2.resize(part, view.size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _is_dark(grey: NDArray[np.uint8], view: RoadView) -> bool:
    mean, deviation = cv2.meanStdDev(grey, mask=view.mask)
    return float(mean[0, 0] + 2 * deviation[0, 0]) < DARK

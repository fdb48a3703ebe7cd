"""Decide from the blobs that stay on a road's surface whether it is sound, changed, broken in or under water."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from edge_agent.judge.finding import Finding
from edge_agent.judge.road.blob import HOLE, OBJECT, WATER, Blob, Box
from edge_agent.judge.road.change import (
    Change,
    begin,
    class_of,
    covers,
    follow,
    gone,
    hide,
    join,
    likeness,
    miss,
    score_of,
    shares,
    shift,
    tell,
)
from edge_agent.judge.road.limits import RoadLimits

CHANGED, HOLED, FLOODED, RESTORED = "road.surface_changed", "road.hole", "road.water", "road.surface_restored"
EVENTS = frozenset({CHANGED, HOLED, FLOODED, RESTORED})
KINDS = MappingProxyType({HOLE: HOLED, WATER: FLOODED, OBJECT: CHANGED})
BACK_US = 2_000_000  # a look that is older by more means that the clock was set
MEASURED = 0.75  # an area is right within a quarter: what may be as large as the limit is not too small
MOST = 64  # changes of one zone that are followed; the largest


class Surface(StrEnum):
    """What a road zone's surface is said to be."""

    SOUND = "sound"
    CHANGED = "changed"
    HOLE = "hole"
    WATER = "water"
    UNKNOWN = "unknown"


class RoadReason(StrEnum):
    """Why a surface's state changed."""

    SEEN = "seen"  # it stayed, and enough looks agree on what it is
    GONE = "gone"  # the road looks again as it did before


class Look(msgspec.Struct, frozen=True):
    """What one look at a zone showed."""

    t_us: int
    blobs: tuple[Blob, ...]
    movers: tuple[Box, ...] = ()


class Zone(msgspec.Struct, frozen=True):
    """What is known of one zone."""

    changes: tuple[Change, ...] = ()
    last_us: int | None = None  # of the last look
    unseen: str = "unseen"  # why its surface is unknown; empty: it is known

    @property
    def told(self) -> tuple[Change, ...]:
        """Return the changes that were told and are not gone."""
        return tuple(one for one in self.changes if one.told)

    @property
    def surface(self) -> Surface:
        """Return the worst of what was told."""
        if self.unseen:
            return Surface.UNKNOWN
        kinds = {one.told for one in self.told}
        worst = next((one for one in (HOLE, WATER, OBJECT) if one in kinds), "")
        return {HOLE: Surface.HOLE, WATER: Surface.WATER, OBJECT: Surface.CHANGED}.get(worst, Surface.SOUND)

    @property
    def changed_m2(self) -> float | None:
        """Return how much of it is told to be changed, None when nobody knows."""
        return None if self.unseen else sum(one.blob.area_m2 for one in self.told)


class RoadJudge:
    """All road zones of a camera."""

    def __init__(self, limits: RoadLimits | None = None) -> None:
        self._limits = limits or RoadLimits()
        self._zones: dict[str, Zone] = {}

    def take(self, t_us: int, zone: str, blobs: Sequence[Blob], *, movers: Sequence[Box] = ()) -> list[Finding]:
        """Take in a look at a zone: what is changed there and does not move; nothing says that all is sound.

        What ``movers`` lie over is not seen.
        """
        look = Look(t_us, tuple(blobs), tuple(movers))
        self._zones[zone], found = take(self.view(zone), look, zone=zone, limits=self._limits)
        return found

    def unseen(self, zone: str, t_us: int, *, reason: str = "unseen") -> list[Finding]:
        """Take in that nobody can judge the zone, and why not: what was told stays, and is looked for afterwards."""
        self._zones[zone] = lose(self.view(zone), t_us, reason=reason)
        return []

    def resume(self, told: Mapping[str, Sequence[Change]]) -> None:
        """Go on with what another judge told; nobody knows any more what the road looked like before it."""
        for zone, changes in told.items():
            pinned = tuple(msgspec.structs.replace(one, pinned=True, missed=0) for one in changes)
            self._zones[zone] = Zone(changes=pinned)

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._zones = {zone: _shifted(known, step_us) for zone, known in self._zones.items()}

    def view(self, zone: str) -> Zone:
        """Return what is known of a zone."""
        return self._zones.get(zone, Zone())

    def where(self, zone: str) -> tuple[Box, ...]:
        """Return where it was told to be changed: that is not to be learned as what belongs there."""
        return tuple(one.box for one in self.view(zone).told)


def take(known: Zone, look: Look, *, zone: str, limits: RoadLimits) -> tuple[Zone, list[Finding]]:
    """Return the zone after a look, and what changed."""
    t_us = look.t_us
    if known.last_us is not None and known.last_us - t_us > BACK_US:
        known = _shifted(known, t_us - known.last_us)
    found: list[Finding] = []
    changes: list[Change] = []
    for change in _matched(known.changes, look):
        if change.missed and gone(change, t_us, limits):
            found += [_finding(RESTORED, change, t_us, zone, RoadReason.GONE)] if change.told else []
            continue
        small = change.blob.area_m2 < MEASURED * limits.area_m2  # what was told stays told when it wavers about it
        kind = None if change.missed or small else class_of(change, t_us, limits)
        if kind is not None and _worse(kind, change.told):
            same = next((one for one in changes if one.told == kind and shares(one, change.blob.box)), None)
            if same is not None:  # it was told, and is seen again
                changes[changes.index(same)] = join(same, change)
                continue
            change = tell(change, kind, t_us)
            found.append(_finding(KINDS[kind], change, t_us, zone, RoadReason.SEEN))
        changes.append(change)
    changes.sort(key=lambda one: (not one.told, -one.blob.area_m2))
    return Zone(tuple(changes[:MOST]), t_us, ""), found


def lose(known: Zone, t_us: int, *, reason: str) -> Zone:
    """Return the zone once it is unknown: only what was told is kept, and is there until it is seen to be gone."""
    kept = tuple(msgspec.structs.replace(one, seen_us=max(t_us, one.seen_us), missed=0) for one in known.told)
    return Zone(kept, t_us, reason or "unseen")


def _matched(changes: Sequence[Change], look: Look) -> list[Change]:
    """Return the changes after a look: each follows the blob that is most like it, and each other blob is a new one.

    What was told comes first.
    """
    t_us, blobs = look.t_us, look.blobs
    pairs = [(likeness(change, blob), at, to) for at, change in enumerate(changes) for to, blob in enumerate(blobs)]
    blob_of: dict[int, int] = {}
    for alike, at, to in sorted(pairs, key=lambda one: -one[0]):
        if alike > 0 and at not in blob_of and to not in blob_of.values():
            blob_of[at] = to
    after = []
    for at, change in enumerate(changes):
        if at in blob_of:
            after.append(follow(change, blobs[blob_of[at]], t_us))
        else:
            there = [blob.box for blob in blobs]
            covered = any(covers(box, change) for box in (*there, *look.movers))
            covered = covered or any(shares(change, box) for box in there)
            after.append(hide(change, t_us) if covered else miss(change))
    after += [begin(blob, t_us) for to, blob in enumerate(blobs) if to not in blob_of.values()]
    return sorted(after, key=lambda one: not one.told)


def _worse(kind: str, told: str) -> bool:
    """Return whether a class is news: a hole more than water, water more than an object, each once."""
    ranks = ("", OBJECT, WATER, HOLE)
    return ranks.index(kind) > ranks.index(told)


def _finding(kind: str, change: Change, t_us: int, zone: str, reason: RoadReason) -> Finding:
    data: dict[str, Any] = {
        "reason": str(reason),
        "zone": zone,
        "area_m2": round(change.blob.area_m2, 2),
        "score": round(min(1.0, max(0.0, score_of(change, change.told))), 3),
        "class": change.told,
        "box": list(change.blob.box),
        "since_us": change.since_us(),
    }
    return Finding(kind, t_us, data)


def _shifted(known: Zone, step_us: int) -> Zone:
    if not step_us:
        return known
    last_us = None if known.last_us is None else known.last_us + step_us
    changes = tuple(shift(one, step_us) for one in known.changes)
    return msgspec.structs.replace(known, changes=changes, last_us=last_us)

"""Decide from the ways of traffic whether it bends away from a part of the road that it has regularly crossed."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec
import numpy as np

from edge_agent.judge.finding import Finding
from edge_agent.judge.road.crossing import Crossing
from edge_agent.judge.road.grid import Cells, Grid, Points, grown, pieces_of
from edge_agent.judge.road.passage import Follower, Mover, Passage

AVOIDED, OVER = "road.avoided", "road.avoided_over"
EVENTS = frozenset({AVOIDED, OVER})
LEAST_M2 = 1.5  # half a metre of a lane; and a metre wide, else everybody has only moved over a little
LEAST = 4  # passages that missed it
CHANCE = 1e-3  # that all that is remembered of one direction holds so unlikely a run of misses by chance
ALONG = 0.7  # cosine of the angle to the road's direction, from which on a passage goes along it
TURNS = 0.05  # of a passage's direction is taken into the road's
BACK = 3  # passages one after another that cross it again end it
CROSSES = 0.5  # of its cells
LEFT_S = 10.0  # so long nothing stands there any more: whatever traffic still bends away from is not that
SETTLED_S = 3_600.0  # after so long it is where traffic drives
ELSEWHERE = frozenset({"moved", "other", "size"})  # reasons to see nothing after which the picture may be another


class Avoided(StrEnum):
    """What the traffic of a road zone bends away from."""

    NONE = "none"
    ROAD = "road"  # nothing stands there: from the road itself, whatever has become of it
    OBSTACLE = "obstacle"  # from what stands or lies there: a vehicle, people, goods
    UNKNOWN = "unknown"


class AvoidReason(StrEnum):
    """Why a state changed, or is unknown."""

    MISSED = "missed"  # so many passages missed it
    CROSSED = "crossed"  # it is crossed again
    LEFT = "left"  # what stood there has left
    SETTLED = "settled"  # traffic drives elsewhere now
    TRAFFIC = "traffic"  # unknown: too little of it


class Standing(msgspec.Struct, frozen=True, eq=False):
    """Something that is changed on the road and does not move."""

    outline: Points  # on the ground, in metres
    obstacle: bool | None  # it stands or lies on the road; None: nobody can tell yet


class _Patch(msgspec.Struct, eq=False):
    """A part of the road that is told to be avoided."""

    stream: int
    cells: Cells
    what: Avoided
    data: dict[str, object]
    told_s: float
    stood_s: float  # when something stood there last
    back: int = 0  # passages that crossed it again


class AvoidJudge:
    """Of one road zone. Times are city microseconds."""

    def __init__(self, zone: str, grid: Grid) -> None:
        self._zone, self._grid = zone, grid
        self._base_us: int | None = None
        self._t_s = 0.0
        self._unseen = "unseen"  # why it is unknown; empty: it is seen
        self.forget()

    @property
    def reason(self) -> str:
        """Return why it is unknown; empty: it is known."""
        return self._unseen or ("" if any(one.known for one in self._streams) else AvoidReason.TRAFFIC)

    @property
    def attends(self) -> bool:
        """Return whether it matters to it what stands there: enough traffic is known, or something was told."""
        return bool(self._patches) or any(one.known for one in self._streams)

    @property
    def avoided(self) -> Avoided:
        """Return what traffic bends away from; beside an obstacle the rest may be because of it too."""
        if self.reason:
            return Avoided.UNKNOWN
        what = {patch.what for patch in self._patches}
        return next((one for one in (Avoided.OBSTACLE, Avoided.ROAD) if one in what), Avoided.NONE)

    def forget(self) -> None:
        """Begin anew: the picture may show another place."""
        self._follower = Follower(self._grid)
        self._streams = (Crossing(self._grid), Crossing(self._grid))  # along the road, and the other way
        self._way = 0j  # the road's direction
        self._patches: list[_Patch] = []
        self._waits = False  # for a word on what lies on what is missed

    def unseen(self, t_us: int, *, reason: str) -> None:
        """Take in that nothing can be seen of it."""
        self._seconds(t_us)
        self._unseen = reason or "unseen"
        if reason in ELSEWHERE:
            self.forget()
        self._follower.forget()
        for stream in self._streams:
            stream.restart(np.ones_like(self._grid.inside))

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        if self._base_us is not None:
            self._base_us += step_us

    def take(self, t_us: int, movers: Sequence[Mover], standing: Sequence[Standing] = ()) -> list[Finding]:
        """Take in a look: what moves on the zone, and what stands or lies there."""
        t_s, self._unseen = self._seconds(t_us), ""
        passages, touched = self._follower.look(t_s, movers, way=self._way)
        for stream in self._streams:
            stream.pass_s(t_s)
            stream.touch(touched)
        found = self._ended(t_us, standing)
        for passage in passages:
            number = self._stream_of(passage)
            if number is not None:
                self._streams[number].learn(passage, told=self._told(number))
                found += self._back(number, passage, t_us)
        if passages or self._waits:
            self._waits = False
            for number, stream in enumerate(self._streams):
                found += self._missed(number, t_us, standing) if stream.known else []
        return found

    def _seconds(self, t_us: int) -> float:
        if self._base_us is None:
            self._base_us = t_us
        self._t_s = max(self._t_s, (t_us - self._base_us) / 1e6)
        return self._t_s

    def _told(self, number: int) -> Cells:
        told = self._grid.empty()
        for patch in self._patches:
            if patch.stream == number:
                told |= patch.cells
        return told

    def _stream_of(self, passage: Passage) -> int | None:
        """Return which way something has passed along the road; None: it crossed the road."""
        way = complex(*passage.way)
        way /= abs(way)
        self._way = self._way or way
        along = (way * self._way.conjugate()).real / abs(self._way)
        if abs(along) < ALONG:
            return None
        self._way += TURNS * (way if along > 0 else -way) - TURNS * self._way
        return 0 if along > 0 else 1

    def _missed(self, number: int, t_us: int, standing: Sequence[Standing]) -> list[Finding]:
        """Return what is told to be avoided from now on."""
        stream, told = self._streams[number], self._told(number)
        missed = stream.missed(least=LEAST, chance=CHANCE / max(1.0, stream.passages)) & ~told
        found = []
        for cells in pieces_of(missed) if missed.any() else ():
            area_m2 = float(cells.sum()) * self._grid.cell_m2
            there = self._there(cells, standing)
            near = next(
                (one for one in self._patches if one.stream == number and (grown(one.cells) & cells).any()), None
            )
            if near is not None:
                near.cells |= cells
            elif area_m2 >= LEAST_M2 and any(one.obstacle is None for one in there):
                self._waits = True
            elif area_m2 >= LEAST_M2:
                found.append(self._tell(number, cells, bool(there), t_us))
        return found

    def _tell(self, number: int, cells: Cells, obstacle: bool, t_us: int) -> Finding:
        stream, what = self._streams[number], Avoided.OBSTACLE if obstacle else Avoided.ROAD
        data: dict[str, object] = {
            "zone": self._zone,
            "area_m2": float(cells.sum()) * self._grid.cell_m2,
            "score": round(1 - min(1.0, stream.chance_of(cells) * stream.passages), 6),
            "class": str(what),
            "box": list(self._grid.box(cells)),
            "passages": int(stream.run[cells].min()),
            "since_us": (self._base_us or 0) + round(float(stream.since_s[cells].min()) * 1e6),
        }
        self._patches.append(_Patch(number, cells.copy(), what, data, self._t_s, self._t_s))
        return Finding(AVOIDED, t_us, {**data, "reason": str(AvoidReason.MISSED)})

    def _back(self, number: int, passage: Passage, t_us: int) -> list[Finding]:
        """Count the passages that cross again what was avoided."""
        found = []
        for patch in [one for one in self._patches if one.stream == number]:
            seen = (passage.crossed | passage.beside) & patch.cells
            if not seen.any():
                continue
            crossed = (passage.crossed & patch.cells).sum() >= CROSSES * patch.cells.sum()
            patch.back = patch.back + 1 if crossed else 0
            if patch.back >= BACK:
                found.append(self._end(patch, t_us, AvoidReason.CROSSED))
        return found

    def _ended(self, t_us: int, standing: Sequence[Standing]) -> list[Finding]:
        """Return what ends because nothing stands there any more, or because it has become usual."""
        found = []
        for patch in list(self._patches):
            if any(one.obstacle is not False for one in self._there(patch.cells, standing)):
                patch.stood_s = self._t_s
            if patch.what is Avoided.OBSTACLE and self._t_s - patch.stood_s > LEFT_S:
                found.append(self._end(patch, t_us, AvoidReason.LEFT))
            elif self._t_s - patch.told_s > SETTLED_S:
                found.append(self._end(patch, t_us, AvoidReason.SETTLED))
        return found

    def _end(self, patch: _Patch, t_us: int, reason: AvoidReason) -> Finding:
        self._patches.remove(patch)
        self._streams[patch.stream].restart(patch.cells)
        return Finding(OVER, t_us, {**patch.data, "reason": str(reason)})

    def _there(self, cells: Cells, standing: Sequence[Standing]) -> list[Standing]:
        """Return what stands on some cells, or beside them, and what nobody can name yet."""
        around = grown(cells)
        there = [one for one in standing if (self._grid.under(one.outline) & around).any()]
        return [one for one in there if one.obstacle is not False]

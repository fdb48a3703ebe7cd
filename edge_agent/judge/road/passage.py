"""Follow what moves on a road until it has passed: which cells it crossed, and which it passed by."""

from collections.abc import Sequence

import msgspec
import numpy as np

from edge_agent.judge.road.grid import Cells, Grid, Points

MOST_MOVERS = 12  # of one look, the largest
VEHICLE_M2 = 4.0  # what covers less of the picture's ground, with its height, is nobody whose way tells anything
FASTEST_MPS, SLOWEST_MPS = 20.0, 2.0  # of what is followed; who walks tells nothing of where one drives
SLACK_M, SLACK = 2.0, 0.5  # so far ahead or behind may it be of where it was expected; and so much of the way it went
ASIDE_M, ASIDE = 0.7, 0.25  # the same to its side: what is further off is another lane's
MOVED_M = 1.0  # what has come so far moves, and touches what it crosses
LOOKS, WAY_M = 3, 5.0  # a passage was seen so often, and over so much of the road
STRAIGHT = 0.8  # of the way that it went it came on
REACH_M = 4.0  # what drives by at no more than this has passed beside: the width of a lane and a bit
COAST_S = 1.0  # so long is something expected that is not seen any more
GAP_S = 1.5  # looks that are farther apart show no way


class Mover(msgspec.Struct, frozen=True, eq=False):
    """Something that moves, in one look."""

    outline: Points  # of its foot on the ground, in metres
    area_m2: float  # of the picture's ground that it covers, with its height


class Passage(msgspec.Struct, frozen=True, eq=False):
    """Something that has passed."""

    t_s: float  # when it was seen last
    way: Points  # x and y, from where it was seen first to where it was seen last
    crossed: Cells
    beside: Cells  # that it passed without touching them


class _Track(msgspec.Struct, eq=False):
    outline: Points
    at: Points
    t_s: float
    begin: Points
    begin_s: float
    crossed: Cells
    reached: Cells
    largest_m2: float
    speed: Points | None = None
    looks: int = 1
    way_m: float = 0.0


class Follower:
    """Of one zone. Times are seconds that do not go back."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._tracks: list[_Track] = []
        self._t_s: float | None = None

    def look(self, t_s: float, movers: Sequence[Mover], *, way: complex = 0j) -> tuple[list[Passage], Cells]:
        """Return what has passed, and the cells that anything that moves has touched, or may have.

        ``way`` is the road's direction, 0 where nobody knows it yet.
        """
        if self._t_s is None or t_s - self._t_s > GAP_S:
            self._tracks.clear()
        self._t_s = t_s
        left = sorted(movers, key=lambda one: -one.area_m2)[:MOST_MOVERS]
        touched = self._grid.empty()
        done: list[_Track] = []
        for track, mover in self._matched(t_s, left, way):
            if mover is not None:
                touched |= self._onward(track, mover, t_s)
            elif track.speed is None or t_s - track.t_s > COAST_S:  # what was seen once may be anything
                self._tracks.remove(track)
                done.append(track)
            elif track.looks >= LOOKS and track.way_m >= MOVED_M:  # it may be there, hidden by something
                touched |= self._grid.under(track.outline + track.speed * (t_s - track.t_s))
        found = [passage for track in done if (passage := self._passage(track)) is not None]
        return found, touched

    def forget(self) -> None:
        """Follow nothing of what was seen any more."""
        self._tracks.clear()

    def _matched(self, t_s: float, movers: list[Mover], way: complex) -> list[tuple[_Track, Mover | None]]:
        """Return each track with what follows it now; what follows none begins one."""
        free, tracks = list(movers), list(self._tracks)
        pairs = []
        for track in tracks:
            for mover in free:
                off_m = _off_m(track, mover.outline.mean(axis=0), t_s, way)
                if off_m is not None:
                    pairs.append((off_m, id(track), id(mover)))
        chosen: dict[int, int] = {}
        for _, track_id, mover_id in sorted(pairs):
            if track_id not in chosen and mover_id not in chosen.values():
                chosen[track_id] = mover_id
        by_id = {id(mover): mover for mover in free}
        self._tracks += [self._begin(mover, t_s) for mover in free if id(mover) not in chosen.values()]
        return [(track, by_id.get(chosen.get(id(track), 0))) for track in tracks]

    def _begin(self, mover: Mover, t_s: float) -> _Track:
        at = mover.outline.mean(axis=0)
        crossed = self._grid.under(mover.outline)
        return _Track(mover.outline, at, t_s, at, t_s, crossed, self._grid.empty(), mover.area_m2)

    def _onward(self, track: _Track, mover: Mover, t_s: float) -> Cells:
        """Let a track go on; return the cells that were touched on the way."""
        at = mover.outline.mean(axis=0)
        step = at - track.at
        swept = self._grid.under(np.concatenate([track.outline, mover.outline]))
        track.crossed |= swept
        track.reached |= self._grid.beside(track.at, at, reach_m=REACH_M)
        track.speed = step / max(1e-3, t_s - track.t_s)
        track.way_m += float(np.hypot(*step))
        track.largest_m2 = max(track.largest_m2, mover.area_m2)
        track.looks += 1
        track.outline, track.at, track.t_s = mover.outline, at, t_s
        if track.looks < LOOKS or float(np.hypot(*(at - track.begin))) < MOVED_M:
            return self._grid.empty()  # it only wavers, as the rim of a hole, or two things were taken for one
        return track.crossed

    def _passage(self, track: _Track) -> Passage | None:
        """Return what a track tells, None: of where traffic drives nothing."""
        way = track.at - track.begin
        far_m = float(np.hypot(*way))
        slow = far_m < SLOWEST_MPS * (track.t_s - track.begin_s)
        if track.looks < LOOKS or far_m < max(WAY_M, STRAIGHT * track.way_m) or slow:
            return None
        if track.largest_m2 < VEHICLE_M2:
            return None
        return Passage(track.t_s, way, track.crossed, track.reached & ~track.crossed)


def _off_m(track: _Track, at: Points, t_s: float, way: complex) -> float | None:
    """Return how far a place is from where a track is expected; None: it is not the same thing."""
    passed_s = t_s - track.t_s
    off, far_m, slack = complex(*(at - track.at)), 0.0, FASTEST_MPS * passed_s
    if track.speed is not None:
        step = complex(*track.speed) * passed_s
        off, far_m = off - step, abs(step)
        way, slack = (step if far_m > SLACK_M else way), SLACK * far_m
    turned = off * (way.conjugate() / abs(way) if way else 1)
    aside_m = abs(turned.imag) if way else 0.0
    if abs(off) > SLACK_M + slack or aside_m > ASIDE_M + ASIDE * max(far_m, abs(turned.real)):
        return None
    return abs(off) + aside_m

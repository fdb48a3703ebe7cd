"""Judge a box in a lift car: rides and stucks from acceleration and pressure, block by block as they arrive."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.checks import Checks
from edge_agent.judge.ride.end import Ended, Watch
from edge_agent.judge.ride.floors import arrive, index_of
from edge_agent.judge.ride.grid import BIN_US, Bins, Grid
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.state import Fault, Ride, RideState, Stop
from edge_agent.judge.ride.stop import RELEASED, RIDE, STUCK, after_ride, after_time, begin_ride, lose_sight
from edge_agent.judge.ride.track import Track
from edge_agent.judge.ride.window import HOP, LABELS, MOVING, WINDOW, windows

Numbers = NDArray[np.float64] | Sequence[float]
Classify = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # (n, channels, bins) → (n, labels) probabilities

FAULT, SOUND = "box.fault", "box.sound"
KINDS = frozenset({RIDE, STUCK, RELEASED, FAULT, SOUND})
VALUES = ("motion", "height_m", "speed_mps", "floor", "moving", "box_quality", "ride_count")
LEVEL_OFF = 0.05  # m/s²: what the model bears
MOST_LATE = 100  # samples in a row: more come of a clock that was set, not of a slow line
SLACK_M = 10.0
MET = 2.0  # times the highest ride so far
MET_RIDES = 20
PRESSURE_RANGE = (30_000.0, 120_000.0)  # Pa: from Everest's top to a mine's ground


class Told(msgspec.Struct, frozen=True):
    """What one block told us."""

    rides: tuple[Ride, ...] = ()  # that ended
    findings: tuple[Finding, ...] = ()  # kinds as above; a ride is also a finding of kind `lift.ride`
    state_changed: bool = False  # the state is worth storing


class RideJudge:
    """One box's judge. Pure: time comes with the samples; the same samples in the same blocks give the same words."""

    def __init__(self, limits: RideLimits, *, classify: Classify | None = None, state: RideState | None = None) -> None:
        """Begin, or go on from ``state`` as it was stored (its ``floors`` hold given ones).

        ``classify`` is `edge_agent.infer`'s model, None is thresholds alone.
        """
        self._limits, self._classify = limits, classify
        self._state = state or RideState()
        self._grid = Grid(late_us=limits.late_us)
        self._track = Track(labels=len(LABELS))
        self._watch = Watch(limits, gravity=self._state.gravity, with_model=classify is not None)
        self._checks = Checks()
        self._hop: int | None = None  # the next bin at which to look
        self._named: int | None = None  # the next bin that the model looks at
        self._motion: str | None = None
        self._told_state = self._state
        self._named_level: float | None = None  # gravity with which it looked
        self._late_samples = 0  # in a row
        self._rides: list[Ride] = []
        self._findings: list[Finding] = []

    def take_acceleration(self, t_us: Sequence[int], ax: Numbers, ay: Numbers, az: Numbers) -> Told:
        """Take in a block in m/s², in order of arrival; gaps, doubles and disorder are normal, NaN is an empty cell."""
        times = np.asarray(t_us, dtype=np.int64)
        axes = np.stack([np.asarray(axis, dtype=np.float64) for axis in (ax, ay, az)], axis=1)
        for part in self._unbroken(times):
            self._take_part(times[part], axes[part])
        return self._tell()

    def take_pressure(self, t_us: Sequence[int], pressure_pa: Numbers) -> Told:
        """Take in pressures, which may come at other times than the accelerations, or never."""
        for at, pressure in zip(t_us, pressure_pa, strict=True):
            if PRESSURE_RANGE[0] <= pressure <= PRESSURE_RANGE[1]:
                self._track.press(int(at), float(pressure))
        return self._tell()

    def take_time(self, now_us: int) -> Told:
        """Let time pass without a sample (call it once a second while the box is silent)."""
        last_us = self._state.last_us
        if last_us is not None and now_us - last_us > self._limits.jump_us and self._state.phase != "unknown":
            self._lose_sight(now_us)
        return self._tell()

    def finish(self) -> Told:
        """Decide what waits for more samples: a recording ends here. A live agent never calls it."""
        bins = self._grid.complete(everything=True)
        if bins is not None:
            self._append(bins)
        if self._track.first is not None:
            self._name_windows(everything=True)
            self._look(self._track.end, last=True)
        return self._tell()

    def shift(self, step_us: int) -> None:
        """Move all times: the agent's clock was set."""
        moved = {
            name: getattr(self._state, name) + step_us
            for name in ("since_us", "last_us")
            if getattr(self._state, name) is not None
        }
        self._state = msgspec.structs.replace(self._state, **moved)
        self._restart()

    @property
    def state(self) -> RideState:
        """What is to be stored: plain data (`msgspec.json.encode`), a few kB."""
        return self._state

    @property
    def values(self) -> dict[str, object]:
        """The values now, by the names in VALUES; None is unknown."""
        state, faulty = self._state, bool(self._state.faults)
        standing = state.phase in ("standing", "doubted", "stuck")
        height = state.height_m if standing and not faulty else None
        return {
            "motion": None if faulty else self._motion,
            "height_m": height,
            "speed_mps": None if faulty or state.phase == "unknown" else self._watch.speed,
            "floor": index_of(state.floors, height) if state.phase == "standing" else None,
            "moving": None if faulty or state.phase == "unknown" else state.phase == "riding",
            "box_quality": state.faults[0].value if faulty else "good",
            "ride_count": state.rides,
        }

    @property
    def pending(self) -> bool:
        """Whether a timer runs whose end would be an event."""
        return self._state.phase == "doubted"

    def _unbroken(self, times: NDArray[np.int64]) -> list[slice]:
        """Return the parts of a block between jumps of the clock."""
        if not len(times):
            return []
        cuts = np.flatnonzero(np.abs(np.diff(times)) > self._limits.jump_us) + 1
        edges = [0, *cuts.tolist(), len(times)]
        return [slice(low, high) for low, high in pairwise(edges)]

    def _take_part(self, times: NDArray[np.int64], axes: NDArray[np.float64]) -> None:
        last_us = self._state.last_us
        back = last_us is not None and self._went_back(times, last_us)
        if last_us is not None and (back or int(times[0]) - last_us > self._limits.jump_us):
            self._jump(int(times[0]), back=back)
        self._grid.take(times, axes)
        whole = np.isfinite(axes).all(axis=1)
        self._checks.take(times[whole], axes[whole])
        newest_us = int(times.max())
        self._state = msgspec.structs.replace(self._state, last_us=max(newest_us, self._state.last_us or newest_us))
        bins = self._grid.complete()
        if bins is not None:
            self._append(bins)
            self._name_windows()
            self._look_until(self._track.end)

    def _went_back(self, times: NDArray[np.int64], last_us: int) -> bool:
        """Return whether the clock was set back: by far, or for longer than samples are ever late."""
        if int(times[0]) < last_us - self._limits.jump_us:
            return True
        late = int(times.max()) < last_us - 2 * self._limits.late_us
        self._late_samples = self._late_samples + len(times) if late else 0
        return self._late_samples > MOST_LATE

    def _append(self, bins: Bins) -> None:
        self._track.append(bins)
        if self._hop is None:
            self._hop = bins.first + HOP

    def _jump(self, t_us: int, *, back: bool) -> None:
        """Begin anew on the other side of a long gap, or of a clock that went back: what was on the way is unknown."""
        self._checks.jumped(t_us, back=back)
        self._lose_sight(t_us)
        self._state = msgspec.structs.replace(self._state, last_us=None)
        if self._state.since_us is not None:
            self._state = msgspec.structs.replace(self._state, since_us=t_us)

    def _lose_sight(self, now_us: int) -> None:
        self._state = lose_sight(self._state, now_us)
        self._restart()

    def _restart(self) -> None:
        self._grid.restart()
        self._track.clear()
        self._track.forget_pressures()
        self._watch.restart()
        self._hop = self._named = None
        self._late_samples = 0

    def _name_windows(self, *, everything: bool = False) -> None:
        """Let the model look at all windows that are complete now, in one call."""
        view = self._track.view()
        gravity = self._watch.level(view)
        if self._classify is None or gravity is None or not len(view):
            return
        if self._named_level is None or abs(gravity - self._named_level) > LEVEL_OFF:
            self._named, self._named_level = None, gravity  # what was said with another level is said anew
        start = max(self._named or view.first, view.first)
        end = view.first + len(view) - (0 if everything else WINDOW // 2)
        centres = np.arange(start, end, HOP, dtype=np.int64)
        if not len(centres):
            return
        probabilities = self._classify(windows(view, centres - view.first, gravity=gravity)).astype(np.float64)
        self._track.name(centres, probabilities, every=HOP)
        self._named = int(centres[-1]) + HOP
        self._motion = LABELS[int(probabilities[-1].argmax())]

    def _look_until(self, end: int) -> None:
        while self._hop is not None and self._hop <= end:
            self._look(self._hop)
            self._hop = self._hop + HOP if self._hop is not None else None

    def _look(self, end: int, *, last: bool = False) -> None:
        """Look once at all bins before ``end``."""
        now_us = end * BIN_US
        self._check(now_us)
        if self._state.faults and self._state.faults != (Fault.CLOCK,):
            self._state = lose_sight(self._state, now_us)
            self._track.trim(end)
            self._watch.restart()
            return
        self._watch.shaft_m = _shaft(self._state, self._limits)
        ended = self._watch.look(self._track, end, last=last)
        if ended is not None:
            self._end(ended)
        if self._watch.lost:
            self._state = lose_sight(self._state, now_us)
        elif self._watch.riding_since is not None:
            self._state = begin_ride(self._state, self._watch.riding_since * BIN_US)
        elif self._state.phase in ("unknown", "riding") and self._watch.gravity is not None:
            self._state = msgspec.structs.replace(self._state, phase="standing", since_us=now_us)
        if self._watch.gravity is not None:
            self._checks.level(self._watch.gravity, now_us)
        if self._classify is None:
            self._motion = self._watch.word
        rides = self._watch.riding_since is not None
        self._state, findings = after_time(self._state, now_us, limits=self._limits, rides=rides)
        self._findings += findings

    def _end(self, ended: Ended) -> None:
        place = arrive(self._state, ended.metres, ended.error, floor_m=self._limits.floor_m)
        reason = ended.reason
        off = place.off and ended.trusted
        if reason is not None:  # it stopped dead somewhere: no floor is learned from that
            start = self._state.height_m
            places: tuple[float, ...] = () if start is None else (start + ended.metres,)
            self._state = msgspec.structs.replace(self._state, places=places)
        else:
            reason = Stop.BETWEEN_FLOORS if off else None
            places = place.places if off or not place.off else ()
            self._state = msgspec.structs.replace(self._state, floors=place.floors, places=places)
        ride = Ride(
            ended.start * BIN_US,
            ended.end * BIN_US,
            "up" if ended.metres > 0 else "down",
            round(abs(ended.metres), 3),
            round(ended.error, 3),
            index_of(self._state.floors, self._state.height_m) if reason is None else None,
            ended.barometer,
        )
        self._state, findings = after_ride(self._state, ride, reason, clear=ended.clear)
        self._rides.append(ride)
        self._findings += findings

    def _check(self, now_us: int) -> None:
        faults = self._checks.faults(now_us)
        if faults == self._state.faults:
            return
        before, self._state = self._state.faults, msgspec.structs.replace(self._state, faults=faults)
        new = [fault for fault in faults if fault not in before]
        self._findings += [Finding(FAULT, now_us, {"reason": fault.value}) for fault in new]
        if not faults:
            self._findings.append(Finding(SOUND, now_us, {"reason": before[0].value}))

    def _tell(self) -> Told:
        if self._watch.gravity is not None and self._watch.gravity != self._state.gravity:
            self._state = msgspec.structs.replace(self._state, gravity=self._watch.gravity)
        told = Told(tuple(self._rides), tuple(self._findings), state_changed=self._worth_storing())
        self._rides, self._findings = [], []
        return told

    def _worth_storing(self) -> bool:
        now, before = self._state, self._told_state
        same = (now.phase, now.faults, now.rides) == (before.phase, before.faults, before.rides)
        if not same or self._findings:
            self._told_state = now
            return True
        return False


def _shaft(state: RideState, limits: RideLimits) -> float:
    """Return the length that no ride exceeds, as far as that is known."""
    heights = [floor.height_m for floor in state.floors]
    if state.given and heights:
        return max(heights) - min(heights) + SLACK_M
    return max(MET * state.highest_m, SLACK_M) if state.rides >= MET_RIDES else limits.travel_m


__all__ = ["KINDS", "MOVING", "VALUES", "Classify", "Ride", "RideJudge", "Told"]

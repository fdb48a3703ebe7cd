"""Motion with bounded speed, acceleration and jerk: trips between two points, and braking to a stop."""

import math

import msgspec

from simulators.lifts.spec import Limits


class Kinematics(msgspec.Struct, frozen=True):
    """Where a car is and how it moves, upwards positive."""

    x: float = 0.0  # m above the lowest level
    v: float = 0.0  # m/s
    a: float = 0.0  # m/s²


class Segment(msgspec.Struct, frozen=True):
    """A stretch of time with one jerk."""

    duration_s: float
    jerk: float  # m/s³


class Motion(msgspec.Struct, frozen=True):
    """A start and what follows; after the last segment the car rests at ``end_m``."""

    start: Kinematics
    segments: tuple[Segment, ...]
    end_m: float

    @property
    def duration_s(self) -> float:
        """Seconds until the car rests."""
        return sum(segment.duration_s for segment in self.segments)

    def at(self, t_s: float) -> Kinematics:
        """Return the state ``t_s`` after the start."""
        now = self.start
        for segment in self.segments:
            if t_s <= segment.duration_s:
                return _after(now, segment.jerk, max(0.0, t_s))
            now = _after(now, segment.jerk, segment.duration_s)
            t_s -= segment.duration_s
        return Kinematics(self.end_m)


def trip(start_m: float, end_m: float, limits: Limits) -> Motion:
    """Return the motion from rest at ``start_m`` to rest at ``end_m``: the classical seven segments."""
    distance = abs(end_m - start_m)
    sign = 1.0 if end_m >= start_m else -1.0
    peak = min(limits.speed_mps, _reachable(distance, limits))
    ramp, flat = _ramp(peak, limits)
    cruise = (distance - peak * (2 * ramp + flat)) / peak if peak > 0 else 0.0
    up, down = limits.jerk * sign, -limits.jerk * sign
    plan = ((ramp, up), (flat, 0.0), (ramp, down), (cruise, 0.0), (ramp, down), (flat, 0.0), (ramp, up))
    return Motion(Kinematics(start_m), tuple(Segment(t, jerk) for t, jerk in plan if t > 1e-12), end_m)


def brake(now: Kinematics, limits: Limits) -> Motion:
    """Return the shortest motion to rest from ``now`` inside the acceleration and jerk of ``limits``."""
    sign = math.copysign(1.0, now.v or now.a)
    speed, push = abs(now.v), now.a * sign
    peak = min(limits.acceleration, math.sqrt(limits.jerk * speed + push * push / 2))
    onset = max(0.0, (push + peak) / limits.jerk)
    left = speed + (push * push / 2 - peak * peak) / limits.jerk
    hold = max(0.0, left / peak) if peak > 0 else 0.0
    down, up = -limits.jerk * sign, limits.jerk * sign
    plan = ((onset, down), (hold, 0.0), (peak / limits.jerk, up))
    segments = tuple(Segment(t, jerk) for t, jerk in plan if t > 1e-12)
    return Motion(now, segments, _end(now, segments))


def _end(now: Kinematics, segments: tuple[Segment, ...]) -> float:
    for segment in segments:
        now = _after(now, segment.jerk, segment.duration_s)
    return now.x


def _after(now: Kinematics, jerk: float, t: float) -> Kinematics:
    return Kinematics(
        x=now.x + now.v * t + now.a * t * t / 2 + jerk * t**3 / 6,
        v=now.v + now.a * t + jerk * t * t / 2,
        a=now.a + jerk * t,
    )


def _ramp(speed: float, limits: Limits) -> tuple[float, float]:
    """Return the seconds of a jerk phase and of the constant acceleration between two of them."""
    full = limits.acceleration**2 / limits.jerk
    if speed >= full:
        return limits.acceleration / limits.jerk, speed / limits.acceleration - limits.acceleration / limits.jerk
    return math.sqrt(speed / limits.jerk), 0.0


def _reachable(distance: float, limits: Limits) -> float:
    """Return the greatest speed from which the car can still stop within ``distance`` from its start."""
    onset = limits.acceleration / limits.jerk
    speed = limits.acceleration / 2 * (math.sqrt(onset**2 + 4 * distance / limits.acceleration) - onset)
    if speed >= limits.acceleration**2 / limits.jerk:
        return speed
    return math.cbrt(distance**2 * limits.jerk / 4)

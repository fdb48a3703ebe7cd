"""Judges: pure functions that turn a device's values into events. One module for each kind of decision."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import msgspec

from device_profiles.errors import ConfigError
from device_profiles.profile import Profile
from device_profiles.specs.condition import Values
from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.judge.ground import ground
from edge_agent.judge.ground import state as ground_state
from edge_agent.judge.ground.limits import GroundLimits
from edge_agent.judge.ground.state import GroundState
from edge_agent.judge.lift import lift
from edge_agent.judge.lift.limits import LiftLimits
from edge_agent.judge.lift.state import CarState
from edge_agent.judge.limits import read_limits
from edge_agent.judge.ride.limits import RideLimits

State = Any  # each judge's own frozen record; only that judge looks inside


class JudgeFunction(Protocol):
    """Decide on one sample."""

    def __call__(self, state: State, values: Values, t_us: int, /) -> tuple[State, tuple[Finding, ...]]:
        """Return the next state and what was found."""


class Judge(msgspec.Struct, frozen=True):
    """A judge with the limits of one profile."""

    state: type[Any]  # its state's record; called without arguments, a fresh one
    judge: JudgeFunction
    pending: Callable[[State], bool]  # a timer runs whose end would be an event
    shift: Callable[[State, int], State]  # the clock was set by so many microseconds
    kinds: frozenset[str]  # the events it may make
    phase: Callable[[State], str]  # for logs, and to know when the state is worth storing
    says: Callable[[State], Mapping[str, Value]] = lambda _: {}  # values of the profile that the judge says
    values: frozenset[str] = frozenset()  # their names


def lift_judge(limits: LiftLimits) -> Judge:
    """Return the judge of lifts."""
    return Judge(
        state=CarState,
        judge=partial(lift.judge, limits=limits),
        pending=partial(lift.pending, limits=limits),
        shift=lift.shift,
        kinds=lift.EVENTS,
        phase=lift.phase,
    )


def ground_judge(limits: GroundLimits) -> Judge:
    """Return the judge of ground sensors."""
    return Judge(
        state=GroundState,
        judge=partial(ground.judge, limits=limits),
        pending=ground.pending,
        shift=ground_state.shift,
        kinds=ground.EVENTS,
        phase=ground_state.phase,
        says=ground.says,
        values=frozenset(ground.says(GroundState())),
    )


RIDE = "ride"  # the judge of boxes: it is fed with signals, not with values
RIDE_KINDS = frozenset({"lift.ride", "lift.stuck", "lift.released", "box.fault", "box.sound"})

# name in a profile's [judge] → its limits and how to make it
JUDGES: Mapping[str, tuple[type[msgspec.Struct], Callable[[Any], Judge]]] = {
    "lift": (LiftLimits, lift_judge),
    "ground": (GroundLimits, ground_judge),
}


def judge_of(profile: Profile) -> Judge | None:
    """Return the judge that a profile asks for, None when it asks for none. Raises ConfigError with file and key."""
    spec = profile.spec.judge
    if spec is None:
        return None
    if spec.name not in JUDGES:
        known = ", ".join(sorted(JUDGES))
        raise ConfigError(f"no judge {spec.name!r}; known: {known}", file=profile.file, key="judge.name")
    record, make = JUDGES[spec.name]
    judge = make(read_limits(spec, record, file=profile.file))
    missing = sorted(judge.kinds - profile.spec.events.keys())
    if missing:
        raise ConfigError(f"judge {spec.name!r} also makes {', '.join(missing)}", file=profile.file, key="events")
    if unsaid := sorted(judge.values - profile.spec.values.keys()):
        raise ConfigError(f"judge {spec.name!r} also says {', '.join(unsaid)}", file=profile.file, key="values")
    return judge


def ride_limits_of(profile: Profile) -> RideLimits:
    """Return the limits that a box's profile gives the judge of rides. Raises ConfigError with file and key."""
    spec = profile.spec.judge
    if spec is None or spec.name != RIDE:
        raise ConfigError(f"a box is judged by {RIDE!r}", file=profile.file, key="judge.name")
    limits = read_limits(spec, RideLimits, file=profile.file)
    missing = sorted(RIDE_KINDS - profile.spec.events.keys())
    if missing:
        raise ConfigError(f"judge {RIDE!r} also makes {', '.join(missing)}", file=profile.file, key="events")
    return limits

"""What the end of a ride means: at a floor, in doubt, stuck after a while, free again."""

from typing import Any

import msgspec

from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.state import Ride, RideState, Stop

LATE_US = 1_000_000  # more is no grid of looks: the claim was held back
RIDE, STUCK, RELEASED = "lift.ride", "lift.stuck", "lift.released"


def after_ride(
    state: RideState, ride: Ride, reason: Stop | None, *, clear: bool = True
) -> tuple[RideState, tuple[Finding, ...]]:
    """Return the state after a ride that ended well (``reason`` None) or in doubt, and what is said of it.

    An end that was not ``clear`` frees no car that is stuck.
    """
    findings = [Finding(RIDE, ride.end_us, {**msgspec.to_builtins(ride), "reason": (reason or "ride").__str__()})]
    was_stuck = state.phase == "stuck"
    state = msgspec.structs.replace(state, rides=state.rides + 1, highest_m=max(state.highest_m, ride.height_m))
    if was_stuck and not clear:
        return state, tuple(findings)
    if reason is None:
        if was_stuck:
            findings.append(Finding(RELEASED, ride.end_us, {"reason": "ride", "floor": ride.floor}))
        return _enter(state, "standing", ride.end_us), tuple(findings)
    if was_stuck:  # moved, and in doubt again: nothing new to say
        return msgspec.structs.replace(state, reason=reason), tuple(findings)
    return msgspec.structs.replace(_enter(state, "doubted", ride.end_us), reason=reason), tuple(findings)


def after_time(
    state: RideState, now_us: int, *, limits: RideLimits, rides: bool = False
) -> tuple[RideState, tuple[Finding, ...]]:
    """Return the state at ``now_us``, and that the car is stuck once it has stayed where it should not.

    A car that seems to ride again (``rides``) has as long once more to show by a good end that it was not stuck.
    """
    stay_us = (2 if rides else 1) * limits.stay_us
    if state.phase != "doubted" or state.since_us is None or now_us - state.since_us < stay_us:
        return state, ()
    due_us = state.since_us + limits.stay_us
    due_us = due_us if now_us - due_us < LATE_US else now_us
    data: dict[str, Any] = {
        "reason": str(state.reason),
        "since_us": state.since_us,
        "height_m": state.height_m,
        "occupied": None,
    }
    stuck = msgspec.structs.replace(_enter(state, "stuck", due_us), reason=state.reason)
    return stuck, (Finding(STUCK, due_us, data),)


def begin_ride(state: RideState, start_us: int) -> RideState:
    """Return the state while it rides; a car that is stuck, or may be, is so until a ride has ended well."""
    return state if state.phase in ("stuck", "riding", "doubted") else _enter(state, "riding", start_us)


def lose_sight(state: RideState, now_us: int) -> RideState:
    """Return the state when nobody knows what the car did: a confirmed entrapment stays, all else is unknown."""
    if state.phase == "stuck":
        return state
    return msgspec.structs.replace(_enter(state, "unknown", now_us), places=())


def _enter(state: RideState, phase: Any, since_us: int) -> RideState:
    return msgspec.structs.replace(state, phase=phase, since_us=since_us, reason=None)

"""Decide from a lift's values whether the car is stuck, and whether somebody is inside (DOMAIN.md section 2)."""

from collections.abc import Iterable

import msgspec

from device_profiles.specs.condition import Truth, Values
from edge_agent.judge.finding import Finding
from edge_agent.judge.lift import calls, inputs
from edge_agent.judge.lift.limits import LiftLimits
from edge_agent.judge.lift.state import (
    CONFIRMED,
    REPEATED,
    CarState,
    Phase,
    Reason,
    Timers,
    Truths,
    agreed,
    counted,
    settled,
)

KINDS = {
    Phase.SUSPECTED: "lift.stuck_suspected",
    Phase.OCCUPIED: "lift.stuck_occupied",
    Phase.UNKNOWN: "lift.stuck_unknown",
    Phase.EMPTY: "lift.stuck_empty",
    Phase.FREE: "lift.released",
}
EVENTS = frozenset({*KINDS.values(), calls.CALLED, calls.TEST_CALL})
BACKWARD_US = 1_000_000  # samples of one device are never disordered by more: the clock was set


def judge(state: CarState, values: Values, t_us: int, *, limits: LiftLimits) -> tuple[CarState, tuple[Finding, ...]]:
    """Return the next state and what was found, given every value of the car at ``t_us`` (None is unknown).

    Call it for every sample, changed or not. A finding carries the instant at which its time was up, so that more
    samples change nothing. A value holds until the next sample, over a gap longer than ``limits.gap_us`` it was
    unknown, and a name that is absent is a sensor that this kind of lift lacks.
    """
    findings: list[Finding] = []
    held = {name: values[name] for name in inputs.INPUTS if name in values}
    last_us = state.last_us if state.last_us is not None else t_us
    if t_us > last_us:
        state = _elapse(state, t_us, held, limits=limits, findings=findings)
    elif last_us - t_us > BACKWARD_US:
        state, last_us = restart(state), t_us
    before, t_us = state, max(t_us, last_us)
    state = _settle(msgspec.structs.replace(state, last_us=t_us, values=held), t_us, limits=limits, findings=findings)
    begun = calls.begun(before, state, limits=limits)
    findings.extend(Finding(kind, t_us, _data(state, reason, limits=limits)) for kind, reason in begun)
    return state, tuple(findings)


def restart(state: CarState) -> CarState:
    """Return the state with its pending timers at zero; what was confirmed stays (ALARMS.md, 9 and 13)."""
    phase = Phase.FREE if state.phase is Phase.SUSPECTED else state.phase
    return msgspec.structs.replace(state, phase=phase, timers=Timers(absent=state.timers.absent))


def shift(state: CarState, step_us: int) -> CarState:
    """Return the state on a clock that was set by ``step_us``."""
    return msgspec.structs.replace(state, last_us=None if state.last_us is None else state.last_us + step_us)


def pending(state: CarState, *, limits: LiftLimits) -> bool:
    """Return whether a timer runs whose end would be an event."""
    if state.phase in CONFIRMED:
        return 0 < state.timers.opened < limits.clear_us
    return state.timers.stuck > 0 or state.timers.calling > 0 or inputs.STUCK.evaluate(state.values) is True


def phase(state: CarState) -> str:
    """Return what is worth storing, even when no event came of it."""
    return f"{state.phase}{' freed' if state.freed else ''}"


def occupied(state: CarState, *, limits: LiftLimits) -> Truth:
    """Return whether somebody is inside: presence sensor (held), load, or the button for its time."""
    values, timers, words = state.values, state.timers, []
    if "passenger" in values:
        seen = inputs.seen(values)
        words.append(True if seen is False and timers.absent < limits.presence_hold_us else seen)
    if "load_kg" in values:
        words.append(inputs.loaded(values, load_kg=limits.load_kg))
    if not words:
        words.append(None)  # a lift without such sensors: a button at rest does not say that nobody is there
    pressed = calls.pressed(state, limits=limits)
    words.append(timers.pressed >= limits.button_us if pressed is True else pressed)
    return inputs.either(*words)


def _elapse(state: CarState, t_us: int, held: Values, *, limits: LiftLimits, findings: list[Finding]) -> CarState:
    """Return the state at ``t_us``, after a stop at each instant at which a time was up.

    The values held up to ``t_us``, from which on ``held`` do. When the last sample is long ago (somebody may have
    stepped out in between), only what is true in both counts.
    """
    now_us = state.last_us if state.last_us is not None else t_us
    if t_us - now_us > limits.gap_us:
        return restart(state) if t_us - now_us > limits.restart_us else state
    doubtful = t_us - now_us > limits.doubt_us
    while now_us < t_us:
        truths = _truths(state, limits=limits)
        if doubtful:
            truths = agreed(truths, _truths(msgspec.structs.replace(state, values=held), limits=limits))
        step_us = min([t_us - now_us, *_remaining(state.timers, truths, limits=limits)])
        state = msgspec.structs.replace(state, timers=counted(state.timers, truths, step_us=step_us))
        now_us += step_us
        state = _settle(state, now_us, limits=limits, findings=findings)
    return state


def _remaining(timers: Timers, truths: Truths, *, limits: LiftLimits) -> Iterable[int]:
    """Yield how long each running timer needs to each end ahead of it."""
    for name, ends in limits.ends().items():
        if getattr(truths, name) is True:
            elapsed_us = getattr(timers, name)
            yield from (end - elapsed_us for end in ends if end > elapsed_us)


def _settle(state: CarState, t_us: int, *, limits: LiftLimits, findings: list[Finding]) -> CarState:
    """Return the state after what false resets and what is decided at one instant."""
    state = _reset(state, limits=limits)
    phase, reason, freed = _decide(state, limits=limits)
    if reason is not None:
        findings.append(Finding(KINDS[phase], t_us, _data(state, reason, limits=limits)))
        state = msgspec.structs.replace(state, timers=msgspec.structs.replace(state.timers, standing=0))
    return _reset(msgspec.structs.replace(state, phase=phase, freed=freed), limits=limits)


def _reset(state: CarState, *, limits: LiftLimits) -> CarState:
    timers = settled(state.timers, _truths(state, limits=limits))
    return state if timers is state.timers else msgspec.structs.replace(state, timers=timers)


def _truths(state: CarState, *, limits: LiftLimits) -> Truths:
    values = state.values
    stuck, suppressed, seen = inputs.STUCK.evaluate(values), inputs.SUPPRESSED.evaluate(values), inputs.seen(values)
    target = _target(state, limits=limits)
    return Truths(
        stuck=False if suppressed is True else stuck,
        automatic=inputs.both(stuck, None if suppressed is None else not suppressed),
        calling=inputs.both(stuck, calls.called(state, limits=limits)),
        pressed=calls.pressed(state, limits=limits),
        absent=None if seen is None else not seen,
        opened=inputs.LEVEL_AND_OPEN.evaluate(values),
        doubted=state.phase in (Phase.UNKNOWN, Phase.EMPTY) and target is not None and target[0] is not state.phase,
        standing=stuck if state.phase in REPEATED and not state.freed else False,
        testing=inputs.flag(values, "test_call"),
    )


def _decide(state: CarState, *, limits: LiftLimits) -> tuple[Phase, Reason | None, bool]:
    """Return the phase, its reason when it is to be told, and whether the car has been freed."""
    target = _target(state, limits=limits)
    if state.phase not in CONFIRMED:
        return (*(target or _suspicion(state, limits=limits)), False)
    freed = state.freed or state.timers.opened >= limits.clear_us
    if target is None:
        if freed and _empty_again(state, limits=limits):
            return Phase.FREE, Reason.LEVEL_OPEN_NOBODY, False
        return state.phase, _still(state, limits=limits), freed
    # Stuck again after it was freed: a person may have ended the first alarm meanwhile, so it is told again.
    worse = target[0] is Phase.OCCUPIED and state.phase is not Phase.OCCUPIED
    if freed or worse or state.timers.doubted >= limits.suspect_us:
        return (*target, False)
    return state.phase, _still(state, limits=limits), freed


def _still(state: CarState, *, limits: LiftLimits) -> Reason | None:
    """Return the reason to say again what was confirmed: a hub that has just come to know of us must hear it too."""
    return Reason.STILL if limits.repeat_us and state.timers.standing >= limits.repeat_us else None


def _empty_again(state: CarState, *, limits: LiftLimits) -> bool:
    """Return whether everybody is out. The door may be shut again by then: the sensor's hold outlasts an open door."""
    return inputs.STUCK.evaluate(state.values) is False and occupied(state, limits=limits) is False


def _suspicion(state: CarState, *, limits: LiftLimits) -> tuple[Phase, Reason | None]:
    if state.timers.stuck == 0:
        return Phase.FREE, None
    if state.phase is Phase.FREE and state.timers.stuck >= limits.suspect_us:
        return Phase.SUSPECTED, _place(state)
    return state.phase, None


def _target(state: CarState, *, limits: LiftLimits) -> tuple[Phase, Reason] | None:
    """Return what is confirmed at this instant, None when nothing is."""
    if inputs.STUCK.evaluate(state.values) is not True:
        return None
    if state.timers.calling >= limits.button_us:
        return Phase.OCCUPIED, calls.caller(state)
    return _automatic_target(state, limits=limits)


def _automatic_target(state: CarState, *, limits: LiftLimits) -> tuple[Phase, Reason] | None:
    place = _place(state)
    end_us = {
        Reason.BETWEEN_FLOORS: limits.confirm_between_us,
        Reason.FAULT_AT_LEVEL: min(limits.confirm_level_fault_us, limits.confirm_level_us),
    }.get(place, limits.confirm_level_us)
    if state.timers.stuck < end_us:
        return None
    inside = occupied(state, limits=limits)
    if inside is False:
        return Phase.EMPTY, place
    if inside is None:
        return Phase.UNKNOWN, Reason.OCCUPANCY_UNKNOWN
    if state.timers.automatic < end_us or inputs.SUPPRESSED.evaluate(state.values) is not False:
        return Phase.UNKNOWN, Reason.MODE_UNKNOWN
    return Phase.OCCUPIED, place


def _place(state: CarState) -> Reason:
    """Return where the car is stuck; where that is unknown, the place whose confirmation takes longest."""
    if state.values.get("door_zone") is False:
        return Reason.BETWEEN_FLOORS
    return Reason.FAULT_AT_LEVEL if inputs.EXPLAINED.evaluate(state.values) is True else Reason.CLOSED_AT_LEVEL


def _data(state: CarState, reason: Reason, *, limits: LiftLimits) -> dict[str, object]:
    return {
        "reason": reason.value,
        "place": _place(state).value,
        "occupied": occupied(state, limits=limits),
        "stuck_s": max(state.timers.stuck, state.timers.calling) / 1e6,
        **{name: state.values.get(name) for name in inputs.INPUTS},
    }

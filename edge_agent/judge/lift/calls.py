"""Who calls from a car: a passenger by the alarm button or code 90, or the terminal by its own test call."""

from collections.abc import Iterable

from device_profiles.specs.condition import Truth
from edge_agent.judge.lift import inputs
from edge_agent.judge.lift.limits import LiftLimits
from edge_agent.judge.lift.state import CONFIRMED, CarState, Reason

CALLED = "lift.called"  # between an alarm and its end: told however short it was
TEST_CALL = "lift.test_call"


def pressed(state: CarState, *, limits: LiftLimits) -> Truth:
    """Return whether somebody presses the alarm button."""
    return False if _tests(state, limits=limits) else inputs.flag(state.values, "alarm_button")


def called(state: CarState, *, limits: LiftLimits) -> Truth:
    """Return whether somebody calls, by the button or by code 90."""
    return False if _tests(state, limits=limits) else inputs.CALLING.evaluate(state.values)


def caller(state: CarState) -> Reason:
    """Return by what somebody calls."""
    return Reason.ALARM_BUTTON if state.values.get("alarm_button") is True else Reason.ALARM_CODE


def begun(before: CarState, state: CarState, *, limits: LiftLimits) -> Iterable[tuple[str, Reason]]:
    """Yield the event and reason of what begins: a test call; and until an alarm ends, each call of a passenger."""
    if state.values.get("test_call") is True and before.values.get("test_call") is not True:
        yield TEST_CALL, Reason.TEST_CALL
    if state.phase is not before.phase or state.phase not in CONFIRMED:
        return  # the event of the phase has just said it
    if called(state, limits=limits) is True and called(before, limits=limits) is not True:
        yield CALLED, caller(state)


def _tests(state: CarState, *, limits: LiftLimits) -> bool:
    """Return whether the terminal makes a test call. One that does not end must not hide the button for ever."""
    return state.values.get("test_call") is True and state.timers.testing < limits.test_call_us

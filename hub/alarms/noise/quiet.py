"""Why an alarm calls nobody: it is shelved, out of service, explained by another alarm, or worked on."""

from collections.abc import Iterator

from msgspec.structs import replace

from device_profiles.config import duration_us
from device_profiles.wire import SEVERITIES
from hub.alarms.city.policy import Cause, Policy, folds
from hub.alarms.noise.maintenance import PREFIX, suppressing
from hub.alarms.rows import Occurrence
from hub.alarms.state import State
from hub.alarms.transitions import ASSET, SITE, Alarm


def flagged(state: State, occurrence: Occurrence, alarm: Alarm) -> Alarm:
    """Return a new alarm with the flags that it begins with."""
    return replace(
        alarm,
        shelved=occurrence.shelf is not None,
        out_of_service=bool(occurrence.out_of_service),
        suppressed_by=cause_of(state, alarm),
    )


def cause_of(state: State, alarm: Alarm) -> str:
    """Return what suppresses an alarm now: the id of an open alarm that explains it, or a maintenance window."""
    for cause in state.policy.causes:
        if folds(cause, alarm.rule):
            for parent in _parents(state, cause, alarm):
                return parent.id
    return suppressing(state.policy, state.hub.windows, alarm)


def explained_by(state: State, parent: Alarm) -> list[Occurrence]:
    """Return the open occurrences that nothing has suppressed yet and an alarm explains, by rule and subject."""
    causes = [cause for cause in state.policy.causes if cause.rule == parent.rule]
    found = []
    for rule in sorted(state.open_rules) if causes else ():
        for cause in causes:
            if not folds(cause, rule):
                continue
            for subject in sorted(state.open_rules[rule]):
                occurrence = state.occurrence(rule, subject)
                alarm = occurrence.alarm if occurrence is not None else None
                if occurrence is not None and alarm is not None and _explains(state, cause, parent, alarm):
                    found.append(occurrence)
    return [occurrence for occurrence in found if occurrence.alarm and not occurrence.alarm.suppressed_by]


def held_by(state: State, parent: Alarm) -> list[Occurrence]:
    """Return the open occurrences that an alarm has suppressed."""
    if not any(cause.rule == parent.rule for cause in state.policy.causes):
        return []
    return [occurrence for occurrence in every_open(state) if occurrence.alarm and _held(occurrence.alarm, parent.id)]


def every_open(state: State) -> Iterator[Occurrence]:
    """Yield every open occurrence, by rule and subject."""
    for rule in sorted(state.open_rules):
        for subject in sorted(state.open_rules[rule]):
            occurrence = state.occurrence(rule, subject)
            if occurrence is not None:
                yield occurrence


def settle_us(policy: Policy, parent: Alarm) -> int:
    """Return how long after the end of a cause its effects may still last untold."""
    return max((duration_us(cause.settle) for cause in policy.causes if cause.rule == parent.rule), default=0)


def by_window(alarm: Alarm) -> bool:
    """Return whether a maintenance window suppresses the alarm."""
    return alarm.suppressed_by.startswith(PREFIX)


def _held(alarm: Alarm, cause: str) -> bool:
    return alarm.suppressed_by == cause


def _parents(state: State, cause: Cause, alarm: Alarm) -> Iterator[Alarm]:
    for subject in sorted(state.open_rules.get(cause.rule, ())):
        parent = state.open_alarm(cause.rule, subject)
        if parent is not None and _explains(state, cause, parent, alarm):
            yield parent


def _explains(state: State, cause: Cause, parent: Alarm, alarm: Alarm) -> bool:
    """Return whether a cause is near enough; what is more severe than its cause breaks through."""
    if SEVERITIES.index(alarm.severity) > SEVERITIES.index(parent.severity):
        return False
    if cause.scope == "area":
        return alarm.area == parent.area
    if cause.scope == "asset":
        return bool(alarm.asset) and alarm.asset == parent.asset
    return _agent_of(state, alarm) == _agent_of(state, parent) != ""


def _agent_of(state: State, alarm: Alarm) -> str:
    """Return the key of the agent that speaks for an alarm's subject."""
    if alarm.subject.startswith((ASSET, SITE)):
        return ""
    device = state.devices.get(alarm.subject)
    return device.agent if device is not None else "" if alarm.device else alarm.subject

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

SITE_SETTLE_US = 60_000_000  # after the end of a site's alarm, until what its keys' devices still say is told


def flagged(state: State, occurrence: Occurrence, alarm: Alarm) -> Alarm:
    """Return a new alarm with the flags that it begins with."""
    return replace(
        alarm,
        shelved=occurrence.shelf is not None,
        out_of_service=bool(occurrence.out_of_service),
        suppressed_by=cause_of(state, alarm),
    )


def forget_shelf(occurrence: Occurrence) -> None:
    """Take an alarm that has ended off the shelf that was for this occurrence, and forget who asked for such a one."""
    shelf, asked = occurrence.shelf, occurrence.asked
    if shelf is not None and shelf.until_us is None:
        occurrence.shelf = None
    if asked is not None and asked.for_us is None and not asked.out:
        occurrence.asked = None


def cause_of(state: State, alarm: Alarm) -> str:
    """Return what suppresses an alarm now: the id of an open alarm that explains it, or a maintenance window."""
    for cause in state.policy.causes:
        if folds(cause, alarm.rule):
            for parent in _parents(state, cause, alarm):
                return parent.id
    site = next(_sites_over(state, alarm), None)
    return site.id if site is not None else suppressing(state.policy, state.hub.windows, alarm)


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


def repeating(state: State, parent: Alarm) -> list[Occurrence]:
    """Return the open occurrences on devices that are keys of a site's alarm and say no more than it, by device."""
    rules = {name for rule in state.book.site_rules.values() for name in rule.folds}
    devices = sorted({sign.device for sign in parent.signs}) if rules else ()
    found = [state.occurrence(name, device) for device in devices for name in sorted(rules)]
    return [
        each
        for each in found
        if each is not None
        and each.alarm is not None
        and each.open
        and not each.alarm.suppressed_by
        and any(site.id == parent.id for site in _sites_over(state, each.alarm))
    ]


def held_by(state: State, parent: Alarm) -> list[Occurrence]:
    """Return the open occurrences that an alarm has suppressed."""
    if not parent.signs and not any(cause.rule == parent.rule for cause in state.policy.causes):
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
    default_us = SITE_SETTLE_US if parent.signs else 0
    return max((duration_us(cause.settle) for cause in policy.causes if cause.rule == parent.rule), default=default_us)


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


def _sites_over(state: State, alarm: Alarm) -> Iterator[Alarm]:
    """Yield the alarms, then the cases, of sites that have told what a device that is a key of them alarms of."""
    spoken = sorted(state.spoken.get(alarm.subject, ()))
    for rule in state.book.site_rules.values() if spoken else ():
        if alarm.rule not in rule.folds:
            continue
        for name in (rule.head.rule, *((rule.case.rule,) if rule.case is not None else ())):
            for subject in (subject for called, subject in spoken if called == name):
                parent = state.open_alarm(name, subject)
                if parent is not None and _has_told(parent, alarm):
                    yield parent


def _has_told(parent: Alarm, alarm: Alarm) -> bool:
    """Return whether a site's alarm called for what a device's alarm says.

    One that is more severe covers it, however it came to know; one as severe only if it was raised for that very key:
    what has merely joined it was told to nobody.
    """
    if not parent.sounded or parent.shelved or parent.out_of_service or by_window(parent):
        return False
    above = SEVERITIES.index(parent.severity) - SEVERITIES.index(alarm.severity)
    began = any(sign.device == alarm.subject and sign.since_us <= parent.t_fact_us for sign in parent.signs)
    return above > 0 or (above == 0 and began)


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

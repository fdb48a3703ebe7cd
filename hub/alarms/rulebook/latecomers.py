"""Keys that come after the alarm of their site was closed: its history tells them, and nothing opens again.

Somebody has been there since, so what was true before is no news (ALARMS.md, 12); but nobody is silent about it.
"""

from collections.abc import Collection

from device_profiles.wire import Reading
from hub.alarms.decisions import Decisions
from hub.alarms.rows import AgentState, DeviceState, Occurrence
from hub.alarms.rulebook.signs import SiteRule, told
from hub.alarms.state import State
from hub.alarms.transitions import KeySeen, Reason

MAX_LATER = 64  # of one alarm; what comes beyond them stands in the journal


def tell_late(decisions: Decisions, device: DeviceState, ids: Collection[str], *, at_us: int) -> None:
    """Tell the alarms that were closed near a device after an instant that keys of theirs had been true of it then."""
    for rule in decisions.state.book.site_rules.values() if device.used and ids else ():
        for key, id in rule.ids.items():
            if id in ids:
                _tell(decisions, rule, key, device, at_us)


def overhear(decisions: Decisions, agent: AgentState, fact: Reading) -> None:
    """Take in a reading that comes too late to be a key: it may tell of what was closed since."""
    state = decisions.state
    device = state.devices.get(f"{agent.area}/{fact.device}")
    if device is None or not device.used or device.agent != agent.key:
        return
    watches = state.book.watches.get(device.profile, ())
    true = [watch.id for watch in watches if watch.when.evaluate(fact.values)]
    tell_late(decisions, device, true, at_us=fact.t_us + agent.offset.us)


def _tell(decisions: Decisions, rule: SiteRule, key: str, device: DeviceState, at_us: int) -> None:
    """Tell the alarm, else the case: who has looked at the one has looked at the other."""
    state = decisions.state
    for name in (rule.head.rule, *((rule.case.rule,) if rule.case is not None else ())):
        if any(open_rule == rule.head.rule for open_rule, _ in state.spoken.get(device.key, ())):
            return  # it is told as a key of what is open
        if at_us <= device.used.get(name, at_us - 1):
            occurrence = _ended_near(state, rule, name, device.key, at_us)
            if occurrence is not None:
                _join(decisions, occurrence, key, device, at_us)
                return


def _join(decisions: Decisions, occurrence: Occurrence, key: str, device: DeviceState, at_us: int) -> None:
    alarm, said = occurrence.alarm, (key, device.key)
    if alarm is None or said in occurrence.later or any((sign.key, sign.device) == said for sign in alarm.signs):
        return
    if len(occurrence.later) < MAX_LATER:
        occurrence.later = (*occurrence.later, said)
        detail = told([KeySeen(key, device.key, at_us)])
        decisions.join(occurrence, t_us=at_us, reason=Reason.KEY_LATE, detail=detail)


def _ended_near(state: State, rule: SiteRule, name: str, key: str, at_us: int) -> Occurrence | None:
    """Return the first alarm called ``name`` that was closed near a device after an instant."""
    near = state.places.near(key, rule.near_m)
    subjects = {subject for other in near for called, subject in state.ended.get(other, ()) if called == name}
    found = [occurrence for subject in subjects if (occurrence := state.occurrence(name, subject)) is not None]
    ended = [(_end_us(each), each.subject, each) for each in found if at_us <= _end_us(each) and _stood(each, near)]
    return min(ended, key=lambda each: each[:2])[2] if ended else None


def _end_us(occurrence: Occurrence) -> int:
    alarm = occurrence.alarm
    return alarm.t_cleared_us if alarm is not None and alarm.t_cleared_us is not None else -1


def _stood(occurrence: Occurrence, near: Collection[str]) -> bool:
    """Return whether one of the keys of the last alarm stands near: those of an earlier one are not told apart."""
    return occurrence.alarm is not None and any(sign.device in near for sign in occurrence.alarm.signs)

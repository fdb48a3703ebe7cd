"""Conditions of a device over its own time: its timers start, freeze and fire (ALARMS.md, 4-7, 10, 16)."""

from collections.abc import Iterable, Sequence

from hub.alarms.decisions import Decisions
from hub.alarms.noise.chatter import clear_us
from hub.alarms.rows import DeviceState
from hub.alarms.rulebook.rules import Rule, rule_of
from hub.alarms.rulebook.timers import Timers, weigh
from hub.alarms.state import State
from hub.alarms.transitions import Reason


def settle(decisions: Decisions, device: DeviceState, rules: Iterable[str], *, at_us: int) -> None:
    """Weigh ``rules`` on the device's values, which hold since ``at_us``, and fire what is due at once."""
    state = decisions.state
    in_force = state.rules_of(device)
    if in_force is not None and device.key not in state.occurrences:  # it never alarmed, as nearly all
        by_rule = in_force.by_rule
        for rule in rules:
            _weigh_ways(device, by_rule.get(rule), at_us=at_us)
    else:
        for rule in rules:
            _weigh(state, device, rule, at_us=at_us)
    if device.timers or device.next_us is not None:
        device.reckon()
        fire(decisions, [(device, at_us)])


def settle_all(decisions: Decisions, device: DeviceState, *, at_us: int) -> None:
    """Weigh every rule of the device."""
    rules = decisions.state.rules_of(device)
    settle(decisions, device, [*(rules.conditions if rules is not None else ()), *device.elder], at_us=at_us)


def fire(decisions: Decisions, moves: Sequence[tuple[DeviceState, int]]) -> None:
    """Fire, in the order (due, rule, subject), each timer of a device that is due at or before its new time."""
    while True:
        due = [
            (timer.due_us, key, device.key, device)
            for device, upto_us in moves
            if device.next_us is not None and device.next_us <= upto_us
            for key, timer in device.timers.items()
            if timer.due_us is not None and timer.due_us <= upto_us
        ]
        if not due:
            return
        due_us, key, _, device = min(due, key=lambda item: item[:3])
        _fire_one(decisions, device, key, due_us=due_us)


def _fire_one(decisions: Decisions, device: DeviceState, key: str, *, due_us: int) -> None:
    state = decisions.state
    rule = rule_of(key)
    drop(device.timers, rule)
    occurrence = state.occurrence(rule, device.key)
    if occurrence is not None and occurrence.open:
        decisions.end(occurrence, decisions.mark(device, due_us), reason=Reason.CLEAR_HELD)
        forget_elder(state, device, rule)
    else:
        found = _in_force(state, device, rule)
        if found is not None:
            decisions.open(found.head, device, t_us=due_us, reason=Reason.CONDITION_HELD)
    _weigh(state, device, rule, at_us=due_us)
    device.reckon()
    state.touch(device)


def _weigh(state: State, device: DeviceState, rule: str, *, at_us: int) -> None:
    """Weigh the clear condition of an open alarm under the text that opened it, else the condition in force."""
    alarm = state.open_alarm(rule, device.key)
    if alarm is None:
        _weigh_ways(device, _in_force(state, device, rule), at_us=at_us)
        return
    rules = state.book.of_digest(alarm.digest)
    opener = rules.by_rule.get(rule) if rules is not None else None
    if opener is None or not opener.ways or alarm.latched:
        drop(device.timers, rule)
        return
    weigh(device.timers, rule, opener.clearing(device.values), at_us=at_us, length_us=clear_us(alarm, opener.clear_us))


def _weigh_ways(device: DeviceState, rule: Rule | None, *, at_us: int) -> None:
    """Weigh every condition that would open an alarm."""
    values, timers = device.values, device.timers
    for way in rule.ways if rule is not None else ():
        truth = way.when.evaluate(values)
        if truth or timers:
            weigh(timers, way.key, truth, at_us=at_us, length_us=way.for_us)


def _in_force(state: State, device: DeviceState, rule: str) -> Rule | None:
    rules = state.rules_of(device)
    return rules.by_rule.get(rule) if rules is not None else None


def drop(timers: Timers, rule: str) -> None:
    """End every pending decision of a rule."""
    for key in [key for key in timers if rule_of(key) == rule]:
        del timers[key]


def forget_elder(state: State, device: DeviceState, rule: str) -> None:
    """Weigh ``rule`` by the text in force from now on: its alarm of an older text has ended."""
    if rule in device.elder:
        device.elder.remove(rule)
        state.touch(device)


def reweigh(decisions: Decisions, device: DeviceState, rule: str) -> None:
    """Begin anew with a rule whose alarm a person has closed; nothing fires before the device speaks."""
    drop(device.timers, rule)
    forget_elder(decisions.state, device, rule)
    if device.now_us is not None and not device.dark:
        _weigh(decisions.state, device, rule, at_us=device.now_us)
    device.reckon()
    decisions.state.touch(device)

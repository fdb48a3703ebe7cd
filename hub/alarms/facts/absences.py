"""Events that must come every so often, such as a lift's test call: their absence is an alarm, judged at each tick.

While the device is silent, or the hub itself has just come back, what is missing may be on its way: nothing is raised.
"""

from hub.alarms.decisions import Decisions
from hub.alarms.rows import DeviceState
from hub.alarms.rulebook.rules import RuleSet
from hub.alarms.transitions import Reason


def note_heard(decisions: Decisions, device: DeviceState, kind: str, *, t_us: int) -> None:
    """Note that an event came; ``t_us`` is on the clock of the device's agent."""
    agent = decisions.state.agents.get(device.agent)
    at_us = min(t_us + (agent.offset.us if agent is not None else 0), decisions.received_us)
    device.heard[kind] = max(at_us, device.heard.get(kind, 0))
    decisions.state.touch(device)


def begin_anew(decisions: Decisions, device: DeviceState, rule: str) -> None:
    """Count from now on what a rule waits for: a person has closed its alarm."""
    rules = decisions.state.rules_of(device)
    found = rules.by_rule.get(rule) if rules is not None else None
    if found is not None and found.spec.missing is not None:
        device.heard[found.spec.missing] = decisions.received_us
        decisions.state.touch(device)


def tell_missing(decisions: Decisions, *, now_us: int) -> None:
    """Raise the alarm of every event that has been missing for too long."""
    state = decisions.state
    if not state.book.awaiting:
        return
    for key in sorted(key for key, device in state.devices.items() if device.profile in state.book.awaiting):
        device = state.devices[key]
        rules = state.rules_of(device)
        if rules is not None:
            _tell(decisions, device, rules, now_us=now_us)


def _tell(decisions: Decisions, device: DeviceState, rules: RuleSet, *, now_us: int) -> None:
    state = decisions.state
    for rule in rules.awaited:
        kind = rule.spec.missing or ""
        if device.heard.get(kind, now_us + 1) > now_us:
            device.heard[kind] = now_us  # nobody knows of the time before; or the hub's clock was set back
            state.touch(device)
        due_us = device.heard[kind] + rule.spec.every_us
        settled = not device.dark and now_us - state.hub.listening_us >= rules.silent_us
        if now_us >= due_us and settled and state.open_alarm(rule.head.rule, device.key) is None:
            agent = state.agents.get(device.agent)
            t_us = due_us - (agent.offset.us if agent is not None else 0)
            decisions.open(rule.head, device, t_us=t_us, reason=Reason.EVENT_MISSING, detail=kind)

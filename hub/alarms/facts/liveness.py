"""Silence, judged at each tick: who has not spoken for too long, on its own clock (ALARMS.md, 8)."""

from device_profiles.wire import ClockState
from hub.alarms.city.deadlines import meet_deadlines, set_back
from hub.alarms.decisions import Decisions
from hub.alarms.facts.absences import tell_missing
from hub.alarms.rows import AgentState, DeviceState
from hub.alarms.rulebook.attention import lose
from hub.alarms.rulebook.rules import SILENT, RuleSet
from hub.alarms.rulebook.timers import freeze_all
from hub.alarms.rulebook.truths import part
from hub.alarms.state import State
from hub.alarms.transitions import Reason

AWAY_US = 5_000_000  # ticks come once a second: after a longer gap between two the hub itself had been away


def take_tick(decisions: Decisions, now_us: int, *, clock: str = "") -> None:
    """Mark the devices that are silent, and raise device.silent where the hub has listened for long enough.

    ``clock`` is who keeps the hub's own clock right.
    """
    state, hub = decisions.state, decisions.state.hub
    if clock != hub.clock:
        hub.clock = clock
        _weigh_claims(state)
    if hub.tick_us is None or not 0 <= now_us - hub.tick_us <= AWAY_US:
        hub.listening_us = now_us  # the hub's own absence is nobody's silence
        _doubt_offsets(state)
    if hub.tick_us is not None and now_us < hub.tick_us:
        set_back(state, hub.tick_us - now_us)
    hub.tick_us = now_us
    state.dirty["hub"] = None
    for key in sorted(_overdue(decisions, now_us)):
        device = state.devices[key]
        rules = state.rules_of(device)
        if rules is not None:
            _go_dark(decisions, device)
            _tell(decisions, device, rules, now_us=now_us)
    tell_missing(decisions, now_us=now_us)
    meet_deadlines(decisions, now_us)
    _remind(decisions, now_us)


def _remind(decisions: Decisions, now_us: int) -> None:
    """Tell again what nobody has acknowledged (EN 81-28)."""
    state = decisions.state
    for key in sorted(state.reminding):
        occurrence = state.reminding[key]
        alarm = occurrence.alarm
        if alarm is not None and not 0 <= now_us - occurrence.told_us < alarm.remind_us:
            decisions.remind(occurrence, t_us=now_us)


def _doubt_offsets(state: State) -> None:
    """Learn anew how far every agent's clock is away: it may have been the hub's own that was set."""
    for agent in state.agents.values():
        agent.offset.doubt()
        state.touch(agent)


def _weigh_claims(state: State) -> None:
    """Forget what agents say of true time while nobody tells it to the hub: its own clock may be the wrong one."""
    for agent in state.agents.values():
        if not state.hub.true_time and agent.offset.believe(ClockState()):
            state.touch(agent)


def _overdue(decisions: Decisions, now_us: int) -> list[str]:
    """Return the keys of silent devices of which not everything has been said yet."""
    state = decisions.state
    overdue = []
    for key, device in state.devices.items():
        if device.told and device.dark:
            continue
        rules = state.rules_of(device)
        agent = state.agents.get(device.agent)
        if rules is None or agent is None:
            continue
        if now_us - agent.offset.us - _reference(device, agent) > rules.silent_us:
            overdue.append(key)
    return overdue


def _reference(device: DeviceState, agent: AgentState) -> int:
    """Return when the device was heard last; in a new epoch, whose clock may have gone back, its begin."""
    heard = device.now_us if device.now_us is not None else device.base_us
    if device.epoch < agent.epoch and agent.begun_us is not None:
        return min(heard, agent.begun_us)
    return heard


def _go_dark(decisions: Decisions, device: DeviceState) -> None:
    since_us = device.now_us if device.now_us is not None else device.base_us
    if not device.dark:
        freeze_all(device.timers, since_us)
        part(device)
        device.reckon()
        device.dark = True
        decisions.state.touch(device)
    if not device.silent:
        device.silent = True
        decisions.state.touch(device)
        for occurrence in decisions.state.open_of(device.key):
            decisions.mark_stale(occurrence, stale=True, t_us=since_us)
    lose(decisions, device)


def _tell(decisions: Decisions, device: DeviceState, rules: RuleSet, *, now_us: int) -> None:
    state = decisions.state
    if device.told or now_us - state.hub.listening_us < rules.silent_us:
        return
    device.told = True
    state.touch(device)
    silent = state.occurrence(SILENT, device.key)
    if silent is not None and silent.open:
        decisions.disturb(silent)
    else:
        t_us = _reference(device, state.agents[device.agent]) + rules.silent_us
        decisions.open(rules.silent, device, t_us=t_us, reason=Reason.SILENCE)

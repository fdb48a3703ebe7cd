"""How now(d) moves: readings and heartbeats on the reading lane (ALARMS.md, 2, 6, 9, 11)."""

from collections.abc import Iterable

from device_profiles.wire import Heartbeat, Reading, Value
from hub.alarms.facts.arrivals import Arrival
from hub.alarms.facts.clock_steps import begin_anew
from hub.alarms.facts.passing import GAP_US
from hub.alarms.rows import DeviceState
from hub.alarms.rulebook import sites
from hub.alarms.rulebook.assets import disturb, flag
from hub.alarms.rulebook.attention import attend
from hub.alarms.rulebook.conditions import fire, settle, settle_all
from hub.alarms.rulebook.latecomers import overhear
from hub.alarms.rulebook.rules import SILENT, RuleSet
from hub.alarms.rulebook.timers import freeze_all, restart_all
from hub.alarms.rulebook.truths import part
from hub.alarms.state import MAX_UNBOUND
from hub.alarms.transitions import Reason, Refusal

MAX_VALUES = 256  # of a device without a birth


def take_reading(arrival: Arrival, fact: Reading) -> None:
    """Move the device to the reading's time, then apply its values."""
    device = _admit(arrival, fact.device, fact.t_us)
    if device is None:
        overhear(arrival.decisions, arrival.agent, fact)
        return
    decisions = arrival.decisions
    woken = _wake(arrival, device, fact.t_us)
    if device.next_us is not None and device.next_us <= fact.t_us:
        fire(decisions, [(device, fact.t_us)])
    _stand(arrival, device, fact.t_us)
    rules = decisions.state.rules_of(device)
    changed = _change(device, fact.values, rules)
    if woken:
        settle_all(decisions, device, at_us=fact.t_us)
    elif changed:
        by_name = rules.by_name if rules is not None else {}
        named = {rule: None for name in changed for rule in by_name.get(name, ())}
        if named or device.elder:
            settle(decisions, device, [*named, *device.elder], at_us=fact.t_us)
    if device.profile in decisions.state.book.watches:
        attend(decisions, [device])


def take_heartbeat(arrival: Arrival, fact: Heartbeat) -> None:
    """Move every device that the agent has polled with success; their timers fire in one order."""
    decisions = arrival.decisions
    moves = []
    for name in sorted(fact.seen_us):
        device = _admit(arrival, name, fact.seen_us[name])
        if device is not None:
            moves.append((device, fact.seen_us[name]))
    woken = [(device, t_us) for device, t_us in moves if _wake(arrival, device, t_us)]
    fire(decisions, moves)
    for device, t_us in moves:
        _stand(arrival, device, t_us)
    for device, t_us in woken:
        settle_all(decisions, device, at_us=t_us)
    if decisions.state.book.watches:
        attend(decisions, [device for device, _ in moves])


def _admit(arrival: Arrival, name: str, t_us: int) -> DeviceState | None:
    """Return the device if its time may be moved to ``t_us``; what is refused is counted and touches nothing."""
    decisions = arrival.decisions
    key = f"{arrival.agent.area}/{name}"
    if t_us > arrival.future_us:
        decisions.refuse(key, Refusal.TIME_IN_FUTURE, t_us)
        return None
    device = decisions.state.devices.get(key)
    if device is None:
        device = meet(arrival, key, name)
        if device is None:
            return None
    if device.agent != arrival.key and not _take_over(arrival, device):
        decisions.refuse(key, Refusal.FOREIGN_DEVICE, t_us)
        return None
    if _late(arrival, device, t_us):
        decisions.refuse(key, Refusal.READING_LATE, t_us)
        return None
    decisions.state.touch_device(key)
    return device


def meet(arrival: Arrival, key: str, name: str) -> DeviceState | None:
    """Return a new device that no birth has named yet, unless there are too many."""
    state = arrival.decisions.state
    if state.unbound >= MAX_UNBOUND:
        arrival.decisions.refuse(key, Refusal.TOO_MANY_DEVICES, 0)
        return None
    state.unbound += 1
    device = state.devices[key] = DeviceState(arrival.agent.area, name, arrival.key)
    return device


def _take_over(arrival: Arrival, device: DeviceState) -> bool:
    """Let another agent speak for a device that no birth has bound; return whether it may."""
    if device.profile:
        return False
    device.agent, device.epoch, device.step = arrival.key, 0, 0
    return True


def _late(arrival: Arrival, device: DeviceState, t_us: int) -> bool:
    """Return whether ``t_us`` lies behind now(d); the first time of a later era never does."""
    era, mine = arrival.era, (device.epoch, device.step)
    if era < mine:
        return True
    behind = device.now_us is not None and t_us < device.now_us
    if era > mine:
        part(device)
        device.epoch, device.step = era
        if behind:
            begin_anew(arrival.decisions.state, device)
        return False
    return behind and not device.rebase


def _wake(arrival: Arrival, device: DeviceState, t_us: int) -> bool:
    """End a silence; return whether every rule must be weighed anew, because the gap was unknown."""
    gap_us = t_us - device.now_us if device.now_us is not None else 0
    if not device.dark:
        if gap_us <= GAP_US:
            return False
        rules = arrival.decisions.state.rules_of(device)
        if rules is None or gap_us <= rules.silent_us:
            return False
        freeze_all(device.timers, device.now_us or 0)  # it was silent in its own time, though no tick has seen it
    part(device)
    if gap_us > GAP_US:
        restart_all(device.timers)
    disturb(arrival.decisions.state, device, restart=gap_us > GAP_US)
    device.reckon()
    device.dark = device.rebase = False
    return True


def _stand(arrival: Arrival, device: DeviceState, t_us: int) -> None:
    """Set now(d). A device shown as silent is back once its time is near the present: a backlog is no sign of life."""
    device.now_us = t_us
    if not device.silent:
        return
    decisions = arrival.decisions
    rules = decisions.state.rules_of(device)
    if rules is not None and arrival.present_us - t_us > rules.silent_us:
        return
    device.silent = device.told = False
    for occurrence in decisions.state.open_of(device.key):
        if occurrence.rule == SILENT:
            decisions.end(occurrence, decisions.mark(device, t_us), reason=Reason.BACK)
        else:
            decisions.mark_stale(occurrence, stale=False, t_us=t_us)
    asset = decisions.state.asset_of(device)
    if asset is not None:
        flag(decisions, asset, t_us=t_us + arrival.agent.offset.us)
    sites.flag(decisions, device.key, t_us=t_us + arrival.agent.offset.us)


def _change(device: DeviceState, values: dict[str, Value], rules: RuleSet | None) -> list[str]:
    """Apply values; return the names of those that changed, if one of ``rules`` may ask for them.

    ``device.values`` may be a reading's own, for to copy each value takes time: it is put in place, never written to.
    """
    held = device.values
    if held.keys() >= values.keys():  # as nearly always
        asked: Iterable[str] = values if device.elder else rules.by_name if rules is not None else ()
        changed = [
            name
            for name in asked
            if name in values and ((old := held[name]) != (new := values[name]) or type(old) is not type(new))
        ]
        device.values = values if len(values) == len(held) else held | values
        return changed
    changed, held = [], dict(held)
    device.values = held
    for name, value in values.items():
        if name in held:
            if held[name] == value and type(held[name]) is type(value):
                continue
        elif name not in rules.value_names if rules is not None else len(held) >= MAX_VALUES:
            continue
        held[name] = value
        changed.append(name)
    return changed

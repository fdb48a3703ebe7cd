"""What devices say is taken in as keys, and then their assets and sites are decided on (ALARMS.md, 14)."""

from collections.abc import Iterable

from hub.alarms.decisions import Decisions
from hub.alarms.rows import DeviceState, Mark
from hub.alarms.rulebook import assets, sites
from hub.alarms.rulebook.latecomers import tell_late
from hub.alarms.rulebook.truths import follow, witness


def attend(decisions: Decisions, devices: Iterable[DeviceState]) -> None:
    """Take in that devices have new times or values, and decide on their assets and sites."""
    state = decisions.state
    moved, speaking, begun = [], [], []
    sited = bool(state.book.site_rules)
    for device in devices:
        watches = state.book.watches.get(device.profile)
        agent = state.agents.get(device.agent)
        if not watches or agent is None or device.now_us is None or device.dark or not (device.asset or sited):
            continue
        were = _true(device) if device.used else frozenset()
        if follow(device, watches, offset_us=agent.offset.us) and sited:
            speaking.append(device.key)
            begun.append((device, (_true(device) if device.used else frozenset()) - were))
        state.touch(device)
        if device.asset and (device.keys or state.asset_of(device) is not None):  # else it has nothing to say
            moved.append(device.asset)
    if moved:
        assets.settle(decisions, moved)
    if speaking:
        sites.settle(decisions, speaking)
    for device, ids in begun:
        tell_late(decisions, device, ids, at_us=(device.now_us or 0) + device.shift_us)


def hear(decisions: Decisions, device: DeviceState, mark: Mark, kind: str) -> None:
    """Take in an event that may be a key; ``mark`` is on the agent's clock."""
    state = decisions.state
    at_us = mark.t_us + state.agents[mark.agent].offset.us
    if kind in state.book.hears:
        assets.hear(decisions, device, at_us, kind)
    if kind in state.book.site_hears:
        for id in state.book.site_hears[kind]:
            witness(device, id, at_us)
        state.touch(device)
        sites.settle(decisions, [device.key], live=False)
        tell_late(decisions, device, state.book.site_hears[kind], at_us=at_us)


def catch_up(decisions: Decisions, device: DeviceState) -> None:
    """Decide on what was heard of a device before its birth."""
    assets.settle(decisions, [device.asset], live=False)
    if device.keys:
        sites.settle(decisions, [device.key], live=False)


def lose(decisions: Decisions, device: DeviceState) -> None:
    """A device is silent: its keys are unknown, and open alarms of its asset and of sites are stale."""
    heard_us = device.now_us if device.now_us is not None else device.base_us
    if device.asset:
        assets.lose(decisions, device)
    sites.flag(decisions, device.key, t_us=heard_us + device.shift_us)


def _true(device: DeviceState) -> frozenset[str]:
    """Return the ids of the keys that are true of a device now."""
    return frozenset(id for id, truths in device.keys.items() if truths.since_us is not None)

"""Which rules a device lives under: births bind it to a profile, text records change the profile (ALARMS.md, 16)."""

import hashlib

import msgspec

from device_profiles.wire import Binding, Status
from hub.alarms.city.deadlines import weigh_causes
from hub.alarms.city.policy import compile_policy
from hub.alarms.decisions import Decisions
from hub.alarms.rows import AgentState, DeviceState
from hub.alarms.rulebook.assets import flag
from hub.alarms.rulebook.attention import attend, catch_up
from hub.alarms.rulebook.conditions import settle_all
from hub.alarms.rulebook.rules import SILENT, RuleBook, RuleSet, RuleTexts, compile_rules, rule_of
from hub.alarms.rulebook.truths import part
from hub.alarms.state import State
from hub.alarms.transitions import Reason, Refusal


class RecordedText(msgspec.Struct, frozen=True):
    """One profile in a text record."""

    text: str


class RecordedTexts(msgspec.Struct, frozen=True):
    """The body of a text record: every profile in force."""

    profiles: dict[str, RecordedText]
    policy: str = ""  # the TOML text of the city's policy


def bind(decisions: Decisions, agent: AgentState, birth: Status, *, now_us: int) -> None:
    """Bind the devices that a birth names, and let go of those that the birth before named.

    ``now_us`` is the present on the agent's clock: a birth from the future must not put off the first silence.
    """
    if birth.devices == agent.bound:
        return
    named = {binding.device for binding in birth.devices}
    gone = [binding.device for binding in agent.bound if binding.device not in named]
    agent.bound = birth.devices
    for name in sorted(gone):
        _unbind(decisions, agent, name)
    for binding in sorted(birth.devices, key=lambda binding: binding.device):
        _bind_one(decisions, agent, binding, min(birth.t_us, now_us))


def take_texts(decisions: Decisions, texts: RecordedTexts) -> None:
    """Put the recorded profiles in force; a text that this program cannot read leaves its kind as it was."""
    state, before = decisions.state, decisions.state.book
    in_force, known = {}, {}
    for kind, recorded in sorted(texts.profiles.items()):
        digest = hashlib.sha256(recorded.text.encode()).hexdigest()
        rules = compile_rules(recorded.text, digest)
        if rules is None or rules.kind != kind:
            decisions.refuse(kind, Refusal.PROFILE_UNREADABLE, decisions.received_us)
            old = before.recorded.in_force.get(kind)
            if old is not None:
                in_force[kind], known[old] = old, before.recorded.texts[old]
            continue
        in_force[kind], known[digest] = digest, recorded.text
    policy = texts.policy
    if compile_policy(policy) is None:
        decisions.refuse("policy", Refusal.POLICY_UNREADABLE, decisions.received_us)
        policy = before.recorded.policy
    state.book = RuleBook(RuleTexts(in_force, known | _still_used(state), policy))
    state.dirty["texts"] = None
    if policy != before.recorded.policy:
        state.settle_places()
        weigh_causes(decisions)
    changed = {
        kind
        for kind in sorted(in_force.keys() | before.recorded.in_force.keys())
        if in_force.get(kind) != before.recorded.in_force.get(kind)
    }
    for key in sorted(state.devices):
        device = state.devices[key]
        if device.profile in changed:
            _rebind(decisions, device, before.of_kind(device.profile))
    if before.ids != state.book.ids:
        _change_keys(decisions, before)


def _change_keys(decisions: Decisions, before: RuleBook) -> None:
    """Forget when keys that are no more were true; those that are new begin with what the devices say now."""
    state = decisions.state
    watches, were = state.book.watches, before.watches
    changed = {kind for kind in watches if {w.id for w in watches[kind]} != {w.id for w in were.get(kind, ())}}
    for device in state.devices.values():
        for id in [id for id in device.keys if id not in state.book.ids]:
            del device.keys[id]
            state.touch(device)
    devices = [state.devices[key] for key in sorted(state.devices)]
    _catch_up(decisions, [device for device in devices if device.profile in changed])


def _catch_up(decisions: Decisions, devices: list[DeviceState]) -> None:
    """Begin with what devices say now, unless it was in an older epoch and so on another clock."""
    state, present = decisions.state, []
    for device in devices:
        agent = state.agents[device.agent]
        if device.epoch == agent.epoch:
            present.append(device)
        else:
            part(device)
        device.shift_us = agent.offset.us
        state.touch(device)
    attend(decisions, present)


def _still_used(state: State) -> dict[str, str]:
    """Return the texts under which alarms are open."""
    digests = {
        occurrence.alarm.digest
        for found in state.occurrences.values()
        for occurrence in found.values()
        if occurrence.alarm is not None and occurrence.alarm.open
    }
    texts = state.book.recorded.texts
    return {digest: texts[digest] for digest in sorted(digests) if digest in texts}


def _bind_one(decisions: Decisions, agent: AgentState, binding: Binding, t_us: int) -> None:
    state = decisions.state
    key = f"{agent.area}/{binding.device}"
    device = state.devices.get(key)
    if device is None:
        device = state.devices[key] = DeviceState(agent.area, binding.device, agent.key)
    elif not device.profile:
        state.unbound -= 1
    if device.agent != agent.key:  # another clock: its times do not compare with those before
        part(device)
        device.agent, device.epoch, device.step = agent.key, 0, 0
    before = state.rules_of(device)
    if device.profile != binding.profile:
        device.base_us = t_us
        part(device)
    device.profile, device.via = binding.profile, binding.via
    _place(decisions, device, binding.asset)
    _rebind(decisions, device, before)
    catch_up(decisions, device)  # events may have come before the birth


def _place(decisions: Decisions, device: DeviceState, asset: str) -> None:
    """Bind a device to its asset; what it has witnessed of another one is forgotten."""
    state, old = decisions.state, decisions.state.asset_of(device)
    if device.asset and device.asset != asset:
        device.keys = {}
    state.place(device, asset)
    for moved in (old, state.asset_of(device)):
        if moved is not None:
            flag(decisions, moved, t_us=decisions.received_us)


def _unbind(decisions: Decisions, agent: AgentState, name: str) -> None:
    state = decisions.state
    device = state.devices.get(f"{agent.area}/{name}")
    if device is None or device.agent != agent.key or not device.profile:
        return
    before = state.rules_of(device)
    device.profile = ""
    state.unbound += 1
    _place(decisions, device, "")
    _rebind(decisions, device, before)


def _rebind(decisions: Decisions, device: DeviceState, before: RuleSet | None) -> None:
    """Restart the pending timers of rules that are not the same any more; open alarms stay under their own text."""
    state = decisions.state
    after = state.rules_of(device)
    for key in list(device.timers):
        rule = rule_of(key)
        old = before.by_rule.get(rule) if before is not None else None
        new = after.by_rule.get(rule) if after is not None else None
        same = old is not None and new is not None and old.spec == new.spec
        if not same and state.open_alarm(rule, device.key) is None:
            del device.timers[key]
    device.elder = _elder(state, device, after)
    if after is None:
        _end_silence(decisions, device)
    state.touch(device)
    if device.now_us is not None and not device.dark:
        settle_all(decisions, device, at_us=device.now_us)
    else:
        device.reckon()
    if device.asset or device.profile in state.book.watches:
        _catch_up(decisions, [device])


def _elder(state: State, device: DeviceState, after: RuleSet | None) -> list[str]:
    digest = after.digest if after is not None else ""
    alarms = [occurrence.alarm for occurrence in state.open_of(device.key) if occurrence.alarm is not None]
    return [alarm.rule for alarm in alarms if alarm.digest != digest and alarm.rule != SILENT]


def _end_silence(decisions: Decisions, device: DeviceState) -> None:
    occurrence = decisions.state.occurrence(SILENT, device.key)
    device.told = False
    if occurrence is not None and occurrence.open:
        decisions.end(occurrence, decisions.mark(device, device.now_us or device.base_us), reason=Reason.UNBOUND)

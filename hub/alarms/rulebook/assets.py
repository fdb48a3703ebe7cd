"""Alarms of assets: raised when the keys of several devices agree, cleared when they no longer do (ALARMS.md, 14)."""

from collections.abc import Callable, Iterable
from functools import partial

from hub.alarms.decisions import Decisions
from hub.alarms.rows import AssetState, DeviceState, Occurrence, asset_key
from hub.alarms.rulebook.keys import AssetRule, Span
from hub.alarms.rulebook.timers import Timer, weigh
from hub.alarms.rulebook.truths import spans_of, witness
from hub.alarms.state import State
from hub.alarms.transitions import Reason

LATE_US = 300_000_000  # what events tell later than this is recorded and told in a digest, not sounded

_Step = tuple[int, str, str, Callable[[], None]]  # due, rule, subject (the order of ALARMS.md, 6), and what to do


def hear(decisions: Decisions, device: DeviceState, at_us: int, kind: str) -> None:
    """Take in an event that may be a key of the device's asset; its instant is on the hub's clock."""
    state = decisions.state
    for id in state.book.hears[kind]:
        witness(device, id, at_us)
    state.touch(device)
    key = asset_key(device.asset)
    for rule in sorted(state.book.heard_by(kind)):
        occurrence = state.occurrence(rule, key)
        if device.asset and occurrence is not None:
            _record(decisions, occurrence, at_us, kind)
    settle(decisions, [device.asset], live=False)


def settle(decisions: Decisions, assets: Iterable[str], *, live: bool = True) -> None:
    """Raise, sound and clear what is due on assets, in the order (due, rule, subject).

    ``live``: the reading lane speaks. What events tell late is not sounded.
    """
    named = [asset for asset in dict.fromkeys(assets) if asset]
    while steps := [step for asset in named for step in _steps(decisions, asset, live=live)]:
        min(steps, key=lambda step: step[:3])[3]()


def lose(decisions: Decisions, device: DeviceState) -> None:
    """A member is silent: its keys are unknown, so that timers freeze, and open alarms are stale. Fires nothing."""
    state = decisions.state
    asset = state.asset_of(device)
    if asset is None:
        return
    for rule, occurrence in _open_on(state, asset.key):
        _weigh(state, asset, rule, occurrence)
    heard_us = device.now_us if device.now_us is not None else device.base_us
    flag(decisions, asset, t_us=heard_us + device.shift_us)


def flag(decisions: Decisions, asset: AssetState, *, t_us: int) -> None:
    """Give the open alarms of an asset the flag stale while one of its members is silent."""
    state = decisions.state
    silent = any(member.silent for member in _members(state, asset.asset))
    if asset.silent is not silent:
        asset.silent = silent
        state.touch(asset)
    for _, occurrence in _open_on(state, asset.key):
        decisions.mark_stale(occurrence, stale=silent, t_us=t_us)


def disturb(state: State, device: DeviceState, *, restart: bool) -> None:
    """Hold what was behind now(d) as unknown: open alarms of the asset clear by what is known from here on.

    ``restart``: what their timers had held is forgotten (ALARMS.md, 9 and 13).
    """
    asset = state.asset_of(device)
    if asset is None:
        return
    for rule, _ in _open_on(state, asset.key):
        if not rule.head.latch:
            timer = asset.timers.setdefault(rule.head.rule, Timer(rule.clear_us))
            timer.freeze((device.now_us or 0) + device.shift_us)
            if restart:
                timer.restart()
            state.touch(asset)


def seen_keys(state: State, asset: str, rule: AssetRule) -> dict[str, list[Span]]:
    """Return when each key of a rule was true of any member, on the hub's clock."""
    members = _members(state, asset)
    return {name: [span for m in members for span in spans_of(m, id)] for name, id in rule.ids.items()}


def _steps(decisions: Decisions, asset: str, *, live: bool) -> Iterable[_Step]:
    """Yield the next thing that is due for each rule of an asset."""
    state, key = decisions.state, asset_key(asset)
    for name, rule in state.book.asset_rules.items():
        if state.open_alarm(name, key) is None:
            last = state.occurrence(name, key)
            after_us = last.cleared.t_us if last is not None and last.cleared is not None else None
            agreed = rule.agree(seen_keys(state, asset, rule), after_us=after_us)
            if agreed is not None:
                yield agreed[0], name, key, partial(_raise, decisions, asset, rule, *agreed, live=live)
    for rule, occurrence in _open_on(state, key):
        yield from _open_steps(decisions, state.assets[key], rule, occurrence)


def _open_steps(decisions: Decisions, asset: AssetState, rule: AssetRule, occurrence: Occurrence) -> Iterable[_Step]:
    state, name = decisions.state, rule.head.rule
    if occurrence.alarm is not None and not occurrence.alarm.sounded:
        recent_us = decisions.received_us - LATE_US
        agreed = rule.agree(seen_keys(state, asset.asset, rule), after_us=recent_us)
        if agreed is not None:
            detail = ", ".join(agreed[1])
            sound = partial(decisions.sound, occurrence, t_us=agreed[0], reason=Reason.KEYS_AGREE, detail=detail)
            yield agreed[0], name, asset.key, sound
    due_us = _weigh(state, asset, rule, occurrence)
    if due_us is not None:
        yield due_us, name, asset.key, partial(_clear, decisions, asset, occurrence, due_us)


def _raise(decisions: Decisions, asset: str, rule: AssetRule, at_us: int, keys: list[str], *, live: bool) -> None:
    state = decisions.state
    members = _members(state, asset)
    owner = state.asset(asset, area=members[0].area)
    owner.silent = any(member.silent for member in members)
    late = not live and decisions.received_us - at_us > LATE_US
    reason = Reason.EVENT_LATE if late else Reason.KEYS_AGREE
    decisions.open(rule.head, owner, t_us=at_us, reason=reason, sounded=not late, detail=", ".join(keys))


def _clear(decisions: Decisions, asset: AssetState, occurrence: Occurrence, due_us: int) -> None:
    asset.timers.pop(occurrence.rule, None)
    decisions.state.touch(asset)
    decisions.end(occurrence, decisions.mark(asset, due_us), reason=Reason.CLEAR_HELD)


def _record(decisions: Decisions, occurrence: Occurrence, at_us: int, kind: str) -> None:
    """Keep an event in the history of the open alarm, or of the one that had ended only after it."""
    if occurrence.open:
        decisions.join(occurrence, t_us=at_us, reason=Reason.EVENT_AGAIN, detail=kind)
    elif occurrence.cleared is not None and at_us <= occurrence.cleared.t_us:
        decisions.join(occurrence, t_us=at_us, reason=Reason.EVENT_BEFORE_CLEAR, detail=kind)


def _weigh(state: State, asset: AssetState, rule: AssetRule, occurrence: Occurrence) -> int | None:
    """Weigh the clear timer of an open alarm at now(subject); return when it clears, if it does so by then."""
    alarm, name = occurrence.alarm, rule.head.rule
    members = [member for member in _members(state, asset.asset) if member.profile in rule.kinds]
    known = [m.now_us + m.shift_us for m in members if m.now_us is not None]
    live = [m.now_us + m.shift_us for m in members if m.now_us is not None and not (m.dark or m.silent)]
    now_us = min(live or known, default=None)
    if (
        alarm is None or alarm.latched or now_us is None or now_us < alarm.t_fact_us
    ):  # a lagging member is not there yet
        return None
    spans = seen_keys(state, asset.asset, rule)
    due_us = _due(asset, name, now_us)
    if due_us is not None and rule.agree_between(spans, asset.timers[name].since_us or 0, due_us):
        del asset.timers[name]  # a member that lagged has said meanwhile that it was not over
        due_us = None
    if due_us is None:
        truth = rule.agreeing(spans, _unknown(rule, members), at_us=now_us)
        if truth is None:
            asset.timers.setdefault(name, Timer(rule.clear_us)).freeze(min(known))
        else:
            since_us = now_us if name in asset.timers else rule.parted_us(spans, at_us=now_us)
            since_us = min(now_us, max(alarm.t_fact_us, since_us))
            weigh(asset.timers, name, not truth, at_us=since_us, length_us=rule.clear_us)
        state.touch(asset)
        due_us = _due(asset, name, now_us)
    return due_us if live else None


def _due(asset: AssetState, rule: str, now_us: int) -> int | None:
    """Return when a timer is due, if it is by ``now_us``."""
    timer = asset.timers.get(rule)
    return timer.due_us if timer is not None and timer.due_us is not None and timer.due_us <= now_us else None


def _unknown(rule: AssetRule, members: Iterable[DeviceState]) -> set[str]:
    """Return the keys of which some member does not know whether they are true."""
    return {
        name
        for member in members
        for name, (kind, watch) in rule.watches.items()
        if member.profile == kind
        and (member.dark or member.silent or member.now_us is None or watch.when.evaluate(member.values) is None)
    }


def _members(state: State, asset: str) -> list[DeviceState]:
    return [state.devices[key] for key in sorted(state.members.get(asset, ()))]


def _open_on(state: State, key: str) -> list[tuple[AssetRule, Occurrence]]:
    """Return the open alarms of an asset, by rule, each with the text that opened it."""
    found = []
    for occurrence in state.open_of(key):
        digest = occurrence.alarm.digest if occurrence.alarm is not None else ""
        rules = state.book.of_digest(digest)
        rule = rules.of_assets.get(occurrence.rule) if rules is not None else None
        if rule is not None:
            found.append((rule, occurrence))
    return found

"""Why there is an alarm, or none: every rule of a device, an asset or a site, as the engine weighs it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from device_profiles.errors import WireError
from device_profiles.wire import Event, Heartbeat, Reading, decode_pack
from hub.alarms.asked.answers import Answer, Standing, opened
from hub.alarms.asked.nearby import stand_round
from hub.alarms.engine import fold
from hub.alarms.rows import DeviceState, asset_key
from hub.alarms.rulebook.assets import seen_keys
from hub.alarms.rulebook.rules import SILENT, Rule, rule_of
from hub.alarms.state import State
from hub.alarms.transitions import ASSET, SITE, Refused, Transition
from hub.journal.records import Record

__all__ = ["Answer", "Explanation", "Standing", "explain", "stand"]


class Explanation(msgspec.Struct, frozen=True):
    """What one record has done, and how the rules of its devices and their assets stand after it."""

    offset: int
    kind: str
    made: tuple[Transition, ...]
    refused: tuple[Refused, ...]
    answers: tuple[Answer, ...]


def explain(state: State, record: Record) -> Explanation:
    """Fold ``record`` into ``state`` and say what came of it and what did not."""
    state.take_refused()
    made = fold(state, record)
    refused = state.take_refused()
    answers = [each for key in _subjects(state, record) for each in stand(state, key)]
    return Explanation(record.offset, record.kind, tuple(made), tuple(refused), tuple(answers))


def stand(state: State, subject: str) -> Iterator[Answer]:
    """Yield how each rule stands on a device and round it, on an asset as ``asset:ID``, round a ``site:…`` alone."""
    if subject.startswith(ASSET):
        yield from _stand_asset(state, subject)
        return
    if subject.startswith(SITE):
        yield from stand_round(state, subject.removeprefix(SITE))
        return
    device = state.devices.get(subject)
    if device is None or not device.profile:
        yield Answer(subject, "", Standing.NO_BIRTH, "no birth has named it: only events alarm, by their kind")
        return
    rules = state.rules_of(device)
    if rules is None:
        yield Answer(subject, "", Standing.NO_PROFILE, f"no profile of kind {device.profile} is in force")
        return
    for rule in rules.rules:
        yield Answer(subject, rule.head.rule, *_standing(state, device, rule))
    yield Answer(subject, SILENT, *_speaking(state, device))
    yield from stand_round(state, subject)


def _stand_asset(state: State, subject: str) -> Iterator[Answer]:
    """Yield how each rule with keys stands on an asset that has such devices, or that somebody reported."""
    asset = subject.removeprefix(ASSET)
    kinds = {state.devices[key].profile for key in state.members.get(asset, ())}
    for name, rule in state.book.asset_rules.items():
        if kinds & rule.kinds or rule.hears or state.occurrence(name, subject) is not None:
            alarm = state.open_alarm(name, subject)
            seen = [
                f"{key} {'was seen' if spans else 'was not'}" for key, spans in seen_keys(state, asset, rule).items()
            ]
            text = f"{rule.need} of its keys within {rule.within_us / 1e6:g} s: {', '.join(seen)}"
            yield Answer(subject, name, *((Standing.KEYS_APART, text) if alarm is None else opened(alarm)))


def _subjects(state: State, record: Record) -> list[str]:
    """Return the keys of the devices that a pack speaks of, in its order, and behind them of their assets."""
    if record.kind != "pack":
        return []
    try:
        pack = decode_pack(record.body)
    except WireError:
        return []
    area = record.agent.rpartition("/")[0]
    names: dict[str, None] = {}
    for fact in pack.facts:
        if isinstance(fact, Reading | Event):
            names[fact.device] = None
        elif isinstance(fact, Heartbeat):
            names |= dict.fromkeys(sorted(fact.seen_us))
    found = [f"{area}/{name}" for name in names]
    assets = [device.asset for key in found if (device := state.devices.get(key)) is not None]
    return found + [asset_key(asset) for asset in dict.fromkeys(assets) if asset]


def _standing(state: State, device: DeviceState, rule: Rule) -> tuple[Standing, str]:
    alarm = state.open_alarm(rule.head.rule, device.key)
    if alarm is not None:
        return opened(alarm)
    if not rule.ways:
        return Standing.AWAITS_EVENT, f"opened by the event {rule.spec.on or rule.spec.missing}"
    timers = {key: timer for key, timer in device.timers.items() if rule_of(key) == rule.head.rule}
    for key, timer in sorted(timers.items()):
        held_us = timer.held_us
        if timer.since_us is not None and device.now_us is not None:
            held_us += device.now_us - timer.since_us
        standing = Standing.FROZEN if timer.since_us is None else Standing.PENDING
        return standing, f"{_when(rule, key)} has held {held_us / 1e6:.1f} s of {timer.length_us / 1e6:.1f} s"
    if device.dark:
        return Standing.UNKNOWN, "the device is silent: all its values are unknown"
    unknown = sorted(name for name in rule.names if device.values.get(name) is None)
    if rule.alarming(device.values) is None:
        return Standing.UNKNOWN, f"not known: {', '.join(unknown)}"
    said = ", ".join(f"{name} = {device.values.get(name)}" for name in sorted(rule.names) if name not in unknown)
    return Standing.FALSE, said


def _speaking(state: State, device: DeviceState) -> tuple[Standing, str]:
    """Return how the silence of a device stands."""
    alarm = state.open_alarm(SILENT, device.key)
    if alarm is not None:
        return opened(alarm)
    if device.now_us is None:
        return Standing.UNKNOWN, "nothing was seen of it since its birth"
    seen = datetime.fromtimestamp(device.now_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return Standing.FALSE, f"last seen {seen} UTC by its agent's clock"


def _when(rule: Rule, key: str) -> str:
    """Return the text of the condition behind a timer."""
    index = next(index for index, way in enumerate(rule.ways) if way.key == key)
    return rule.spec.conditions[index].when

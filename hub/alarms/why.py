"""Why there is an alarm, and why there is none: every rule of a device, as the engine weighs it."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from device_profiles.errors import WireError
from device_profiles.wire import Event, Heartbeat, Reading, decode_pack
from hub.alarms.engine import fold
from hub.alarms.rows import DeviceState
from hub.alarms.rules import Rule, rule_of
from hub.alarms.state import State
from hub.alarms.transitions import Refused, Transition
from hub.journal.records import Record


class Standing(StrEnum):
    """How one rule stands on one device."""

    OPEN = "open"  # its alarm is open
    FALSE = "false"  # its condition does not hold
    UNKNOWN = "unknown"  # a value is not known: it neither confirms nor clears
    PENDING = "pending"  # its condition holds, and not yet for long enough
    FROZEN = "frozen"  # it held, and a value that is unknown or a silence has stopped its time
    AWAITS_EVENT = "awaits_event"  # only an event of the edge opens it
    NO_BIRTH = "no_birth"  # no birth has said what kind of device it is
    NO_PROFILE = "no_profile"  # the hub does not know that kind


class Answer(msgspec.Struct, frozen=True):
    """How one rule stands on one device, in words."""

    subject: str
    rule: str
    standing: Standing
    detail: str


class Explanation(msgspec.Struct, frozen=True):
    """What one record has done, and how the rules of its devices stand after it."""

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
    answers = [each for key in _subjects(record) for each in stand(state, key)]
    return Explanation(record.offset, record.kind, tuple(made), tuple(refused), tuple(answers))


def stand(state: State, subject: str) -> Iterator[Answer]:
    """Yield how each rule stands on a device."""
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


def _subjects(record: Record) -> list[str]:
    """Return the keys of the devices that a pack speaks of, in its order."""
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
    return [f"{area}/{name}" for name in names]


def _standing(state: State, device: DeviceState, rule: Rule) -> tuple[Standing, str]:
    alarm = state.open_alarm(rule.head.rule, device.key)
    if alarm is not None:
        quiet = f", quiet: {alarm.suppressed_by or 'shelved or out of service'}" if alarm.quiet else ""
        return Standing.OPEN, f"alarm {alarm.id}{quiet}"
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


def _when(rule: Rule, key: str) -> str:
    """Return the text of the condition behind a timer."""
    index = next(index for index, way in enumerate(rule.ways) if way.key == key)
    return rule.spec.conditions[index].when

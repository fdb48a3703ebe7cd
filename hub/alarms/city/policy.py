"""The city's policy about alarms: maintenance windows, causes that fold others, ladders; one TOML text by digest."""

import functools
import hashlib
import re
from collections.abc import Iterator
from datetime import date, time
from fnmatch import fnmatchcase
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from device_profiles.config import Duration, duration_us, parse_toml
from device_profiles.errors import ConfigError, TopicError
from device_profiles.topics import check_area
from device_profiles.wire import NAME_PATTERN, Severity
from hub.alarms.city.places import LatLon
from hub.alarms.city.positions import Position, position_faults
from hub.alarms.transitions import Alarm

_RULE = re.compile(NAME_PATTERN)
Stage = Literal["acknowledged", "dispatched", "arrived", "safe"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Maintenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the alarms of what is worked on are kept quiet; local times of an IANA zone, also across midnight."""

    name: str
    zone: str
    start: time  # local, inclusive; together with end the same as start: the whole day
    end: time  # local, exclusive; before start: of the next day
    days: tuple[Day, ...] = ()  # on which it starts; empty: every day
    begins: date | None = None  # first day on which it starts
    ends: date | None = None  # last day on which it starts
    subjects: tuple[str, ...] = ("*",)  # patterns of subjects: hz/xiacheng/*/lift-*, asset:LIFT-07
    rules: tuple[str, ...] = ("*",)
    up_to: Severity = "critical"  # what is more severe breaks through


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alarm that explains others: while it is open they are suppressed."""

    rule: str  # of the alarm that explains
    folds: tuple[str, ...]  # patterns of the rules that it explains
    scope: Literal["agent", "asset", "area"] = "agent"  # what both must have in common
    settle: Duration = "60s"  # after its end, until what still lasts is told


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung: who is called, how long after the alarm, and what makes the call needless."""

    level: str
    to: tuple[str, ...]  # names of receivers
    after: Duration
    unless: Stage | None = None  # it is not taken once this has been reported
    title: str = ""


class Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is called when, for alarms of some rules; frozen when an alarm is raised."""

    name: str
    rules: tuple[str, ...]
    steps: tuple[Step, ...]
    subjects: tuple[str, ...] = ("*",)


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How soon after detection a stage is to be reached (DOMAIN.md, 1)."""

    stage: Literal["alerted", "acknowledged", "dispatched", "arrived", "safe", "closed"]
    within: Duration
    rules: tuple[str, ...] = ("*",)
    severities: tuple[Severity, ...] = ("life",)

    @property
    def within_us(self) -> int:
        """The time in microseconds."""
        return duration_us(self.within)

    def fits(self, alarm: Alarm) -> bool:
        """Return whether the target is one of this alarm."""
        return alarm.severity in self.severities and _any(alarm.rule, self.rules)


class SharedAsset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An asset that several areas share, such as a hospital block between two districts: each sees it and may act."""

    asset: str  # the register's id
    areas: tuple[str, ...]


class Shelving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of shelving."""

    longest: Duration = "8h"
    second_within: Duration = "10m"  # for life-safety a second person must agree within this


class PolicySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a policy file."""

    maintenance: tuple[Maintenance, ...] = ()
    causes: tuple[Cause, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    assets: tuple[SharedAsset, ...] = ()
    positions: tuple[Position, ...] = ()
    targets: tuple[Target, ...] = ()  # instead of the city's promises
    shelving: Shelving = Shelving()
    lease: Duration = "15m"  # how long an acknowledgement holds that says no time of its own


TARGETS = (  # the city's promises: an order out in 57 s, a passenger free in 7 min, the golden 10 min of a collapse
    Target("alerted", "57s"),
    Target("safe", "7m", ("lift.*",)),
    Target("safe", "10m", ("road.*",)),
)
AGENT_DOWN = Cause("agent.offline", ("device.silent",))  # a dead street node is one alarm, whatever hangs on it


class Policy:
    """A policy as the engine uses it."""

    def __init__(self, spec: PolicySpec, digest: str) -> None:
        self.spec = spec
        self.digest = digest
        self.causes = (AGENT_DOWN, *spec.causes)
        self.targets = spec.targets or TARGETS
        self.longest_us = duration_us(spec.shelving.longest)
        self.second_within_us = duration_us(spec.shelving.second_within)
        self.lease_us = duration_us(spec.lease)
        self._areas = {shared.asset: shared.areas for shared in spec.assets}
        self._devices = {each.device: each.at for each in spec.positions if each.device}
        self._assets = {each.asset: each.at for each in spec.positions if each.asset}

    def further_areas(self, asset: str, area: str) -> tuple[str, ...]:
        """Return the areas that an asset belongs to besides ``area``."""
        return tuple(each for each in self._areas.get(asset, ()) if each != area)

    def position(self, device: str, asset: str) -> LatLon | None:
        """Return where a device stands, else where its asset does; None when neither is known."""
        return self._devices.get(device) or self._assets.get(asset)

    def ladder_of(self, rule: str, subject: str) -> Ladder | None:
        """Return the first ladder for a rule on a subject."""
        return next((ladder for ladder in self.spec.ladders if fits(rule, subject, ladder)), None)


def fits(rule: str, subject: str, where: Ladder | Maintenance) -> bool:
    """Return whether the patterns name this rule on this subject."""
    return _any(rule, where.rules) and _any(subject, where.subjects)


def folds(cause: Cause, rule: str) -> bool:
    """Return whether a cause explains alarms of this rule."""
    return rule != cause.rule and _any(rule, cause.folds)


def _any(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def parse_policy(text: str, *, file: str, receivers: frozenset[str] | None = None) -> Policy:
    """Return the policy in ``text``. Raises ConfigError with file and key.

    With ``receivers``, the names that steps of a ladder may call.
    """
    spec = parse_toml(text, PolicySpec, file=file)
    for key, message in _faults(spec, receivers):
        raise ConfigError(message, file=file, key=key)
    return Policy(spec, hashlib.sha256(text.encode()).hexdigest())


def _faults(spec: PolicySpec, receivers: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    for i, window in enumerate(spec.maintenance):
        try:
            ZoneInfo(window.zone)
        except (KeyError, ValueError, OSError):
            yield f"maintenance[{i}].zone", f"{window.zone!r} is no zone of the IANA database, as Asia/Shanghai is one"
        if window.begins is not None and window.ends is not None and window.ends < window.begins:
            yield f"maintenance[{i}].ends", "lies before begins"
    names = [window.name for window in spec.maintenance]
    for name in {name for name in names if names.count(name) > 1}:
        yield "maintenance", f"two windows are named {name!r}"
    if receivers is not None:  # what a journal has of old is judged as it was
        yield from _loading_faults(spec)
    yield from _asset_faults(spec)
    yield from position_faults(spec.positions)
    for i, ladder in enumerate(spec.ladders):
        yield from ((f"ladders[{i}].{key}", message) for key, message in _ladder_faults(ladder, receivers))


def _loading_faults(spec: PolicySpec) -> Iterator[tuple[str, str]]:
    if duration_us(spec.lease) <= 0:
        yield "lease", "must be longer than 0: nobody could take an alarm"
    for i, cause in enumerate(spec.causes):
        if not _RULE.match(cause.rule):
            yield f"causes[{i}].rule", f"{cause.rule!r} is no name of a rule; patterns are for `folds`"
        if not any(cause.folds):
            yield f"causes[{i}].folds", "names no rule"
    for i, cause in enumerate(spec.causes):
        circle = _circle(cause, (*spec.causes, AGENT_DOWN))
        if circle:
            says = f"{', '.join(circle)}: each explains the next, and while all are open nobody is called"
            yield f"causes[{i}].folds", says


def _circle(first: Cause, causes: tuple[Cause, ...]) -> list[str]:
    """Return the rules by which a cause explains itself, from it to it; none when it does not."""
    ways = [[first]]
    seen = {first.rule}
    while ways:
        way = ways.pop(0)
        for cause in causes:
            if not folds(way[-1], cause.rule):
                continue
            if cause.rule == first.rule:
                return [each.rule for each in (*way, first)]
            if cause.rule not in seen:
                seen.add(cause.rule)
                ways.append([*way, cause])
    return []


def _asset_faults(spec: PolicySpec) -> Iterator[tuple[str, str]]:
    known: set[str] = set()
    for i, shared in enumerate(spec.assets):
        if not shared.asset or shared.asset in known:
            yield f"assets[{i}].asset", f"{shared.asset!r} is there twice, or empty"
        known.add(shared.asset)
        for area in shared.areas:
            try:
                check_area(area)
            except TopicError as error:
                yield f"assets[{i}].areas", str(error)


def _ladder_faults(ladder: Ladder, receivers: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    """A step that can never be taken is a fault: nobody would notice before the night on which it is needed."""
    if not ladder.steps:
        yield "steps", "a ladder needs a step"
    before_us = -1
    for j, step in enumerate(ladder.steps):
        after_us = duration_us(step.after)
        if after_us <= before_us:
            yield f"steps[{j}].after", f"{step.after} is not later than the step before: it can never be its turn"
        before_us = after_us
        if not step.to:
            yield f"steps[{j}].to", "names no receiver"
        for name in step.to:
            if receivers is not None and name not in receivers:
                yield f"steps[{j}].to", f"no receiver is named {name!r}"


@functools.lru_cache(maxsize=16)
def compile_policy(text: str) -> Policy | None:
    """Return a recorded policy; None when this program does not understand it."""
    try:
        return parse_policy(text, file="policy")
    except ConfigError:
        return None

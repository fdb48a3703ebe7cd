"""Rules with keys as the engine uses them, and when those of an asset agree: pure (ALARMS.md, 14).

Every time here is on the hub's clock, because the keys of an asset may come from agents whose clocks differ.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from device_profiles.config import duration_us
from device_profiles.profile import AlarmRule
from device_profiles.specs.condition import Condition, Truth
from hub.alarms.rulebook.heads import RuleHead

Span = tuple[int, int]  # a key was true from the first instant to the last
Spans = Mapping[str, Sequence[Span]]  # key → when it was true, in any order


class Watch:
    """A key's condition, and the name under which a device keeps when it was true."""

    __slots__ = ("id", "when")

    def __init__(self, id: str, when: str) -> None:
        self.id = id
        self.when = Condition(when)


class KeyRule:
    """One alarm rule with keys, compiled."""

    __slots__ = ("head", "hears", "ids", "need", "spec", "watches", "within_us")

    def __init__(self, spec: AlarmRule, head: RuleHead, *, version: str) -> None:
        self.spec = spec
        self.head = head
        self.need = spec.need or len(spec.keys)
        self.within_us = duration_us(spec.within or "0s")
        keys = sorted(spec.keys.items())
        self.watches = {
            name: (key.kind or "", Watch(f"{spec.rule} {version} {name}", key.when)) for name, key in keys if key.when
        }
        self.hears = {name: (key.on, f"{spec.rule} {version} {name}") for name, key in keys if key.on}
        self.ids = {name: watch.id for name, (_, watch) in self.watches.items()}  # under which devices keep its truths
        self.ids |= {name: id for name, (_, id) in self.hears.items()}

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of devices that it watches."""
        return frozenset(kind for kind, _ in self.watches.values())

    def touches(self, spans: Sequence[Span], at_us: int) -> bool:
        """Return whether a key was true within the window before an instant."""
        return any(begin <= at_us and end >= at_us - self.within_us for begin, end in spans)


class AssetRule(KeyRule):
    """One alarm rule of an asset."""

    __slots__ = ("clear_us",)

    def __init__(self, spec: AlarmRule, head: RuleHead) -> None:
        super().__init__(spec, head, version=_version(spec))
        self.clear_us = spec.clear_us

    def agree(self, spans: Spans, *, after_us: int | None) -> tuple[int, list[str]] | None:
        """Return the first instant behind ``after_us`` at which enough keys agree, and their names.

        They agree at an instant when each of them was true within the window before it.
        """
        if after_us is not None:  # what was over by then belongs to the occurrence that has ended
            spans = {name: [(max(a, after_us), b) for a, b in each if b > after_us] for name, each in spans.items()}
        if sum(1 for each in spans.values() if each) < self.need:
            return None
        for at_us in sorted({begin for each in spans.values() for begin, _ in each}):
            names = [name for name in sorted(spans) if self.touches(spans[name], at_us)]
            if len(names) >= self.need:
                return at_us, names
        return None

    def agreeing(self, spans: Spans, unknown: Iterable[str], *, at_us: int) -> Truth:
        """Return whether enough keys agree at ``at_us``; the keys in ``unknown`` may or may not be true now."""
        true = {name for name, each in spans.items() if self.touches(each, at_us)}
        if len(true) >= self.need:
            return True
        return None if len(true | set(unknown)) >= self.need else False

    def agree_between(self, spans: Spans, after_us: int, before_us: int) -> bool:
        """Return whether enough keys come to agree again between two instants."""
        begins = {begin for each in spans.values() for begin, _ in each if after_us < begin < before_us}
        return any(self.agreeing(spans, (), at_us=begin) for begin in begins)

    def parted_us(self, spans: Spans, *, at_us: int) -> int:
        """Return when the keys ceased to agree, as of ``at_us``; that when it is not known that they ever did."""
        begun = ([end for begin, end in each if begin <= at_us] for each in spans.values())
        ends = sorted(max(each) for each in begun if each)
        return ends[-self.need] + self.within_us if len(ends) >= self.need else at_us


def _version(spec: AlarmRule) -> str:
    """Return a digest of what the rule asks: a rule that asks something else begins anew (ALARMS.md, 16)."""
    keys = [(name, key.kind, key.when, key.on) for name, key in sorted(spec.keys.items())]
    asked = spec.need, spec.within, spec.clear, spec.latch, keys
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:8]

"""Alarm rules as data: when a device, or by keys an asset or a site, is alarming (ALARMS.md)."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from device_profiles.condition import condition_faults
from device_profiles.config import Duration, duration_us
from device_profiles.key_spec import Key, key_faults, sites_own
from device_profiles.site_spec import Case, CloseReason, Distance, site_faults
from device_profiles.wire import Name, Severity

RESERVED = ("device.", "agent.")  # rules that the hub makes itself begin so
_LEAST_REMIND_US = 1_000_000


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several ways to the same alarm: a condition, and how long it must hold."""

    when: str
    hold: Duration = msgspec.field(name="for", default="0s")


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a device is alarming (ALARMS.md): on an event or when a condition holds; or when an asset is, by keys."""

    rule: Name
    severity: Severity
    title: str
    on: Name | None = None  # kind of the Event that opens it
    until: tuple[Name, ...] = ()  # kinds of Events that clear it
    when: str | None = None  # condition that opens it once it has held for `for`
    hold: Duration = msgspec.field(name="for", default="0s")
    ways: tuple[Way, ...] = ()  # instead of `when` and `for`: any of these opens it
    clear_when: str | None = None  # condition that clears it once it has held for `clear`; default: not (when)
    clear: Duration = "0s"
    latch: bool = False  # cleared by a person's act only
    remind: Duration | None = None  # told again so often until acknowledged, then unfiltered until its end (EN 81-28)
    missing: Name | None = None  # kind of an Event whose absence opens it, and which clears it
    every: Duration | None = None  # it must come at least so often
    subject: Literal["device", "asset", "site"] = "device"  # whose alarm it is; others are decided by keys (14)
    keys: dict[Name, Key] = {}  # what may agree that an asset or a site is alarming
    need: Annotated[int, msgspec.Meta(ge=1)] | None = None  # so many of the keys must agree
    within: Duration | None = None  # and be true within this of each other, in event time
    near: Distance | None = None  # of a site: and stand within this of each other
    case: Case | None = None  # of a site: what one key alone opens
    closes_with: tuple[CloseReason, ...] = ()  # of a latched one: why a person may close it; empty: for any reason

    @property
    def conditions(self) -> tuple[Way, ...]:
        """Every condition that opens it, with its time; none for a rule on an event."""
        return self.ways or ((Way(self.when, self.hold),) if self.when is not None else ())

    @property
    def for_us(self) -> int:
        """Microseconds that ``when`` must hold."""
        return duration_us(self.hold)

    @property
    def clear_us(self) -> int:
        """Microseconds that the clear condition must hold."""
        return duration_us(self.clear)

    @property
    def remind_us(self) -> int:
        """Microseconds between two tellings while nobody has acknowledged it, 0 for one telling."""
        return duration_us(self.remind) if self.remind is not None else 0

    @property
    def every_us(self) -> int:
        """Microseconds after which ``missing`` is missing."""
        return duration_us(self.every) if self.every is not None else 0

    @property
    def clear_text(self) -> str:
        """The clear condition's text; only for a rule with ``when``."""
        return self.clear_when if self.clear_when is not None else f"not ({self.when})"


def rules_faults(
    rules: Iterable[AlarmRule], *, values: Iterable[str], events: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for what is wrong with rules; ``values`` and ``events`` are the names in their profile."""
    values, events, seen = frozenset(values), frozenset(events), set[str]()
    for index, rule in enumerate(rules):
        if rule.rule in seen:
            yield f"alarms[{index}].rule", f"{rule.rule!r} is defined twice"
        if rule.rule.startswith(RESERVED):
            yield (
                f"alarms[{index}].rule",
                f"{rule.rule!r}: what begins with {' or '.join(RESERVED)} is the hub's own",
            )
        seen.add(rule.rule)
        for key, message in _rule_faults(rule, values, events):
            yield f"alarms[{index}].{key}", message


def _asset_faults(rule: AlarmRule) -> Iterable[tuple[str, str]]:
    for key in ("on", "until", "when", "ways", "clear_when"):
        if getattr(rule, key):
            yield key, "belongs to the alarm of a device; that of an asset has `keys`"
    if rule.for_us:
        yield "for", "belongs to `when`; keys agree or they do not"
    if rule.need is None or rule.need > len(rule.keys):
        yield "need", f"say how many of the {len(rule.keys)} keys must agree"
    if rule.within is None:
        yield "within", "say how near to each other, in event time, the keys must be true"
    yield from key_faults(rule.keys)
    for name, field in ((name, field) for name, key in rule.keys.items() for field in sites_own(key)):
        yield f"keys.{name}.{field}", "belongs to the alarm of a site; of an asset two devices of one key are one key"
    if not rule.latch and all(key.on is not None for key in rule.keys.values()):
        yield "latch", "events alone do not tell that it is over: set latch = true"


def _missing_faults(rule: AlarmRule, events: frozenset[str]) -> Iterable[tuple[str, str]]:
    if rule.missing not in events:
        yield "missing", f"{rule.missing!r} is not in events"
    if rule.every_us <= 0:
        yield "every", "must be longer than 0"
    if rule.until or rule.clear_when is not None or rule.for_us or rule.clear_us or rule.latch:
        yield "missing", "what it waits for clears it: it has no `until`, `for`, `clear_when`, `clear` or `latch`"


def _rule_faults(rule: AlarmRule, values: frozenset[str], events: frozenset[str]) -> Iterable[tuple[str, str]]:
    if rule.closes_with and not rule.latch:
        yield "closes_with", "belongs to `latch`: this one ends by itself"
    if rule.subject == "site":
        yield from site_faults(rule)
        return
    for key in ("near", "case"):
        if getattr(rule, key):
            yield key, 'belongs to the alarm of a site: set subject = "site"'
    if rule.subject == "asset":
        yield from _asset_faults(rule)
        return
    for key in ("keys", "need", "within"):
        if getattr(rule, key):
            yield key, 'belongs to the alarm of an asset: set subject = "asset"'
    if rule.remind is not None and rule.remind_us < _LEAST_REMIND_US:
        yield "remind", "must be at least 1s: it is told at the ticks of the hub"
    if sum((rule.on is not None, rule.when is not None, bool(rule.ways), rule.missing is not None)) != 1:
        yield (
            "on",
            "a rule has one of `on` (an event), `when` (a condition), `ways` (conditions) and `missing` (an event)",
        )
        return
    if (rule.missing is None) is not (rule.every is None):
        yield "every", "belongs to `missing`, which needs it"
        return
    if rule.missing is not None:
        yield from _missing_faults(rule, events)
        return
    if rule.on is not None:
        yield from _event_faults(rule, rule.on, events)
    else:
        yield from _when_faults(rule, values)


def _event_faults(rule: AlarmRule, on: str, events: frozenset[str]) -> Iterable[tuple[str, str]]:
    for key, kinds in (("on", (on,)), ("until", rule.until)):
        for kind in kinds:
            if kind not in events:
                yield key, f"{kind!r} is not in events"
    if rule.clear_when is not None or rule.for_us or rule.clear_us:
        yield "on", "`for`, `clear_when` and `clear` belong to `when`; the edge has confirmed an event already"
    if not rule.until and not rule.latch:
        yield "until", "name the events that clear it, or set latch = true"


def _when_faults(rule: AlarmRule, values: frozenset[str]) -> Iterable[tuple[str, str]]:
    if rule.until:
        yield "until", "belongs to `on`; use clear_when"
    if rule.ways and (rule.clear_when is None or rule.for_us):
        yield "clear_when" if rule.clear_when is None else "for", "`ways` have their own `for`, and need a clear_when"
        return
    for index, way in enumerate(rule.conditions):
        yield from condition_faults(f"ways[{index}].when" if rule.ways else "when", way.when, values)
    yield from condition_faults("clear_when", rule.clear_text, values)

"""What is wrong with alarm rules: each fault with its key, and what to do."""

from collections.abc import Iterable

from device_profiles.specs.condition import condition_faults
from device_profiles.specs.key_spec import key_faults, sites_own
from device_profiles.specs.rule_spec import AlarmRule
from device_profiles.specs.site_spec import Case, metres
from device_profiles.wire import SEVERITIES

RESERVED = ("device.", "agent.")  # rules that the hub makes itself begin so
_LEAST_REMIND_US = 1_000_000
_FARTHEST_M = 200.0  # keys further apart do not speak of one hole
_MOST = 4  # keys that may be needed


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
        yield from _site_faults(rule)
        return
    for key in ("near", "case", "folds"):
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


def _site_faults(rule: AlarmRule) -> Iterable[tuple[str, str]]:
    """Yield (key, message) for what is wrong with the rule of a site."""
    for key in ("on", "until", "when", "ways", "clear_when", "missing", "every", "remind"):
        if getattr(rule, key):
            yield key, "belongs to the alarm of a device; that of a site has `keys`"
    if rule.for_us or rule.clear_us:
        yield "for" if rule.for_us else "clear", "a site's keys agree or they do not, and a person ends its alarm"
    if not rule.latch:
        yield "latch", "must be true: a person has to look before a site's alarm ends"
    if rule.within is None:
        yield "within", "say how near to each other, in event time, the keys must be true"
    if rule.near is None or not 0 < metres(rule.near) <= _FARTHEST_M:
        yield "near", f'say within how many metres of each other they must stand, "1m" to "{_FARTHEST_M:g}m"'
    yield from _need_faults(rule)
    yield from key_faults(rule.keys, any_kind=True)
    if rule.case is not None:
        yield from _case_faults(rule, rule.case)


def _need_faults(rule: AlarmRule) -> Iterable[tuple[str, str]]:
    several = any(key.another for key in rule.keys.values())
    if rule.need is None or not 2 <= rule.need <= _MOST or (rule.need > len(rule.keys) and not several):
        yield "need", f"say how many of the {len(rule.keys)} keys must agree, 2 to {_MOST}: one alone is a `case`"


def _case_faults(rule: AlarmRule, case: Case) -> Iterable[tuple[str, str]]:
    if case.rule == rule.rule:
        yield "case.rule", "must have a name of its own"
    if SEVERITIES.index(case.severity) >= SEVERITIES.index(rule.severity):
        yield "case.severity", f"must be below that of the rule, {rule.severity}: one key is no alarm yet"

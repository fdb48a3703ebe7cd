"""What a rule of a site says besides its keys: how near, what one key alone is, how it is closed (ALARMS.md, 14)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from device_profiles.key_spec import key_faults
from device_profiles.wire import SEVERITIES, Name, Severity

if TYPE_CHECKING:
    from device_profiles.rule_spec import AlarmRule

FARTHEST_M = 200.0  # keys further apart do not speak of one hole
MOST = 4  # keys that may be needed
Distance = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?m$")]  # such as 30m
CloseReason = Literal[  # the hub's ActReason
    "maintenance",
    "nuisance",
    "known_fault",
    "test",
    "false_call",
    "rescued",
    "repaired",
    "inspected",
    "taken",
    "other",
]


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one key alone opens, latched too; it folds into the alarm once enough keys agree."""

    rule: Name
    severity: Severity
    title: str


def metres(text: Distance) -> float:
    """Return a distance in metres."""
    return float(text.removesuffix("m"))


def site_faults(rule: "AlarmRule") -> Iterable[tuple[str, str]]:
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
    if rule.near is None or not 0 < metres(rule.near) <= FARTHEST_M:
        yield "near", f'say within how many metres of each other they must stand, "1m" to "{FARTHEST_M:g}m"'
    yield from _need_faults(rule)
    yield from key_faults(rule.keys, any_kind=True)
    if rule.case is not None:
        yield from _case_faults(rule, rule.case)


def _need_faults(rule: "AlarmRule") -> Iterable[tuple[str, str]]:
    several = any(key.another for key in rule.keys.values())
    if rule.need is None or not 2 <= rule.need <= MOST or (rule.need > len(rule.keys) and not several):
        yield "need", f"say how many of the {len(rule.keys)} keys must agree, 2 to {MOST}: one alone is a `case`"


def _case_faults(rule: "AlarmRule", case: Case) -> Iterable[tuple[str, str]]:
    if case.rule == rule.rule:
        yield "case.rule", "must have a name of its own"
    if SEVERITIES.index(case.severity) >= SEVERITIES.index(rule.severity):
        yield "case.severity", f"must be below that of the rule, {rule.severity}: one key is no alarm yet"

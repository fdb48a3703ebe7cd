"""Rules as the engine uses them: profiles compiled from the texts that the journal holds."""

import functools
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from device_profiles.config import duration_us
from device_profiles.errors import ConfigError
from device_profiles.profile import AlarmRule, ProfileSpec, Way, parse_profile
from device_profiles.specs.condition import Condition, Truth, Values
from device_profiles.specs.key_spec import Key
from hub.alarms.city.policy import Policy, PolicySpec, compile_policy
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.rulebook.keys import AssetRule, KeyRule, Watch
from hub.alarms.rulebook.signs import SiteRule

SILENT = "device.silent"
PERSON_REPORT = "person.report"
OFFLINE = "agent.offline"
EPOCH_BACK = "agent.epoch_back"
TWO_SESSIONS = "agent.two_sessions"


OFFLINE_HEAD = RuleHead(OFFLINE, "major", "Edge agent offline", False, "")
EPOCH_BACK_HEAD = RuleHead(
    EPOCH_BACK, "major", "Agent went back to an older epoch: cloned card or restored backup", True, ""
)
TWO_SESSIONS_HEAD = RuleHead(TWO_SESSIONS, "major", "Two agents live under one name: cloned card", True, "")


def way_keys(spec: AlarmRule) -> Iterator[str]:
    """Yield the key of the timer of each way to an alarm: the rule's name, and with a number for further ones."""
    yield from (f"{spec.rule} {index}" if index else spec.rule for index in range(len(spec.conditions)))


def rule_of(key: str) -> str:
    """Return the name of the rule that a timer belongs to."""
    return key.partition(" ")[0]  # a rule's name has no space


class _Way:
    """One condition that opens an alarm."""

    __slots__ = ("for_us", "key", "when")

    def __init__(self, key: str, way: Way) -> None:
        self.key = key
        self.when = Condition(way.when)
        self.for_us = duration_us(way.hold)


class Rule:
    """One alarm rule of a profile, its conditions compiled."""

    __slots__ = ("clear", "clear_us", "head", "names", "spec", "ways")

    def __init__(self, spec: AlarmRule, digest: str) -> None:
        self.spec = spec
        self.head = _head(spec, digest)
        self.ways = tuple(_Way(key, way) for key, way in zip(way_keys(spec), spec.conditions, strict=True))
        self.clear = Condition(spec.clear_text) if self.ways else None
        self.clear_us = spec.clear_us
        self.names = frozenset[str]().union(*(way.when.names for way in self.ways))
        self.names |= self.clear.names if self.clear is not None else frozenset()

    def alarming(self, values: Values) -> Truth:
        """Return the truth of any of its conditions; of an event rule, never true."""
        truths = {way.when.evaluate(values) for way in self.ways}
        return True if True in truths else None if None in truths else False

    def clearing(self, values: Values) -> Truth:
        """Return the truth of the clear condition; not true while ``when`` still is (they would chase each other)."""
        truth = self.clear.evaluate(values) if self.clear is not None else False
        return False if truth and self.alarming(values) else truth


class RuleSet:
    """The rules of one profile text, indexed by what may change them."""

    def __init__(self, spec: ProfileSpec, digest: str) -> None:
        self.kind = spec.kind
        self.digest = digest
        self.silent_us = duration_us(spec.liveness.silent_after)
        self.silent = RuleHead(SILENT, spec.liveness.severity, f"Silent: {spec.title}", False, digest)
        self.value_names = frozenset(spec.values)
        self.rules = tuple(Rule(rule, digest) for rule in spec.alarms if rule.subject == "device")
        assets = [rule for rule in spec.alarms if rule.subject == "asset"]
        self.of_assets = {rule.rule: AssetRule(rule, _head(rule, digest)) for rule in assets}
        sites = [rule for rule in spec.alarms if rule.subject == "site"]
        self.of_sites = {rule.rule: SiteRule(rule, _head(rule, digest)) for rule in sites}
        self.by_rule = {rule.head.rule: rule for rule in self.rules}
        self.awaited = tuple(rule for rule in self.rules if rule.spec.missing is not None)
        self.conditions = tuple(rule.head.rule for rule in self.rules if rule.ways)
        self.whens = tuple(way.when.evaluate for rule in self.rules for way in rule.ways)
        asking = {name: tuple(r.head.rule for r in self.rules if name in r.names) for name in sorted(spec.values)}
        self.by_name = {name: rules for name, rules in asking.items() if rules}

    def opened_by(self, event: str) -> list[Rule]:
        """Return the rules that an event of this kind opens."""
        return [rule for rule in self.rules if rule.spec.on == event]

    def cleared_by(self, event: str) -> list[Rule]:
        """Return the rules that an event of this kind clears."""
        return [rule for rule in self.rules if event in rule.spec.until and rule.spec.on != event]

    def keyed_text(self, rule: str) -> str:
        """Return what a rule of assets or sites, or the case of one, asks for; "" when there is none."""
        cases = {site.case.rule: site for site in self.of_sites.values() if site.case is not None}
        known: KeyRule | None = self.of_assets.get(rule) or self.of_sites.get(rule) or cases.get(rule)
        if known is None:
            return ""
        keys = (f"{name} ({_asked(key)})" for name, key in sorted(known.spec.keys.items()))
        near = f" and {known.spec.near} of each other" if known.spec.near else ""
        need = 1 if rule in cases else known.need
        return f"{need} of {', '.join(keys)} within {known.spec.within}{near}"

    def awaits(self, event: str) -> bool:
        """Return whether the absence of events of this kind is an alarm."""
        return any(rule.spec.missing == event for rule in self.awaited)


class RuleTexts(msgspec.Struct, frozen=True):
    """The recorded texts behind a rule book."""

    in_force: dict[str, str] = {}  # kind of device → digest
    texts: dict[str, str] = {}  # digest → TOML
    policy: str = ""  # TOML


class RuleBook:
    """The rules in force, and those under which alarms are still open."""

    def __init__(self, recorded: RuleTexts) -> None:
        self.recorded = recorded
        self.policy = compile_policy(recorded.policy) or Policy(PolicySpec(), "")
        self._of_digest = {digest: compile_rules(text, digest) for digest, text in recorded.texts.items()}
        self._of_kind = {kind: self._of_digest.get(digest) for kind, digest in recorded.in_force.items()}
        self.awaiting = frozenset(kind for kind, rules in self._of_kind.items() if rules is not None and rules.awaited)
        self.asset_rules = self._asset_rules()  # in force, by name
        known = [rule for rules in self._of_digest.values() if rules is not None for rule in rules.of_assets.values()]
        self.site_rules = self._site_rules()  # in force, by name
        sites = list(self.site_rules.values())
        self.watches = _watches([*known, *sites], [rules for rules in self._of_kind.values() if rules is not None])
        in_force = {kind: rules for kind, rules in self._of_kind.items() if rules is not None}
        self.unwatched = {kind: rules for kind, rules in in_force.items() if kind not in self.watches}
        self.hears, self.site_hears = _hears(known), _hears(sites)
        self.heard = frozenset({*self.hears, *self.site_hears})  # kinds of events that are keys
        self.ids = frozenset(id for rule in (*known, *sites) for id in rule.ids.values())

    def of_kind(self, kind: str) -> RuleSet | None:
        """Return the rules in force for a kind of device."""
        return self._of_kind.get(kind)

    def of_digest(self, digest: str) -> RuleSet | None:
        """Return the rules of a text, in force or not."""
        return self._of_digest.get(digest)

    def rule_text(self, digest: str, rule: str) -> str:
        """Return what a rule of a text asks for, in one line; "" when the text or the rule is not known."""
        rules = self.of_digest(digest)
        known = rules.by_rule.get(rule) if rules is not None else None
        if rules is None or known is None:
            return rules.keyed_text(rule) if rules is not None else ""
        if known.spec.on is not None:
            return f"event {known.spec.on}, until {', '.join(known.spec.until) or 'a person closes it'}"
        if known.spec.missing is not None:
            return f"no event {known.spec.missing} in its time"
        ways = (f"({way.when}) for {way.hold}" for way in known.spec.conditions)
        return f"{' or '.join(ways)}; clears when {known.spec.clear_text} for {known.clear_us / 1e6:g} s"

    def heard_by(self, event: str) -> set[str]:
        """Return the names of the assets' rules in force of which an event of this kind is a key."""
        return {name for name, rule in self.asset_rules.items() if event in (kind for kind, _ in rule.hears.values())}

    def _asset_rules(self) -> dict[str, AssetRule]:
        found: dict[str, AssetRule] = {}
        for kind in sorted(self._of_kind):
            rules = self._of_kind[kind]
            for name, rule in rules.of_assets.items() if rules is not None else ():
                found.setdefault(name, rule)
        return dict(sorted(found.items()))

    def _site_rules(self) -> dict[str, SiteRule]:
        found: dict[str, SiteRule] = {}
        for kind in sorted(self._of_kind):
            rules = self._of_kind[kind]
            for name, rule in rules.of_sites.items() if rules is not None else ():
                found.setdefault(name, rule)
        return dict(sorted(found.items()))

    def guess(self, event: str) -> RuleSet | None:
        """Return the first rules, by kind of device, that an event of this kind opens."""
        for kind in sorted(self._of_kind):
            rules = self._of_kind[kind]
            if rules is not None and rules.opened_by(event):
                return rules
        return None


def _asked(key: Key) -> str:
    """Return what a key asks for: an event, a condition, or either."""
    return " or ".join(filter(None, (key.on, key.when and f"{key.kind or 'any'}: {key.when}")))


def _head(spec: AlarmRule, digest: str) -> RuleHead:
    return RuleHead(spec.rule, spec.severity, spec.title, spec.latch, digest, spec.remind_us, spec.closes_with)


def _watches(rules: Iterable[KeyRule], profiles: Sequence[RuleSet]) -> dict[str, tuple[Watch, ...]]:
    """Return kind of device → the keys over its values, in force or of alarms that are open."""
    found: dict[str, dict[str, Watch]] = {}
    for kind, watch in (each for rule in rules for each in rule.watches.values()):
        for one in [kind] if kind else [each.kind for each in profiles if watch.when.names <= each.value_names]:
            found.setdefault(one, {})[watch.id] = watch
    return {kind: tuple(watches[id] for id in sorted(watches)) for kind, watches in found.items()}


def _hears(rules: Iterable[KeyRule]) -> dict[str, tuple[str, ...]]:
    """Return kind of event → the ids of the keys that it is."""
    found: dict[str, set[str]] = {}
    for kind, id in (each for rule in rules for each in rule.hears.values()):
        found.setdefault(kind, set()).add(id)
    return {kind: tuple(sorted(ids)) for kind, ids in found.items()}


@functools.lru_cache(maxsize=256)
def compile_rules(text: str, digest: str) -> RuleSet | None:
    """Return the rules of a recorded profile; None when this program does not understand the text."""
    try:
        return RuleSet(parse_profile(text, file=f"profile {digest[:12]}").spec, digest)
    except ConfigError:
        return None

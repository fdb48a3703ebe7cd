"""Rules of sites as the engine uses them, and when their keys agree: pure (ALARMS.md, 14).

A sign is a key of one device, with the times at which it was true. Signs of one camera, or of one device, are one
witness, unless a key stands beside others of its own device, and keys that the same physics explains are one key: so
many witnesses must agree as the rule needs, each for a key of its own, one of them the site's own.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from device_profiles.config import duration_us
from device_profiles.profile import AlarmRule
from device_profiles.specs.site_spec import metres
from hub.alarms.city.places import Spot, distance_m
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.rulebook.keys import KeyRule, Span
from hub.alarms.transitions import KeySeen

MAX_INSTANTS = 32  # the latest ones: where so much begins at one place, what agreed does so again


class Sign(msgspec.Struct, frozen=True):
    """One key of one device or report, and what it senses through."""

    key: str  # its name in the rule
    spot: Spot
    sources: frozenset[str]
    spans: tuple[Span, ...]  # when it was true, those that reach behind what is used up
    begins: tuple[int, ...]  # when it became true: what went on already when the last alarm ended begins nothing
    evidence: str = ""  # as the device's value says it

    def since_us(self, at_us: int) -> int:
        """Return when it became true last, as of an instant."""
        return max((begin for begin, _ in self.spans if begin <= at_us), default=at_us)

    def seen(self, at_us: int) -> KeySeen:
        """Return the sign as an alarm tells it that was raised or joined at an instant."""
        return KeySeen(self.key, self.spot.key, self.since_us(at_us), self.spot.at, self.spot.asset)


class SiteRule(KeyRule):
    """One alarm rule of sites."""

    __slots__ = ("alone", "another", "beside", "case", "folds", "follows", "holds", "near_m", "physics")

    def __init__(self, spec: AlarmRule, head: RuleHead) -> None:
        super().__init__(spec, head, version=_version(spec))
        self.near_m = metres(spec.near or "0m")
        self.folds = frozenset(spec.folds)
        self.alone = frozenset(name for name, key in spec.keys.items() if key.alone)
        self.another = frozenset(name for name, key in spec.keys.items() if key.another)
        self.beside = frozenset(name for name, key in spec.keys.items() if key.beside)
        self.holds = {name: duration_us(key.holds) for name, key in spec.keys.items() if key.holds is not None}
        self.follows = {name: duration_us(key.follows) for name, key in spec.keys.items() if key.follows is not None}
        self.physics = {name: frozenset(key.physics or (name,)) for name, key in spec.keys.items()}
        case = spec.case
        self.case = RuleHead(case.rule, case.severity, case.title, True, head.digest) if case is not None else None

    def agreed(self, signs: Sequence[Sign], centre: str, *, lately: bool) -> Iterator[tuple[int, list[Sign]]]:
        """Yield each instant at which a sign begins and enough of them agree with one at ``centre``, and those.

        ``lately``: with what was true of the centre last; what was true of it before has been weighed.
        """
        own = [sign.spans[-1:] if lately else sign.spans for sign in signs if sign.spot.key == centre]
        if len(signs) < self.need or not own:
            return
        begins = {begin for sign in signs for begin in sign.begins if any(self.touches(spans, begin) for spans in own)}
        for at_us in sorted(begins)[-MAX_INSTANTS:]:
            true = [sign for sign in signs if self.touches(sign.spans, at_us)]
            if any(self._enough([sign], true, at_us) for sign in true if sign.spot.key == centre):
                yield at_us, true

    def _enough(self, chosen: list[Sign], signs: Iterable[Sign], at_us: int) -> bool:
        """Return whether ``chosen`` can be made so many independent signs as are needed."""
        if len(chosen) >= self.need:
            return True
        last = chosen[-1]
        free = [sign for sign in signs if self._apart(sign, last) and self._in_turn(sign, last, at_us)]
        return any(self._enough([*chosen, sign], free, at_us) for sign in free)

    def _in_turn(self, a: Sign, b: Sign, at_us: int) -> bool:
        """Return whether neither comes too long after the other has begun, as of an instant."""
        later_us = a.since_us(at_us) - b.since_us(at_us)
        return later_us <= self.follows.get(a.key, later_us) and -later_us <= self.follows.get(b.key, -later_us)

    def _apart(self, a: Sign, b: Sign) -> bool:
        """Return whether two signs are two keys: two witnesses, of two physics or of one key that another may turn."""
        if a.sources & b.sources and not (a.spot.key == b.spot.key and {a.key, b.key} & self.beside):
            return False
        return a.key in self.another if a.key == b.key else not self.physics[a.key] & self.physics[b.key]


def told(keys: Sequence[KeySeen]) -> str:
    """Return what has been seen where, in one line."""
    text = ", ".join(f"{each.key} {each.device.rpartition('/')[2]}" for each in keys)
    far_m = farthest_m(keys)
    return text if far_m is None else f"{text}; {far_m:.0f} m apart"


def farthest_m(keys: Sequence[KeySeen]) -> float | None:
    """Return how far the keys are apart; None where fewer than two have a position."""
    known = sorted({key.at for key in keys if key.at is not None})
    found = [distance_m(a, b) for i, a in enumerate(known) for b in known[i + 1 :]]
    if found:
        return max(found)
    return 0.0 if sum(1 for key in keys if key.at is not None) > 1 else None


def _version(spec: AlarmRule) -> str:
    """Return a digest of what the rule asks: a rule that asks something else begins anew (ALARMS.md, 16)."""
    asked = spec.need, spec.within, spec.near, sorted(spec.keys.items())
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:8]

"""How the rules of sites stand round a device or a report: what has spoken near it, how far away, and what has not."""

from collections.abc import Iterator

from hub.alarms.asked.answers import Answer, Standing, opened
from hub.alarms.city.places import distance_m
from hub.alarms.rulebook.signs import Sign, SiteRule
from hub.alarms.rulebook.sites import open_near
from hub.alarms.rulebook.witnesses import signs_at
from hub.alarms.state import State
from hub.alarms.transitions import SITE


def stand_round(state: State, key: str) -> Iterator[Answer]:
    """Yield how each rule that a device or a report may be a key of stands on its site, and the rule's case."""
    for name, rule in state.book.site_rules.items():
        if not _asked(state, rule, key):
            continue
        yield _answer(state, rule, key, name)
        if rule.case is not None:
            yield _answer(state, rule, key, rule.case.rule)


def _asked(state: State, rule: SiteRule, key: str) -> bool:
    device = state.devices.get(key)
    if device is None:
        return key in state.reports
    watched = {watch.id for watch in state.book.watches.get(device.profile, ())}
    return any(id in watched or id in device.keys for id in rule.ids.values())


def _answer(state: State, rule: SiteRule, key: str, name: str) -> Answer:
    found = open_near(state, rule, name, (key,))
    if found is not None and found.alarm is not None:
        return Answer(SITE + key, name, *opened(found.alarm))
    near = state.places.near(key, rule.near_m)
    signs = [sign for other in near for sign in signs_at(state, rule, other, behind=name)]
    seen = [f"{sign.key} {sign.spot.key.rpartition('/')[2]}{_far(state, sign, key)} was seen" for sign in signs]
    unseen = [f"{each} was not" for each in sorted(rule.ids) if each not in {sign.key for sign in signs}]
    need = rule.need if name == rule.head.rule else 1
    words = f"{need} of its keys within {rule.near_m:g} m and {rule.within_us / 1e6:g} s: {', '.join(seen + unseen)}"
    return Answer(SITE + key, name, Standing.KEYS_APART, words)


def _far(state: State, sign: Sign, key: str) -> str:
    """Return how far a sign is from the site's middle, "" where that is not known."""
    middle = state.places.spot(key).at
    if middle is None or sign.spot.at is None:
        return ""
    return f" {distance_m(middle, sign.spot.at):.0f} m away" if sign.spot.key != key else ""

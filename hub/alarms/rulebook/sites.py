"""Alarms of sites: raised when keys that stand near each other agree; one alone is a case to inspect (ALARMS.md, 14).

Each device and each report is the middle of a site, weighed when it has something to say. Keys that agree join an alarm
of the same rule that is open near any of them: so one hole is one alarm, however many stand round it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from device_profiles.evidence import evidence_words
from hub.alarms.decisions import NOBODY, By, Decisions
from hub.alarms.noise.quiet import repeating
from hub.alarms.rows import HubPart, Occurrence, ReportState
from hub.alarms.rulebook.assets import LATE_US
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.rulebook.signs import Sign, SiteRule, told
from hub.alarms.rulebook.witnesses import signs_at, speaks
from hub.alarms.state import State
from hub.alarms.transitions import SITE, Alarm, Evidence, Kind, Reason

MAX_KEYS = 64  # of one alarm; what speaks beyond them stands in the journal

_Step = tuple[int, str, str, Callable[[], None]]  # due, rule, subject (the order of ALARMS.md, 6), and what to do
_Signs = Mapping[tuple[str, str], tuple[int, Sign]]  # (key, device) → when it spoke, and the sign


def settle(decisions: Decisions, keys: Iterable[str], *, live: bool = True) -> None:
    """Raise, join and sound what is due round devices and reports, in the order (due, rule, subject).

    ``live``: the reading lane speaks. What events tell late is not sounded.
    """
    state, moved = decisions.state, sorted(set(keys))
    rules = state.book.site_rules.values()
    while steps := [
        step
        for rule in rules
        for centre in _centres(state, rule, moved)
        for step in _steps(decisions, rule, centre, live=live)
    ]:
        min(steps, key=lambda step: step[:3])[3]()


def land(decisions: Decisions, report: ReportState, *, by: By) -> bool:
    """Let what a person says join what is open near it, else be a case; return whether it is told so."""
    state, told_so = decisions.state, False
    for rule in state.book.site_rules.values():
        signs = list(signs_at(state, rule, report.key, behind=rule.head.rule))
        names = (rule.head.rule, rule.case.rule if rule.case is not None else "")
        found = (open_near(state, rule, name, (report.key,)) for name in names if signs)
        occurrence = next((each for each in found if each is not None), None)
        if occurrence is not None:
            _join(decisions, rule, occurrence, [(report.t_us, sign) for sign in signs], Reason.ONE_KEY, by=by)
        elif signs and rule.case is not None:
            _raise(decisions, rule, report.key, rule.case, report.t_us, signs, False, by=by)
        told_so = told_so or bool(signs and (occurrence is not None or rule.case is not None))
    return told_so


def flag(decisions: Decisions, key: str, *, t_us: int) -> None:
    """Give the open alarms that a device is a key of the flag stale while one of their keys is silent."""
    state = decisions.state
    for rule, subject in sorted(state.spoken.get(key, ())):
        occurrence = state.occurrence(rule, subject)
        if occurrence is not None and occurrence.alarm is not None:
            devices = (sign.device for sign in occurrence.alarm.signs)
            decisions.mark_stale(occurrence, stale=_silent(state, devices), t_us=t_us)


def open_near(state: State, rule: SiteRule, name: str, keys: Iterable[str]) -> Occurrence | None:
    """Return the oldest open alarm called ``name`` of which a key stands near any of ``keys``."""
    near = {other for key in keys for other in state.places.near(key, rule.near_m)}
    subjects = {subject for key in near for called, subject in state.spoken.get(key, ()) if called == name}
    found = [occurrence for subject in subjects if (occurrence := state.occurrence(name, subject)) is not None]
    return min(found, key=_age, default=None)


def _age(occurrence: Occurrence) -> tuple[int, str]:
    return occurrence.alarm.opened_offset if occurrence.alarm is not None else 0, occurrence.subject


def _centres(state: State, rule: SiteRule, moved: Sequence[str]) -> list[str]:
    """Return the middles of the sites that a move may have changed, if they have keys of their own.

    Of two keys that agree anew one is of what has moved; of more, what has moved may stand beside the middle.
    """
    near = moved if rule.need == 2 else {each for key in moved for each in state.places.near(key, rule.near_m)}
    return sorted(each for each in near if speaks(state, each))


def _steps(decisions: Decisions, rule: SiteRule, centre: str, *, live: bool) -> Iterator[_Step]:
    """Yield what is due for a rule on a site."""
    state, name = decisions.state, rule.head.rule
    signs = [sign for key in state.places.near(centre, rule.near_m) for sign in signs_at(state, rule, key, behind=name)]
    agreed = list(rule.agreed(signs, centre, lately=live and rule.need == 2))
    spoke = {(sign.key, sign.spot.key): (at_us, sign) for at_us, true in reversed(agreed) for sign in true}
    if agreed:
        at_us, first = agreed[0]
        occurrence = open_near(state, rule, name, (device for _, device in spoke))
        if occurrence is None:
            place = min(first, key=lambda sign: (sign.since_us(at_us), *_order(sign))).spot.key  # where it began
            yield at_us, name, SITE + place, partial(_raise, decisions, rule, place, rule.head, at_us, first, live)
        else:
            yield from _join_steps(decisions, rule, occurrence, spoke, Reason.KEYS_AGREE)
            yield from _sound_steps(decisions, rule, occurrence, [at_us for at_us, _ in agreed], Reason.KEYS_AGREE)
    if rule.case is not None:
        yield from _case_steps(decisions, rule, rule.case, centre, spoke, live)


def _case_steps(
    decisions: Decisions, rule: SiteRule, case: RuleHead, centre: str, spoke: _Signs, live: bool
) -> Iterator[_Step]:
    """Yield what is due for keys of the centre that agree with none: they join what is open near, else are a case.

    Those that mean nothing alone are passed over.
    """
    state = decisions.state
    alone = [
        sign
        for sign in signs_at(state, rule, centre, behind=case.rule)
        if sign.begins and sign.key in rule.alone and (sign.key, centre) not in spoke
    ]
    if not alone:
        return
    at_us = min(sign.begins[0] for sign in alone)
    occurrence = open_near(state, rule, rule.head.rule, (centre,))
    if occurrence is None:
        occurrence = open_near(state, rule, case.rule, (centre,))
        if occurrence is None:
            yield at_us, case.rule, SITE + centre, partial(_raise, decisions, rule, centre, case, at_us, alone, live)
    if occurrence is not None:
        lone = {(sign.key, centre): (sign.begins[0], sign) for sign in alone}
        yield from _join_steps(decisions, rule, occurrence, lone, Reason.ONE_KEY)
        if occurrence.rule == case.rule:
            known = [sign.spans[-1][1] for sign in alone]
            yield from _sound_steps(decisions, rule, occurrence, known, Reason.ONE_KEY)


def _join_steps(
    decisions: Decisions, rule: SiteRule, occurrence: Occurrence, spoke: _Signs, reason: Reason
) -> Iterator[_Step]:
    alarm = occurrence.alarm
    new = [each for key, each in sorted(spoke.items()) if alarm is not None and _adds(alarm, key, each[1])]
    if new:
        at_us = min(at_us for at_us, _ in new)
        yield at_us, occurrence.rule, occurrence.subject, partial(_join, decisions, rule, occurrence, new, reason)


def _adds(alarm: Alarm, key: tuple[str, str], sign: Sign) -> bool:
    """Return whether a sign says anything that the alarm does not: a key, or what was kept of one."""
    if any((seen.key, seen.device) == key for seen in alarm.signs):
        return key[1] not in _evidence(alarm) and bool(evidence_words(sign.evidence))
    return len(alarm.signs) < MAX_KEYS


def _sound_steps(
    decisions: Decisions, rule: SiteRule, occurrence: Occurrence, seen: Iterable[int], reason: Reason
) -> Iterator[_Step]:
    """Yield the telling of what was only recorded, once it has been seen lately."""
    recent_us = decisions.received_us - LATE_US
    recent = [at_us for at_us in seen if at_us > recent_us]
    if recent and occurrence.alarm is not None and not occurrence.alarm.sounded:
        sound = partial(_sound, decisions, rule, occurrence, recent[0], reason)
        yield recent[0], occurrence.rule, occurrence.subject, sound


def _sound(decisions: Decisions, rule: SiteRule, occurrence: Occurrence, at_us: int, reason: Reason) -> None:
    detail = told(occurrence.alarm.signs) if occurrence.alarm is not None else ""
    decisions.sound(occurrence, t_us=at_us, reason=reason, detail=detail)
    _fold(decisions, rule, occurrence)


def _raise(
    decisions: Decisions,
    rule: SiteRule,
    centre: str,
    head: RuleHead,
    at_us: int,
    signs: Sequence[Sign],
    live: bool,
    *,
    by: By = NOBODY,
) -> None:
    state = decisions.state
    owner = state.reports[centre] if centre in state.reports else state.devices[centre]
    silent = _silent(state, (sign.spot.key for sign in signs))
    part = HubPart(owner.area, SITE + centre, owner.asset, silent)
    keys = tuple(sign.seen(at_us) for sign in sorted(signs, key=_order))
    late = not live and decisions.received_us - at_us > LATE_US
    reason = Reason.KEYS_AGREE if head is rule.head else Reason.ONE_KEY
    raised = decisions.open(
        head,
        part,
        t_us=at_us,
        reason=Reason.EVENT_LATE if late else reason,
        sounded=not late,
        detail=told(keys),
        by=by,
        keys=keys,
        evidence=_kept(signs),
    )
    _fold(decisions, rule, raised)


def _join(
    decisions: Decisions,
    rule: SiteRule,
    occurrence: Occurrence,
    new: Sequence[tuple[int, Sign]],
    reason: Reason,
    *,
    by: By = NOBODY,
) -> None:
    alarm = occurrence.alarm
    if alarm is None:
        return
    known = {(seen.key, seen.device) for seen in alarm.signs}
    keys = tuple(sign.seen(at_us) for at_us, sign in new)
    added = tuple(seen for seen in keys if (seen.key, seen.device) not in known)[: MAX_KEYS - len(known)]
    evidence = _kept(sign for _, sign in new) | _evidence(alarm)  # what was there first stays
    changed = replace(alarm, keys=alarm.signs + added, evidence=evidence)
    at_us = min(at_us for at_us, _ in new)
    decisions.change(occurrence, Kind.JOINED, alarm=changed, reason=reason, t_us=at_us, detail=told(keys), by=by)
    _fold(decisions, rule, occurrence)


def _fold(decisions: Decisions, rule: SiteRule, occurrence: Occurrence) -> None:
    """Let an alarm explain the cases near its keys, and what devices that are keys of it repeat."""
    state, alarm = decisions.state, occurrence.alarm
    if alarm is None:
        return
    for repeated in repeating(state, alarm):
        decisions.suppress(repeated, alarm.id, reason=Reason.CAUSE)
    if rule.case is None or occurrence.rule != rule.head.rule:
        return
    near = {key for sign in alarm.signs for key in state.places.near(sign.device, rule.near_m)}
    found = {each for key in near for each in state.spoken.get(key, ()) if each[0] == rule.case.rule}
    for name, subject in sorted(found):
        case = state.occurrence(name, subject)
        if case is not None and case.open and case.alarm is not None and case.alarm.suppressed_by != alarm.id:
            decisions.suppress(case, alarm.id, reason=Reason.CAUSE)


def _silent(state: State, devices: Iterable[str]) -> bool:
    return any(state.devices[key].silent for key in devices if key in state.devices)


def _kept(signs: Iterable[Sign]) -> Evidence:
    return {sign.spot.key: words for sign in signs if (words := evidence_words(sign.evidence))}


def _evidence(alarm: Alarm) -> Evidence:
    return alarm.evidence if isinstance(alarm.evidence, dict) else {}


def _order(sign: Sign) -> tuple[str, str]:
    return sign.key, sign.spot.key

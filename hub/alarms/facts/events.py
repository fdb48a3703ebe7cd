"""Events of the edge open and clear alarms, however late they come (ALARMS.md, 12)."""

import msgspec

from device_profiles.wire import Event
from hub.alarms.decisions import NOBODY, By, Decisions
from hub.alarms.facts.absences import note_heard
from hub.alarms.facts.arrivals import Arrival
from hub.alarms.facts.moves import meet
from hub.alarms.rows import DeviceState, Mark, Occurrence
from hub.alarms.rulebook.attention import hear
from hub.alarms.rulebook.conditions import forget_elder
from hub.alarms.rulebook.rules import Rule, RuleSet
from hub.alarms.transitions import Reason, Refusal

LATE_US = 300_000_000  # an older event is recorded and told in a digest, not sounded


class Sighting(msgspec.Struct, frozen=True):
    """That something happened to a device which opens alarms: an event of the edge, or what a person saw."""

    mark: Mark
    detail: str
    late: bool  # too old to sound
    reason: Reason = Reason.EVENT  # for which a new alarm is opened
    by: By = NOBODY


def take_event(arrival: Arrival, fact: Event) -> None:
    """Clear and open what the event clears and opens."""
    state = arrival.decisions.state
    key = f"{arrival.agent.area}/{fact.device}"
    device = state.devices.get(key) or DeviceState(arrival.agent.area, fact.device, arrival.agent.key)
    mark = _mark(arrival, key, fact)
    own = state.rules_of(device)
    for occurrence in state.open_of(key):
        if _clears(arrival, occurrence, fact.kind):
            _clear(arrival, device, occurrence, mark, fact.kind)
    if own is not None:
        _note_release(arrival, key, own, mark, fact.kind)
    of_site = fact.kind in state.book.site_hears
    if of_site:  # before the device's own alarm, which then is known to repeat what the site's has told
        _hear(arrival, key, fact, mark)
    rules = own or state.book.guess(fact.kind)
    seen = Sighting(mark, fact.kind, arrival.present_us - mark.t_us > LATE_US)
    for rule in rules.opened_by(fact.kind) if rules is not None else ():
        sight(arrival.decisions, device, rule, seen)
    _join_unfiltered(arrival, key, mark, fact.kind)
    if key in state.devices and own is not None and own.awaits(fact.kind):
        note_heard(arrival.decisions, device, fact.kind, t_us=mark.t_us)
    if fact.kind in state.book.heard and not of_site:
        _hear(arrival, key, fact, mark)


def _hear(arrival: Arrival, key: str, fact: Event, mark: Mark) -> None:
    known = arrival.decisions.state.devices.get(key) or meet(arrival, key, fact.device)
    if known is not None:
        hear(arrival.decisions, known, mark, fact.kind)


def _mark(arrival: Arrival, key: str, fact: Event) -> Mark:
    pack, epoch, t_us = arrival.pack, _epoch(arrival), _believed(arrival, key, fact.t_us)
    seq = (pack.seq or 0) if pack.lane == "event" and epoch == pack.epoch else 0
    return Mark(arrival.agent.key, epoch, t_us, seq, pack.sent_us)


def _epoch(arrival: Arrival) -> int:
    """Return the epoch that places the event: of a session that went back (a restored backup), the one that lives."""
    agent, pack = arrival.agent, arrival.pack
    suspect = (pack.resent_in or pack.epoch) < agent.lanes.get(pack.lane, 0)
    return agent.epoch if suspect else pack.epoch


def _believed(arrival: Arrival, key: str, t_us: int) -> int:
    """Return the event's time; that of its arrival instead of one in the future: no alarm is lost to a wrong clock."""
    if t_us <= arrival.future_us:
        return t_us
    arrival.decisions.refuse(key, Refusal.TIME_IN_FUTURE, t_us)
    return arrival.present_us


def _clears(arrival: Arrival, occurrence: Occurrence, kind: str) -> bool:
    """Return whether the rule that opened the alarm, as it stood then, lets this kind of event clear it."""
    alarm = occurrence.alarm
    rules = arrival.decisions.state.book.of_digest(alarm.digest) if alarm is not None else None
    rule = rules.by_rule.get(occurrence.rule) if rules is not None else None
    if rule is None or rule.head.latch or rule.spec.on == kind:
        return False
    return kind in rule.spec.until or kind == rule.spec.missing


def _join_unfiltered(arrival: Arrival, key: str, mark: Mark, kind: str) -> None:
    """Join an event to every alarm of its subject that keeps its history unfiltered, unless it did so itself."""
    decisions = arrival.decisions
    for occurrence in decisions.state.open_of(key):
        alarm = occurrence.alarm
        told = any(made.alarm.id == alarm.id for made in decisions.made if made.detail == kind) if alarm else True
        if alarm is not None and alarm.remind_us and not told:
            decisions.join(occurrence, t_us=mark.t_us, reason=Reason.EVENT_UNFILTERED, detail=kind)


def _clear(arrival: Arrival, device: DeviceState, occurrence: Occurrence, mark: Mark, kind: str) -> None:
    if occurrence.opened is not None and mark.before(occurrence.opened):
        arrival.decisions.join(occurrence, t_us=mark.t_us, reason=Reason.CLEAR_BEFORE_EVENT, detail=kind)
        return
    arrival.decisions.end(occurrence, mark, reason=Reason.CLEAR_EVENT, detail=kind)
    forget_elder(arrival.decisions.state, device, occurrence.rule)


def _note_release(arrival: Arrival, key: str, rules: RuleSet, mark: Mark, kind: str) -> None:
    """Remember an event that clears while nothing is open: the one that opens may have been overtaken."""
    state = arrival.decisions.state
    for rule in rules.cleared_by(kind):
        occurrence = state.occurrence(rule.head.rule, key) or Occurrence(rule.head.rule, key)
        known = occurrence.released or occurrence.cleared
        if not occurrence.open and (known is None or known.before(mark)):
            occurrence.released = mark
            state.keep(occurrence)


def sight(decisions: Decisions, device: DeviceState, rule: Rule, seen: Sighting) -> None:
    """Open the alarm of a rule on a device, or join the one that is open or has ended since."""
    mark, kind = seen.mark, seen.detail
    occurrence = decisions.state.occurrence(rule.head.rule, device.key)
    if occurrence is not None and occurrence.open:
        _join_open(decisions, occurrence, seen)
    elif occurrence is not None and occurrence.cleared is not None and mark.before(occurrence.cleared):
        decisions.join(occurrence, t_us=mark.t_us, reason=Reason.EVENT_BEFORE_CLEAR, detail=kind, by=seen.by)
    else:
        released = occurrence.released if occurrence is not None else None
        overtaken = released if released is not None and mark.before(released) else None
        reason = Reason.EVENT_OVERTAKEN if overtaken is not None else Reason.EVENT_LATE if seen.late else seen.reason
        sounded = not seen.late
        raised = decisions.open(
            rule.head, device, t_us=mark.t_us, reason=reason, sounded=sounded, detail=kind, by=seen.by
        )
        raised.opened = mark
        if overtaken is not None:
            decisions.end(raised, overtaken, reason=Reason.CLEAR_EVENT, detail=kind)


def _join_open(decisions: Decisions, occurrence: Occurrence, seen: Sighting) -> None:
    alarm, mark = occurrence.alarm, seen.mark
    decisions.disturb(occurrence)
    if occurrence.opened is None or occurrence.opened.before(mark):
        occurrence.opened = mark
    if alarm is not None and not alarm.sounded and not seen.late:
        decisions.sound(occurrence, t_us=mark.t_us, detail=seen.detail, by=seen.by)
    else:
        decisions.join(occurrence, t_us=mark.t_us, reason=Reason.EVENT_AGAIN, detail=seen.detail, by=seen.by)

"""What people do about alarms: acknowledge, put aside, take out of service, report how far help is, close."""

from collections.abc import Callable
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from hub.alarms.city.places import LatLon
from hub.alarms.decisions import By, Decisions
from hub.alarms.facts.absences import begin_anew
from hub.alarms.facts.agents import forgive
from hub.alarms.people.inspected import end_site
from hub.alarms.people.reports import REPORT, Report, take_report
from hub.alarms.people.shelving import shelve, take_out, unshelve
from hub.alarms.rows import Mark, Occurrence
from hub.alarms.rulebook.conditions import reweigh
from hub.alarms.state import State
from hub.alarms.transitions import SITE, ActReason, Kind, Reason, Refusal

ActKind = Literal["ack", "shelve", "unshelve", "out_of_service", "in_service", "dispatch", "arrive", "safe", "close"]
ACTS: tuple[str, ...] = get_args(ActKind)
MAX_LEASE_US = 30 * 86_400_000_000  # of an acknowledgement: an alarm that somebody has reminds nobody
_MAX_NOTE = 500  # characters of what a transition carries
_STAGES = {"dispatch": Kind.DISPATCHED, "arrive": Kind.ARRIVED, "safe": Kind.SAFE}


class ActBody(msgspec.Struct, frozen=True):
    """The body of an act record; names an alarm by its id or by rule and subject."""

    actor: str
    act: str
    rule: str = ""
    subject: str = ""
    alarm: str = ""
    reason: str = ""  # a note in the person's own words
    because: ActReason | None = None
    for_us: int | None = None  # of a lease or a shelf; None: the policy's, or for this occurrence
    eta_us: int | None = None  # when the owner will be there, hub's clock
    t_us: int | None = None  # when the person did it, by the hub's clock; default: when it was journalled
    area: str = ""  # of a report: where
    kind: str = ""  # of a report: the kind of event that it is, such as person.reported_hole
    device: str = ""  # of a report: of which device in the area
    photo: str = ""  # of a report: sha256 of the photograph
    at: LatLon | None = None  # of a report: latitude and longitude


def take_act(decisions: Decisions, body: ActBody) -> None:
    """Do what a person said; what cannot be done is counted."""
    if body.act == REPORT:
        take_report(decisions, _report(body), by=_by(body), t_us=_when(decisions, body))
        return
    found = _find(decisions.state, body)
    refusal = _refusal(body, found)
    if refusal is None and found is not None and found.alarm is not None:
        refusal = _DO[body.act](decisions, found, body)
    if refusal is not None:
        decisions.refuse(body.alarm or f"{body.rule} {body.subject}", refusal, decisions.received_us)


def _refusal(body: ActBody, found: Occurrence | None) -> Refusal | None:
    if body.act not in ACTS or not (body.rule or body.alarm):
        return Refusal.ACT_UNKNOWN
    if not body.actor.strip():
        return Refusal.ACT_NAMELESS
    if found is None or found.alarm is None or (body.act in ("close", *_STAGES) and not found.open):
        return Refusal.ACT_WITHOUT_ALARM
    return None


def _find(state: State, body: ActBody) -> Occurrence | None:
    """Return the occurrence that is meant: never a newer one, when the act names an alarm's id."""
    if body.rule:
        named = state.occurrence(body.rule, body.subject)
        known = [named] if named is not None else []
    else:
        known = [occurrence for found in state.occurrences.values() for occurrence in found.values()]
    for occurrence in known:
        if occurrence.alarm is not None and body.alarm in ("", occurrence.alarm.id):
            return occurrence
    return None


def _report(body: ActBody) -> Report:
    return Report(body.reason, body.area, body.subject, body.kind, body.photo, body.device, body.at)


def _by(body: ActBody) -> By:
    return By(body.actor[:_MAX_NOTE], body.because, body.reason[:_MAX_NOTE])


def _when(decisions: Decisions, body: ActBody) -> int:
    return max(0, min(body.t_us if body.t_us is not None else decisions.received_us, decisions.received_us))


def _ack(decisions: Decisions, found: Occurrence, body: ActBody) -> Refusal | None:
    """Give the alarm to a person, for as long as the lease; the owner may renew it, nobody else takes it away."""
    alarm = found.alarm
    if alarm is None or (alarm.acknowledged and (body.actor != alarm.owner or not alarm.open)):
        return Refusal.ACT_REPEATED
    if alarm.acknowledged and body.for_us is None and body.eta_us is None:
        return Refusal.ACT_REPEATED  # nothing new
    if _too_long(decisions, body):
        return Refusal.ACT_TOO_LONG
    lease_us = body.for_us if body.for_us is not None else decisions.state.policy.lease_us
    until_us = decisions.received_us + lease_us
    if body.eta_us is not None and body.for_us is None:
        until_us = max(until_us, body.eta_us)
    taken = replace(alarm, acknowledged=True, owner=body.actor, eta_us=body.eta_us, lease_us=until_us)
    t_us = _when(decisions, body)
    found.stages.setdefault("acknowledged", t_us)
    decisions.act(found, Kind.ACKED, t_us=t_us, alarm=taken, by=_by(body))
    return None


def _too_long(decisions: Decisions, body: ActBody) -> bool:
    """Return whether somebody would have an alarm for no time, or for so long that nobody else could ever take it."""
    for_us, eta_us = body.for_us, body.eta_us
    if for_us is not None and not 0 < for_us <= MAX_LEASE_US:
        return True
    return eta_us is not None and eta_us > decisions.received_us + MAX_LEASE_US


def _stage(decisions: Decisions, found: Occurrence, body: ActBody) -> Refusal | None:
    kind, t_us = _STAGES[body.act], _when(decisions, body)
    if kind.value in found.stages or found.alarm is None:
        return Refusal.ACT_REPEATED
    found.stages[kind.value] = t_us
    decisions.act(found, kind, t_us=t_us, alarm=found.alarm, by=_by(body))
    return None


def _close(decisions: Decisions, found: Occurrence, body: ActBody) -> Refusal | None:
    """End the alarm, if it may be for such a reason.

    While its condition still holds, the next occurrence opens once it has held for `for` again.
    """
    if found.alarm is not None and not found.alarm.may_close(body.because):
        return Refusal.ACT_NEEDS_REASON
    mark = _mark(decisions.state, found, _when(decisions, body))
    decisions.finish(found, mark, reason=Reason.ACT, by=_by(body))
    if found.subject.startswith(SITE):
        end_site(decisions, found, by=_by(body))
    device = decisions.state.devices.get(found.subject)
    if device is not None:
        reweigh(decisions, device, found.rule)
        begin_anew(decisions, device, found.rule)
    asset = decisions.state.assets.get(found.subject)
    if asset is not None and asset.timers.pop(found.rule, None) is not None:
        decisions.state.touch(asset)
    forgive(decisions.state, found.rule, found.subject)
    return None


def _shelve(decisions: Decisions, found: Occurrence, body: ActBody) -> Refusal | None:
    return shelve(decisions, found, for_us=body.for_us, by=_by(body))


def _unshelve(decisions: Decisions, found: Occurrence, body: ActBody) -> Refusal | None:
    return unshelve(decisions, found, by=_by(body))


def _take_out(decisions: Decisions, found: Occurrence, body: ActBody) -> Refusal | None:
    return take_out(decisions, found, out=body.act == "out_of_service", by=_by(body))


_DO: dict[str, Callable[[Decisions, Occurrence, ActBody], Refusal | None]] = {
    "ack": _ack,
    "shelve": _shelve,
    "unshelve": _unshelve,
    "out_of_service": _take_out,
    "in_service": _take_out,
    "dispatch": _stage,
    "arrive": _stage,
    "safe": _stage,
    "close": _close,
}


def _mark(state: State, occurrence: Occurrence, t_us: int) -> Mark:
    """Return the instant on the clock of the agent that speaks for the subject."""
    device = state.devices.get(occurrence.subject)
    if occurrence.opened is not None:
        key = occurrence.opened.agent
    else:
        key = device.agent if device is not None else occurrence.subject
    agent = state.agents.get(key)
    return Mark(key, agent.epoch, t_us - agent.offset.us) if agent is not None else Mark(key, 0, t_us)

"""Putting alarms aside: shelved for a time or for one occurrence, or out of service; life-safety needs two people."""

from msgspec.structs import replace

from hub.alarms.decisions import By, Decisions
from hub.alarms.rows import Occurrence, Shelf
from hub.alarms.transitions import ActReason, Alarm, Kind, Refusal


def shelve(decisions: Decisions, found: Occurrence, *, for_us: int | None, by: By) -> Refusal | None:
    """Shelve the alarms of a rule on a subject for a time, or with ``for_us`` None for the occurrence that is open."""
    policy, alarm = decisions.state.policy, found.alarm
    if alarm is None or by.because is None:
        return Refusal.ACT_UNKNOWN
    if found.shelf is not None:
        return Refusal.ACT_REPEATED
    if for_us is None and not alarm.open:
        return Refusal.ACT_WITHOUT_ALARM
    if for_us is not None and not 0 < for_us <= policy.longest_us:
        return Refusal.ACT_TOO_LONG
    asked = found.asked
    second = _second(decisions, found, alarm, by=by, for_us=for_us)
    if isinstance(second, Refusal) or second is None:
        return second
    if for_us is not None and asked is not None and asked.for_us is not None:
        for_us = min(for_us, asked.for_us)  # both have agreed to so much
    until_us = decisions.received_us + for_us if for_us is not None else None
    found.shelf, found.asked = Shelf(by.actor, by.because, until_us, "" if second == by.actor else second), None
    decisions.act(found, Kind.SHELVED, alarm=replace(alarm, shelved=True), by=by)
    return None


def unshelve(decisions: Decisions, found: Occurrence, *, by: By) -> Refusal | None:
    """Take alarms off the shelf: one person is enough."""
    if found.shelf is None or found.alarm is None:
        return Refusal.ACT_REPEATED
    found.shelf = None
    alarm = replace(found.alarm, shelved=False)
    decisions.act(found, Kind.UNSHELVED, alarm=alarm, by=by)
    return None


def take_out(decisions: Decisions, found: Occurrence, *, out: bool, by: By) -> Refusal | None:
    """Take the alarms of a rule on a subject out of service with a reason, or put them in service again."""
    alarm = found.alarm
    if alarm is None or (out and by.because is None):
        return Refusal.ACT_UNKNOWN
    if bool(found.out_of_service) is out:
        return Refusal.ACT_REPEATED
    if out:
        second = _second(decisions, found, alarm, by=by, out=True)
        if isinstance(second, Refusal) or second is None:
            return second
    found.out_of_service, found.asked = by.actor if out else "", None
    kind = Kind.OUT_OF_SERVICE if out else Kind.IN_SERVICE
    changed = replace(alarm, out_of_service=out)
    decisions.act(found, kind, alarm=changed, by=by)
    return None


def _second(
    decisions: Decisions, found: Occurrence, alarm: Alarm, *, by: By, out: bool = False, for_us: int | None = None
) -> str | Refusal | None:
    """Return who else agrees, the actor where one is enough; None while a second one is awaited.

    Who asks for something else than the first one has not agreed: a second person is awaited for that.
    """
    if alarm.severity != "life":
        return by.actor
    asked = found.asked
    if asked is None or (asked.out, asked.for_us is None) != (out, for_us is None):
        until_us = decisions.received_us + decisions.state.policy.second_within_us
        found.asked = Shelf(by.actor, by.because or ActReason.OTHER, until_us, out=out, for_us=for_us)
        decisions.act(found, Kind.SHELVE_ASKED, alarm=alarm, by=by)
        return None
    return Refusal.ACT_BY_SAME if asked.actor.strip() == by.actor.strip() else asked.actor

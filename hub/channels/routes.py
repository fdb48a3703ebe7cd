"""Decide which receivers are told of a transition, and on which lane."""

from enum import StrEnum

from device_profiles.wire import SEVERITIES
from hub.alarms.transitions import Kind, Transition
from hub.alarms.words import receiver_subject
from hub.channels.receivers import Receiver


class Lane(StrEnum):
    """Life-safety has threads, connections and a budget of its own: a storm of others never delays it."""

    LIFE = "life"
    OTHER = "other"


def lane_of(transition: Transition) -> Lane:
    """Return the lane of a transition."""
    return Lane.LIFE if transition.alarm.severity == "life" else Lane.OTHER


def wants(receiver: Receiver, transition: Transition, *, first: bool = False) -> bool:
    """Return whether a receiver is told: who is called by name always, the others by what they ask for.

    ``first``: it knows nothing of the alarm. Who asks for what is raised then hears of any change that calls: an alarm
    that was suppressed or only recorded when it was raised begins to call by another one.
    Of its own death nobody is told, and nothing of an alarm that is kept quiet for a reason but for its lateness.
    """
    alarm = transition.alarm
    if alarm.subject == receiver_subject(receiver.name) or not transition.told:
        return False
    if receiver.name in transition.to:
        return True
    return (
        (transition.calls or not alarm.sounded)
        and SEVERITIES.index(alarm.severity) >= SEVERITIES.index(receiver.least)
        and (not receiver.areas or any(alarm.within(prefix) for prefix in receiver.areas))
        and (not receiver.rules or any(_named(alarm.rule, pattern) for pattern in receiver.rules))
        and (not receiver.changes or transition.kind.value in receiver.changes or _begins(receiver, transition, first))
    )


def _begins(receiver: Receiver, transition: Transition, first: bool) -> bool:
    return first and transition.calls and Kind.RAISED.value in receiver.changes


def _named(rule: str, pattern: str) -> bool:
    return rule.startswith(pattern[:-1]) if pattern.endswith("*") else rule == pattern

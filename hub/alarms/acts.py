"""What people do about alarms: acknowledge and close."""

from typing import Literal, get_args

import msgspec

from hub.alarms.absences import begin_anew
from hub.alarms.agents import forgive
from hub.alarms.conditions import reweigh
from hub.alarms.decisions import Decisions
from hub.alarms.rows import Mark, Occurrence
from hub.alarms.state import State
from hub.alarms.transitions import Reason, Refusal

ActKind = Literal["ack", "close"]
ACTS: tuple[str, ...] = get_args(ActKind)
_MAX_DETAIL = 500  # characters of actor and reason that a transition carries


class ActBody(msgspec.Struct, frozen=True):
    """The body of an act record; names an alarm by its id or by rule and subject."""

    actor: str
    act: str
    rule: str = ""
    subject: str = ""
    alarm: str = ""
    reason: str = ""
    t_us: int | None = None  # when the person did it, by the hub's clock; default: when it was journalled


def take_act(decisions: Decisions, body: ActBody) -> None:
    """Do what a person said; what cannot be done is counted."""
    name = body.alarm or f"{body.rule} {body.subject}"
    if body.act not in ACTS or not (body.rule or body.alarm):
        decisions.refuse(name, Refusal.ACT_UNKNOWN, decisions.received_us)
        return
    if not body.actor.strip():
        decisions.refuse(name, Refusal.ACT_NAMELESS, decisions.received_us)
        return
    occurrence = _find(decisions.state, body)
    if occurrence is None or occurrence.alarm is None or (body.act == "close" and not occurrence.open):
        decisions.refuse(name, Refusal.ACT_WITHOUT_ALARM, decisions.received_us)
        return
    if body.act == "ack" and occurrence.alarm.acknowledged:
        decisions.refuse(name, Refusal.ACT_REPEATED, decisions.received_us)
        return
    t_us = min(body.t_us if body.t_us is not None else decisions.received_us, decisions.received_us)
    detail = f"{body.actor}: {body.reason}"[:_MAX_DETAIL]
    if body.act == "ack":
        decisions.acknowledge(occurrence, t_us=t_us, detail=detail)
    else:
        _close(decisions, occurrence, t_us, detail)


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


def _close(decisions: Decisions, occurrence: Occurrence, t_us: int, detail: str) -> None:
    """End the alarm; while its condition still holds, the next occurrence opens once it has held for `for` again."""
    decisions.end(occurrence, _mark(decisions.state, occurrence, t_us), reason=Reason.ACT, detail=detail)
    device = decisions.state.devices.get(occurrence.subject)
    if device is not None:
        reweigh(decisions, device, occurrence.rule)
        begin_anew(decisions, device, occurrence.rule)
    asset = decisions.state.assets.get(occurrence.subject)
    if asset is not None and asset.timers.pop(occurrence.rule, None) is not None:
        decisions.state.touch(asset)
    forgive(decisions.state, occurrence.rule, occurrence.subject)


def _mark(state: State, occurrence: Occurrence, t_us: int) -> Mark:
    """Return the instant on the clock of the agent that speaks for the subject."""
    device = state.devices.get(occurrence.subject)
    if occurrence.opened is not None:
        key = occurrence.opened.agent
    else:
        key = device.agent if device is not None else occurrence.subject
    agent = state.agents.get(key)
    return Mark(key, agent.epoch, t_us - agent.offset.us) if agent is not None else Mark(key, 0, t_us)

"""What a pack tells of the session that sent it: cloned cards, restored backups, wills and births."""

from device_profiles.wire import ClockState, Pack, Status
from hub.alarms.decisions import Decisions
from hub.alarms.facts.arrivals import Arrival
from hub.alarms.facts.bindings import bind
from hub.alarms.facts.offsets import FUTURE_US
from hub.alarms.rows import AgentState
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.rulebook.rules import (
    EPOCH_BACK,
    EPOCH_BACK_HEAD,
    OFFLINE,
    OFFLINE_HEAD,
    TWO_SESSIONS,
    TWO_SESSIONS_HEAD,
)
from hub.alarms.state import State
from hub.alarms.transitions import Reason
from hub.journal.records import Record

_UNKNOWN = ClockState()


def greet(decisions: Decisions, record: Record, pack: Pack) -> AgentState:
    """Return the state of the pack's agent, after taking in its session and its clock. A will tells of neither."""
    agent = decisions.state.agents.get(record.agent) or _meet(decisions.state, record.agent)
    if pack.seq is None:
        return agent
    live = pack.resent_in or pack.epoch
    greatest = agent.lanes.get(pack.lane, 0)
    if live != greatest:
        _move_on(decisions, agent, pack, back=live < greatest)
    if live > agent.epoch:
        _begin_epoch(agent, live)
    if live == agent.epoch == pack.epoch:
        _take_session(decisions, agent, record, pack)
    return agent


def take_status(arrival: Arrival, fact: Status) -> None:
    """Take in a birth or a death, unless it speaks of an older session than the one that lives."""
    if fact.epoch < arrival.agent.epoch:
        return
    if fact.online:
        _take_birth(arrival, fact)
        return
    offline = arrival.decisions.state.occurrence(OFFLINE, arrival.agent.key)
    if offline is not None and offline.open:
        arrival.decisions.disturb(offline)
    else:
        _take_death(arrival, fact)


def forgive(state: State, rule: str, key: str) -> None:
    """Believe an agent anew, after a person has closed what was held against it."""
    agent = state.agents.get(key)
    if agent is None or rule not in (EPOCH_BACK, TWO_SESSIONS):
        return
    agent.boot = ""
    state.touch(agent)
    if rule == TWO_SESSIONS:
        return
    agent.lanes.clear()
    agent.epoch = agent.status_epoch = agent.step_epoch = 0
    for device in state.devices.values():
        if device.agent == key:
            device.epoch = device.step = 0
            state.touch(device)


def _meet(state: State, key: str) -> AgentState:
    area, _, name = key.rpartition("/")
    agent = state.agents[key] = AgentState(area, name)
    state.touch(agent)
    return agent


def _move_on(decisions: Decisions, agent: AgentState, pack: Pack, *, back: bool) -> None:
    """Take in that a lane of the agent speaks of another session than before."""
    if back:
        _suspect(decisions, agent, EPOCH_BACK_HEAD, pack, Reason.EPOCH_BACK)
    else:
        agent.lanes[pack.lane] = pack.resent_in or pack.epoch
        decisions.state.touch(agent)


def _begin_epoch(agent: AgentState, epoch: int) -> None:
    agent.epoch = epoch
    agent.boot = ""
    agent.begun_us = None
    agent.offset.forget()


def _take_session(decisions: Decisions, agent: AgentState, record: Record, pack: Pack) -> None:
    changed = agent.begun_us is None
    if pack.boot and pack.boot != agent.boot:
        if agent.boot:
            _suspect(decisions, agent, TWO_SESSIONS_HEAD, pack, Reason.TWO_SESSIONS)
            return
        agent.boot, changed = pack.boot, True
    if agent.begun_us is None:
        agent.begun_us = pack.sent_us
    offset = agent.offset
    believed = offset.believe(pack.clock if decisions.state.hub.true_time else _UNKNOWN)
    observed = offset.observe(received_us=record.received_us, sent_us=pack.sent_us)
    if changed or believed or observed:
        decisions.state.touch(agent)


def _suspect(decisions: Decisions, agent: AgentState, head: RuleHead, pack: Pack, reason: Reason) -> None:
    if decisions.state.open_alarm(head.rule, agent.key) is None:
        future = pack.sent_us > decisions.received_us + FUTURE_US
        t_us = decisions.received_us if future else pack.sent_us
        decisions.open(head, agent, t_us=t_us, reason=reason, detail=f"epoch {pack.epoch} boot {pack.boot}")


def _take_birth(arrival: Arrival, fact: Status) -> None:
    agent, decisions = arrival.agent, arrival.decisions
    order = fact.epoch, arrival.pack.seq or 0
    if order < (agent.status_epoch, agent.status_seq):
        return
    agent.status_epoch, agent.status_seq = order
    decisions.state.touch(agent)
    offline = decisions.state.occurrence(OFFLINE, agent.key)
    if offline is not None and offline.open:
        decisions.end(offline, decisions.mark(agent, min(fact.t_us, arrival.future_us)), reason=Reason.BIRTH)
    bind(decisions, agent, fact, now_us=arrival.present_us)


def _take_death(arrival: Arrival, fact: Status) -> None:
    """Raise agent.offline. The broker says a will, which was written long before: its time is that of its arrival."""
    will = arrival.pack.seq is None
    t_us = arrival.present_us if will else min(fact.t_us, arrival.future_us)
    reason = Reason.WILL if will else Reason.FAREWELL
    arrival.decisions.open(OFFLINE_HEAD, arrival.agent, t_us=t_us, reason=reason, detail=f"epoch {fact.epoch}")

"""The alarm engine: a fold over the journal's records, from which every transition follows (ALARMS.md).

It reads nothing else: no wall clock, no random, and no order of a set or dict that a restart could change.
"""

from typing import TypeVar

import msgspec

from device_profiles.errors import WireError
from device_profiles.wire import ClockStep, Event, Heartbeat, Reading, Status
from hub.alarms.decisions import Decisions
from hub.alarms.facts.agents import greet, take_status
from hub.alarms.facts.arrivals import arrive
from hub.alarms.facts.bindings import RecordedTexts, take_texts
from hub.alarms.facts.clock_steps import take_clock_step
from hub.alarms.facts.events import take_event
from hub.alarms.facts.liveness import take_tick
from hub.alarms.facts.moves import take_heartbeat, take_reading
from hub.alarms.facts.passing import passes
from hub.alarms.people.acts import ActBody, take_act
from hub.alarms.rulebook.latecomers import overhear
from hub.alarms.state import State
from hub.alarms.transitions import Refusal, Transition
from hub.alarms.words import WordBody, take_word
from hub.journal.records import Record, pack_of

T = TypeVar("T")


class _Tick(msgspec.Struct, frozen=True):
    now_us: int
    clock: str = ""


def fold(state: State, record: Record) -> list[Transition]:
    """Take ``record`` into ``state`` and return what it brings about, in order."""
    decisions = Decisions(state, record)
    if record.kind == "pack":
        _fold_pack(decisions, record)
    elif record.kind == "tick":
        tick = _body(decisions, record, _Tick)
        if tick is not None:
            take_tick(decisions, tick.now_us, clock=tick.clock)
    elif record.kind == "act":
        act = _body(decisions, record, ActBody)
        if act is not None:
            take_act(decisions, act)
    elif record.kind == "word":
        word = _body(decisions, record, WordBody)
        if word is not None:
            take_word(decisions, word)
    elif record.kind == "text":
        texts = _body(decisions, record, RecordedTexts)
        if texts is not None:
            take_texts(decisions, texts)
    return decisions.made


def _fold_pack(decisions: Decisions, record: Record) -> None:
    try:
        pack = pack_of(record)
    except WireError:
        decisions.refuse(record.agent, Refusal.BODY_UNREADABLE, record.received_us)
        return
    arrival = arrive(decisions, greet(decisions, record, pack), record, pack)
    moves = pack.lane == "reading" and not pack.stands_for  # between what is left of thinned readings all is unknown
    for fact in pack.facts:
        if type(fact) is Reading:
            if not moves:
                overhear(decisions, arrival.agent, fact)
            elif not passes(arrival, fact):
                take_reading(arrival, fact)
        elif isinstance(fact, Event):
            take_event(arrival, fact)
        elif isinstance(fact, Heartbeat):
            if moves:
                take_heartbeat(arrival, fact)
        elif isinstance(fact, Status):
            take_status(arrival, fact)
        elif isinstance(fact, ClockStep) and moves:
            take_clock_step(arrival, fact)


def _body(decisions: Decisions, record: Record, form: type[T]) -> T | None:
    try:
        return msgspec.json.decode(record.body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        decisions.refuse(record.kind, Refusal.BODY_UNREADABLE, record.received_us)
        return None

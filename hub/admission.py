"""Decide whether the time of a fact is believed (ALARMS.md 11)."""

from collections.abc import Iterable
from enum import StrEnum

from device_profiles.wire import ClockState, Fact, Heartbeat, Pack
from hub.alarms.facts.offsets import BELIEVED

FUTURE_US = 60_000_000  # further ahead than this is no clock that drifts, it is a clock that is wrong
MAX_OFFSET_US = 3_600_000_000  # an agent that knew of more would have set its clock: more is not removed
HISTORICAL_US = 60_000_000  # what comes later than this after it was observed is history, not news


class Admission(StrEnum):
    """What becomes of a fact because of its time."""

    ACCEPTED = "accepted"
    LATE = "late"  # behind what the subject has said already: history, no news
    FUTURE = "future"  # never believed


def ceiling_us(clock: ClockState, *, received_us: int) -> int:
    """Return the greatest ``t_us`` that is believed of a pack's facts, on the agent's clock."""
    offset_us = clock.offset_us
    if not -MAX_OFFSET_US <= offset_us <= MAX_OFFSET_US:
        offset_us = MAX_OFFSET_US if offset_us > 0 else -MAX_OFFSET_US
    return received_us + offset_us + FUTURE_US


def admit(t_us: int, *, ceiling: int, now_us: int = 0) -> Admission:
    """Return what becomes of a fact at ``t_us``; ``now_us`` is the greatest accepted time of its subject so far."""
    if t_us > ceiling:
        return Admission.FUTURE
    return Admission.LATE if t_us < now_us else Admission.ACCEPTED


def admit_facts(pack: Pack, *, received_us: int) -> Iterable[tuple[Fact, Admission]]:
    """Yield the facts of ``pack``, accepted or from the future; a heartbeat keeps only the times that are believed."""
    ceiling = ceiling_us(pack.clock, received_us=received_us)
    for fact in pack.facts:
        admission = admit(fact.t_us, ceiling=ceiling)
        if isinstance(fact, Heartbeat) and any(t_us > ceiling for t_us in fact.seen_us.values()):
            believed = {device: t_us for device, t_us in fact.seen_us.items() if t_us <= ceiling}
            yield Heartbeat(fact.t_us, believed), admission
        else:
            yield fact, admission


def is_historical(t_us: int, pack: Pack, *, received_us: int) -> bool:
    """Return whether a fact came as history: by the backlog, as the rest of thinned ones, or long after."""
    return t_us < news_from_us(pack, received_us=received_us)


def news_from_us(pack: Pack, *, received_us: int) -> int:
    """Return from which ``t_us`` on a fact of ``pack`` is no history.

    By a clock that nobody keeps it is as old as it was when it was sent.
    """
    if pack.lane == "backlog" or pack.stands_for:
        return 2**63
    if pack.clock.source in BELIEVED:
        return received_us + pack.clock.offset_us - HISTORICAL_US
    return pack.sent_us - HISTORICAL_US

"""A notice: what one receiver is told at once, under one key, however often it is sent."""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from hub.alarms.transitions import Kind, Transition
from hub.channels.routes import Lane

_BEGUN = frozenset({Kind.RAISED, Kind.SOUNDED})
_ENDED = frozenset({Kind.CLEARED, Kind.CLOSED})


class NoticeKind(StrEnum):
    """Why it is one notice."""

    ONE = "one"  # one change of one alarm
    FLOOD = "flood"  # a list: more came at once than may go one by one
    DIGEST = "digest"  # a list: what calls nobody
    AWAY = "away"  # a list: what happened while the receiver could not be told


_BEGINNINGS = {
    NoticeKind.FLOOD: "Many alarms",
    NoticeKind.DIGEST: "For your information",
    NoticeKind.AWAY: "While you were away",
}


class Told(msgspec.Struct, frozen=True):
    """A change of which this receiver was told before: what a later one supersedes."""

    id: str
    t_us: int


class Notice(msgspec.Struct, frozen=True):
    """What one receiver is told at once."""

    id: str  # its key: a receiver that has it already drops it
    receiver: str
    lane: Lane
    kind: NoticeKind
    made_us: int  # when it was put together
    transitions: tuple[Transition, ...]  # in order
    earlier: dict[str, tuple[Told, ...]] = {}  # alarm → what was told of it before; only for channels that refer to it


class Sums(msgspec.Struct, frozen=True):
    """What a list comes to."""

    raised: int
    cleared: int
    open: int  # of the alarms in it, as of its last change


def notice_id(receiver: str, kind: NoticeKind, transitions: Iterable[str]) -> str:
    """Return the key of a notice: the same content for the same receiver has always the same."""
    text = "\n".join((receiver, kind.value, *transitions))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def last_of(notice: Notice) -> list[Transition]:
    """Return the last change of each alarm in a notice, in order."""
    last = {transition.alarm.id: transition for transition in notice.transitions}
    return sorted(last.values(), key=lambda transition: (transition.offset, transition.n))


def sums(notice: Notice) -> Sums:
    """Return what a notice comes to."""
    kinds = [transition.kind for transition in notice.transitions]
    still = sum(1 for transition in last_of(notice) if transition.alarm.open)
    return Sums(sum(kind in _BEGUN for kind in kinds), sum(kind in _ENDED for kind in kinds), still)


def headline(notice: Notice) -> str:
    """Return a notice in one line."""
    if notice.kind is NoticeKind.ONE:
        transition = notice.transitions[-1]
        alarm = transition.alarm
        return f"[{alarm.severity}] {alarm.title}: {alarm.subject} ({transition.kind.value})"
    found = sums(notice)
    return f"{_BEGINNINGS[notice.kind]}: {found.raised} raised, {found.cleared} cleared, {found.open} open"

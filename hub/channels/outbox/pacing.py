"""Decide what a receiver is told next: one change, a list, or nothing for now."""

from collections import deque
from collections.abc import Sequence

import msgspec

from device_profiles.config import duration_us
from device_profiles.wire import SEVERITIES
from hub.channels.notice import NoticeKind
from hub.channels.receivers import Receiver
from hub.channels.routes import Lane

Place = tuple[int, int]

_FAR_US = 3_600_000_000  # nothing is put off for so long: the clock was set back


class Waiting(msgspec.Struct, frozen=True):
    """A change that is queued."""

    place: Place
    alarm: str
    rank: int  # of its severity
    urgent: bool  # somebody is called
    attempts: int
    due_us: int


class Pending(msgspec.Struct, frozen=True):
    """A notice that was sent and may have arrived: it goes again as it is."""

    id: str
    first: Place
    attempts: int
    due_us: int
    alarms: frozenset[str]


class Choice(msgspec.Struct, frozen=True):
    """What goes next; neither a notice nor places: nothing before ``wait_us`` are over."""

    kind: NoticeKind = NoticeKind.ONE
    places: tuple[Place, ...] = ()
    again: str = ""  # the notice to send again
    wait_us: int = 0


class Pacing:
    """What one receiver's lane was told lately, and how much it takes at once.

    ``burst`` changes of a severity or above go one by one in a ``window``; what is more is gathered until the window
    is over and goes as a list. A higher severity than any in the list does not wait for it.
    """

    def __init__(self, receiver: Receiver, lane: Lane) -> None:
        self.limit = receiver.longest  # changes in a list; halved when one is answered with a failure
        self._receiver = receiver
        self._lane = lane
        self._window_us = duration_us(receiver.window)
        self._singles: deque[tuple[int, int]] = deque(maxlen=receiver.burst * len(SEVERITIES))  # (when, rank)
        self._list_us: int | None = None  # when the last list went
        self._list_rank = 0  # the highest in it

    def choose(self, waiting: Sequence[Waiting], pending: Sequence[Pending], *, now_us: int, anew: bool) -> Choice:
        """Return what goes next. ``anew``: the receiver was away, and everything goes, due or not."""
        ready = _ready(waiting, pending, now_us=now_us, anew=anew)
        again = [notice for notice in pending if anew or notice.due_us <= now_us]
        fresh = self._fresh(ready, now_us=now_us, anew=anew)
        best = min(again, key=lambda notice: (notice.attempts, notice.first), default=None)
        if best is not None and (not fresh.places or best.attempts <= min(w.attempts for w in ready)):
            return Choice(again=best.id)
        # what may have arrived gives way to what was never tried, but only to what fell due before it did
        oldest = min(again, key=lambda notice: notice.due_us, default=None)
        if oldest is not None and all(w.due_us > oldest.due_us for w in ready if w.place in fresh.places):
            return Choice(again=oldest.id)
        if fresh.places:
            return fresh
        dues = [due_us - now_us for due_us in (*(w.due_us for w in waiting), *(p.due_us for p in pending))]
        dues = [due_us for due_us in dues if due_us > 0]
        return Choice(wait_us=min([fresh.wait_us, *dues] if fresh.wait_us else dues, default=0))

    def sent(self, choice: Choice, waiting: Sequence[Waiting], *, now_us: int) -> None:
        """Take note of what was chosen and has gone."""
        gone = set(choice.places)
        ranks = [each.rank for each in waiting if each.place in gone]
        if choice.kind is NoticeKind.ONE:
            self._singles.extend((now_us, rank) for rank in ranks)
        elif choice.kind is NoticeKind.FLOOD and ranks:
            self._list_us, self._list_rank = now_us, max(ranks)

    def halve(self, count: int) -> None:
        """Send less at once: one in a list of ``count`` may be what the receiver cannot take."""
        self.limit = max(1, count // 2)

    def grow(self) -> None:
        """Send more at once again."""
        self.limit = min(self._receiver.longest, self.limit * 2)

    def _fresh(self, ready: Sequence[Waiting], *, now_us: int, anew: bool) -> Choice:
        if not ready:
            return Choice()
        if self._lane is Lane.LIFE:
            return self._life(ready)
        if anew and len(ready) > 1:
            return self._list(ready, NoticeKind.AWAY)
        free_us = self._free_us(now_us)
        if free_us <= now_us:
            if len(ready) > self._receiver.burst:
                return self._list(ready, NoticeKind.FLOOD)
            return self._single(ready, now_us=now_us)
        if len(ready) >= self.limit:  # a full list need not wait for more
            return self._list(ready, NoticeKind.FLOOD)
        found = self._single(ready, now_us=now_us, above=self._list_rank)
        return found if found.places else Choice(wait_us=free_us - now_us)

    def _life(self, ready: Sequence[Waiting]) -> Choice:
        """Return the first change that calls somebody, alone; else a list of what was only to be told some time."""
        urgent = next((each for each in ready if each.urgent), None)
        if urgent is None:
            return self._list(ready, NoticeKind.DIGEST)
        return _one(next(each for each in ready if each.alarm == urgent.alarm))  # nothing before what came first

    def _free_us(self, now_us: int) -> int:
        """Return when the gathering behind the last list is over."""
        if self._list_us is None or self._list_us > now_us:  # or the clock was set back
            return now_us
        return self._list_us + self._window_us

    def _single(self, ready: Sequence[Waiting], *, now_us: int, above: int = -1) -> Choice:
        """Return the first change above a rank for which the window has room; else when there will be some."""
        while self._singles and not now_us - self._window_us < self._singles[0][0] <= now_us:
            self._singles.popleft()
        passed: set[str] = set()  # alarms: a later change never goes before an earlier one
        for each in ready:
            if each.alarm not in passed and each.rank > above and self._room(each.rank):
                return _one(each)
            passed.add(each.alarm)
        return Choice(wait_us=max(1, self._singles[0][0] + self._window_us - now_us) if self._singles else 1)

    def _room(self, rank: int) -> bool:
        return sum(1 for _, sent in self._singles if sent >= rank) < self._receiver.burst

    def _list(self, ready: Sequence[Waiting], kind: NoticeKind) -> Choice:
        taken = ready[: self.limit]
        return _one(taken[0]) if len(taken) == 1 else Choice(kind, tuple(each.place for each in taken))


def _ready(waiting: Sequence[Waiting], pending: Sequence[Pending], *, now_us: int, anew: bool) -> list[Waiting]:
    """Return what may go now. An earlier change of the same alarm goes first, even when it could wait."""
    sent = {alarm for notice in pending for alarm in notice.alarms}
    due = {w.alarm for w in waiting if anew or w.due_us <= now_us or w.due_us > now_us + _FAR_US}
    return [each for each in waiting if each.alarm in due and each.alarm not in sent]


def _one(each: Waiting) -> Choice:
    return Choice(NoticeKind.ONE, (each.place,))

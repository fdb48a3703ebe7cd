"""Retention: the journal's old end goes by age, and at its bound readings first, never past a reader that lacks it."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

from device_profiles.clock import Clock
from hub.errors import JournalFull, StoreDown
from hub.journal.journal import Journal
from hub.journal.thinning import REST, Thinning
from hub.periodic import Periodic

logger = logging.getLogger(__name__)

PERIOD_S = 10.0
TELL_S = 60.0  # real: what is given up is logged at most so often
_GAP_US = 3_600_000_000  # a hub says each second that it is awake: a longer silence was no time that it has lived
_FILL = 0.9  # of max_bytes: readings are given up before new ones have to wait


def cut_old(journal: Journal, *, keep_us: int, now_us: int, slowest: Callable[[], int]) -> int:
    """Cut what is older than ``keep_us``, up to what the slowest reader has taken in; return how many records.

    It is asked only when there is something to cut: a reader may prepare for it. Times are in order unless the hub's
    clock was wrong for a while; what is young stays even then, and what seems to be of the future is not young. Only
    time that the hub has lived through makes anything old: a clock set ahead by years cuts nothing for ``keep_us``.
    """
    old_us = now_us - keep_us
    before = journal.offset_at(old_us)
    if before <= journal.first_offset() or _is_gap(journal, before, old_us=old_us, now_us=now_us):
        return 0
    return journal.cut(min(slowest() + 1, before, journal.first_within(old_us, now_us)))


def was_awake(journal: Journal, at_us: int, *, now_us: int) -> bool:
    """Return whether the hub has lived through the time since ``at_us``; True when its journal does not reach back."""
    before = journal.offset_at(at_us)
    return before <= journal.first_offset() or not _is_gap(journal, before, old_us=at_us, now_us=now_us)


def _is_gap(journal: Journal, before: int, *, old_us: int, now_us: int) -> bool:
    """Return whether nothing says that the hub was awake ``old_us`` ago: it was off, or its clock was set ahead."""
    kept = journal.read(before - 1, 1)
    if kept and not old_us + _GAP_US < kept[0].received_us <= now_us:
        return False
    oldest, last = journal.read(journal.first_offset() - 1, 1), journal.read(before - 2, 1)
    return bool(oldest and last) and oldest[0].received_us <= last[0].received_us  # else a clock was wrong once


def keep_bound(journal: Journal, thinning: Thinning, *, vital: Callable[[], int]) -> int:
    """Give up what is too much: thin, drop, cut; return how many records were looked at.

    As soon as the ``vital`` readers have taken it in: a store that is down for long must not stop the readings, and
    with them alarms.
    """
    looked = 0
    while journal.max_bytes and journal.used_bytes() > _FILL * journal.max_bytes:
        step = thinning.step(vital())
        if not step:
            break
        looked += step
    return looked


class Retention:
    """The thread that cuts now and then."""

    def __init__(
        self,
        journal: Journal,
        *,
        keep_us: int,
        clock: Clock,
        vital: Sequence[Callable[[], int]],
        others: Sequence[Callable[[], int]] = (),
    ) -> None:
        """``vital`` and ``others`` tell the offsets up to which the journal is not needed, one for each reader."""
        self._journal = journal
        self._keep_us = keep_us
        self._clock = clock
        self._vital = vital
        self._others = others
        self._told_s = float("-inf")
        self._periodic = Periodic("retention", self._try, period_s=PERIOD_S)
        self._thinning = Thinning(journal, stopping=self._periodic.stopping, rest=REST)
        self.start, self.stop = self._periodic.start, self._periodic.stop

    def turn(self) -> None:
        """Cut what is old, then keep the bound. Raises JournalFull, StoreDown."""
        now_us = self._clock.wall_us()
        slowest = _least(*self._vital, *self._others)
        if cut := cut_old(self._journal, keep_us=self._keep_us, now_us=now_us, slowest=slowest):
            logger.debug("%d old records cut from the journal", cut)
        if keep_bound(self._journal, self._thinning, vital=_least(*self._vital)):
            self._tell()

    def _try(self) -> None:
        try:
            self.turn()
        except (JournalFull, StoreDown) as error:
            logger.debug("the journal cannot be cut: %s", error)

    def _tell(self) -> None:
        again = self._clock.real_s() - self._told_s < TELL_S
        self._told_s = self._told_s if again else self._clock.real_s()
        facts = Counter[str]()
        for loss in self._journal.losses():
            facts[loss.reason] += loss.facts
        said = ", ".join(f"{count} {reason}" for reason, count in sorted(facts.items()))
        logger.log(logging.DEBUG if again else logging.WARNING, "the journal is full; facts given up so far: %s", said)


def _least(*cursors: Callable[[], int]) -> Callable[[], int]:
    return lambda: min(cursor() for cursor in cursors)

"""Retention: cuts the journal's old end, by age and by size, never past a reader that has not taken it in."""

import logging
import threading
from collections.abc import Callable, Sequence

from device_profiles.clock import Clock
from hub.errors import JournalFull, StoreDown
from hub.journal.journal import Journal

logger = logging.getLogger(__name__)

PERIOD_S = 10.0
_FILL = 0.9  # of max_bytes: cutting begins before readings have to wait
_STEP = 1_000


def cut_old(
    journal: Journal, *, keep_us: int, now_us: int, slowest: Callable[[], int], vital: Callable[[], int]
) -> int:
    """Cut what is older than ``keep_us`` or too much, up to what the slowest reader has taken in; return how many.

    Too much goes as soon as the ``vital`` readers have taken it in: a store that is down for long must not stop the
    readings, and with them alarms. Both are asked only when there is something to cut: a reader may prepare for it.
    """
    cut = _cut_before(journal, journal.offset_at(now_us - keep_us), slowest)
    while journal.max_bytes and journal.used_bytes() > _FILL * journal.max_bytes:
        step = _cut_before(journal, journal.first_offset() + _STEP, vital)
        if not step:
            break
        cut += step
    return cut


def _cut_before(journal: Journal, before: int, slowest: Callable[[], int]) -> int:
    if before <= journal.first_offset():
        return 0
    return journal.cut(min(slowest() + 1, before))


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
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin to cut."""
        self._thread.start()

    def stop(self) -> None:
        """End after the cut at hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stopping.wait(PERIOD_S):
            try:
                now_us = self._clock.wall_us()
                cut = cut_old(
                    self._journal,
                    keep_us=self._keep_us,
                    now_us=now_us,
                    slowest=lambda: _least(*self._vital, *self._others),
                    vital=lambda: _least(*self._vital),
                )
            except (JournalFull, StoreDown) as error:
                logger.debug("the journal cannot be cut: %s", error)
                continue
            if cut:
                logger.debug("%d old records cut from the journal", cut)


def _least(*cursors: Callable[[], int]) -> int:
    return min(cursor() for cursor in cursors)

"""The worker of the tiers: computes what is marked from the archive's points, then deletes what is too old."""

import contextlib
import logging
from collections.abc import Callable, Iterator

from device_profiles.clock import Clock
from hub.archive import BATCH_POINTS
from hub.archive.tiers import HOUR_US, Bucket, Tier, TierStore
from hub.archive.tiers.compute import hours_of
from hub.archive.tiers.expiry import Expiry
from hub.archive.tiers.marked import MarkedArchive
from hub.archive.tiers.marks import HOUR_BIT, Key, Marks
from hub.errors import StoreDown
from hub.periodic import Periodic

logger = logging.getLogger(__name__)

PERIOD_S = 2.0  # real seconds between two looks at the marks
GRACE_US = 5_000_000  # so long after its end a minute is computed: what comes later computes it again
_HOURS = 200  # of devices, in one write
REST = 3.0  # times what an hour of a device took: an alarm meets one such piece on its way, and not all of them
_MOST_REST_S = 0.1


class TierWorker:
    """Keeps the tiers on a thread; its only state are the marks, so it may die at any moment."""

    def __init__(
        self,
        archive: MarkedArchive,
        store: TierStore,
        marks: Marks,
        *,
        expiry: Expiry,
        progress_us: Callable[[], int],
        on_crash: Callable[[str], None],
    ) -> None:
        """``progress_us`` tells the city time up to which the journal is in the archive."""
        self._archive = archive
        self._store = store
        self._marks = marks
        self._expiry = expiry
        self._progress_us = progress_us
        self._waits = False
        self._rest = 0.0
        self._periodic = Periodic("tiers", self._try, period_s=PERIOD_S, at_once=True, on_crash=on_crash)
        self.start, self.stop = self._periodic.start, self._periodic.stop

    def turn(self, now_us: int, *, rest: float = 0.0) -> None:
        """Compute everything that is over at ``now_us``, then delete what is too old. Raises StoreDown.

        ``rest``: so many times what each piece of work has taken is left to others after it, unless too much waits.
        """
        full = self._marks.full
        upto_us = 2**62 if full else now_us - GRACE_US
        self._rest = 0.0 if full else rest
        taken: dict[Key, int] = {}
        minutes: list[Bucket] = []
        try:
            for key in self._marks.ready():
                if self._periodic.stopping.is_set():
                    break
                if bits := self._marks.take(key, upto_us=upto_us):
                    taken[key] = bits
                    with self._resting():
                        minutes += self._minutes(key, bits)
                if len(taken) >= _HOURS or len(minutes) >= BATCH_POINTS:
                    self._store_all(taken, minutes)
                    taken, minutes = {}, []
            self._store_all(taken, minutes)
        except StoreDown:
            self._marks.give_back(taken)
            raise
        self._expiry.expire(now_us, stopping=self._periodic.stopping)

    def _minutes(self, key: Key, bits: int) -> list[Bucket]:
        """Return the minutes; what comes after the points of its hour were deleted is deleted too, and counted."""
        subject, hour_us = key
        if hour_us < self._marks.horizon(subject):
            self._store.forget(Tier.RAW, subject, from_us=hour_us, to_us=hour_us + HOUR_US)
            self._marks.late += 1
            return []
        return self._archive.minutes(key, bits)

    def _store_all(self, taken: dict[Key, int], minutes: list[Bucket]) -> None:
        """Store minutes, then the hours that are made of them; only then are they done."""
        if not taken:
            return
        self._put(Tier.MINUTE, minutes)
        whole = [key for key, bits in taken.items() if bits & HOUR_BIT and key[1] >= self._marks.horizon(key[0])]
        hours: list[Bucket] = []
        for key in whole:
            with self._resting():
                hours += hours_of(self._store, key)
        self._put(Tier.HOUR, hours)
        self._marks.done(taken)

    @contextlib.contextmanager
    def _resting(self) -> Iterator[None]:
        began_s = Clock.real_s()
        yield
        if self._rest:
            self._periodic.stopping.wait(min(_MOST_REST_S, self._rest * (Clock.real_s() - began_s)))

    def _put(self, tier: Tier, buckets: list[Bucket]) -> None:
        for start in range(0, len(buckets), BATCH_POINTS):
            self._store.put(tier, buckets[start : start + BATCH_POINTS])

    def _try(self) -> None:
        try:
            self.turn(self._progress_us(), rest=REST)
        except StoreDown as error:
            logger.log(logging.DEBUG if self._waits else logging.ERROR, "tiers wait: %s", error)
            self._waits = True
            return
        if self._waits:
            logger.info("tiers go on")
        self._waits = False

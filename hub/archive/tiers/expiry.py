"""Expiry: deletes what a device's profile keeps no longer, never before the coarser tier is made from it."""

import threading
from collections.abc import Callable

from device_profiles.config import duration_us
from device_profiles.profile import Retention
from hub.archive.tiers import HOUR_US, Tier, TierStore
from hub.archive.tiers.marks import Marks

_SHARE = 50  # it forgets by steps of a fiftieth of what is kept: deleting is dear in every store


class Expiry:
    """What is deleted, and when."""

    def __init__(
        self,
        store: TierStore,
        marks: Marks,
        *,
        retention_of: Callable[[], Callable[[str], Retention | None]],
        lived: Callable[[int], bool] = bool,
    ) -> None:
        """``retention_of`` looks up what is known of devices; None for one whose profile is not here: all is kept.

        ``lived`` tells whether the hub has lived through the day before a time: one whose clock was set ahead has not.
        """
        self._lived = lived
        self._store = store
        self._marks = marks
        self._retention_of = retention_of
        self._hour_us = 0  # the last one in which it looked

    def expire(self, now_us: int, *, stopping: threading.Event) -> None:
        """Delete, once an hour, what is older than its time. Raises StoreDown; then it is tried again.

        Not in the first day of a time that began with a jump: whoever set the clock must be able to set it right.
        """
        hour_us = now_us - now_us % HOUR_US
        if hour_us <= self._hour_us or not self._lived(now_us):
            return
        retention_of = self._retention_of()
        for subject in self._marks.subjects():
            if stopping.is_set():
                return
            retention = retention_of(subject)
            if retention is not None:
                self._expire(subject, retention, now_us)
        self._hour_us = hour_us

    def _expire(self, subject: str, retention: Retention, now_us: int) -> None:
        for tier in Tier:  # raw before minutes, which never get ahead of it
            span = self._marks.advance(subject, tier, horizon_us(getattr(retention, tier), now_us))
            if span is not None:
                self._store.forget(tier, subject, from_us=span[0], to_us=span[1])
                self._marks.deleted(subject, tier, span[1])


def horizon_us(keep: str, now_us: int) -> int:
    """Return before when a tier that is kept so long is deleted: whole hours, in steps."""
    keep_us = duration_us(keep)
    step_us = max(1, keep_us // _SHARE // HOUR_US) * HOUR_US
    return (now_us - keep_us) // step_us * step_us

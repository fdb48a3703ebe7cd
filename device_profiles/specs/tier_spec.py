"""Retention tiers as data: how long the archive keeps every point, each minute and each hour of a kind of device."""

from collections.abc import Iterable

import msgspec

from device_profiles.config import Duration, duration_us

_LEAST_US = 3_600_000_000  # the archive forgets by whole hours


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long each tier is kept; what comes later than ``raw`` after it was observed is in no tier."""

    raw: Duration = "30d"  # every point
    minute: Duration = "400d"  # min, max, mean, last and count of each minute: a year and its comparison
    hour: Duration = "3650d"  # of each hour
    events: Duration = "3650d"  # events are few and are evidence: they are kept whole


def retention_faults(retention: Retention) -> Iterable[tuple[str, str]]:
    """Yield (key, message): a finer tier must not outlive the coarser one that is made from it."""
    if duration_us(retention.raw) < _LEAST_US:
        yield "retention.raw", "must be at least 1h: the archive forgets by whole hours"
    for finer, coarser in (("raw", "minute"), ("minute", "hour"), ("raw", "events")):
        if duration_us(getattr(retention, finer)) > duration_us(getattr(retention, coarser)):
            yield f"retention.{coarser}", f"is shorter than retention.{finer}"

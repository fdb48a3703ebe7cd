"""Compute the marked minutes and hours of one device from what the archive and the tiers hold."""

from collections.abc import Iterator

from hub.archive import Archive, Point, Query
from hub.archive.tiers import HOUR_US, MINUTE_US, Bucket, Tier, TierStore
from hub.archive.tiers.fold import Minutes, hours
from hub.archive.tiers.marks import Key

_CHUNK = 20_000  # points in memory at once
_MOST = 1_000_000  # minutes of one device-hour: far more than the values that a device may have


def minutes_of(archive: Archive, key: Key, bits: int) -> list[Bucket]:
    """Return the marked minutes of an hour, from one read from the first to the last of them. Raises StoreDown."""
    marked = [minute for minute in range(60) if bits >> minute & 1]
    if not marked:
        return []
    subject, hour_us = key
    minutes = Minutes()
    for points in points_between(
        archive, subject, hour_us + marked[0] * MINUTE_US, hour_us + (marked[-1] + 1) * MINUTE_US
    ):
        minutes.add(points)
    return [made for made in minutes.buckets() if bits >> (made.t_us - hour_us) // MINUTE_US & 1]


def hours_of(store: TierStore, key: Key) -> list[Bucket]:
    """Return an hour of all values of a device, from its minutes. Raises StoreDown."""
    subject, hour_us = key
    query = Query(subject=subject, from_us=hour_us, to_us=hour_us + HOUR_US, limit=_MOST)
    return hours(store.buckets(Tier.MINUTE, query))


def points_between(archive: Archive, subject: str, from_us: int, to_us: int) -> Iterator[list[Point]]:
    """Yield points in chunks, each later than the one before; a time with too many is cut in two."""
    points = archive.read(Query(subject=subject, from_us=from_us, to_us=to_us, limit=_CHUNK))
    if len(points) < _CHUNK or to_us - from_us <= 1:
        yield points
        return
    middle = (from_us + to_us) // 2
    yield from points_between(archive, subject, from_us, middle)
    yield from points_between(archive, subject, middle, to_us)

"""Tiers: each minute and each hour of every value, made from the archive's points and kept for longer than they are."""

from enum import StrEnum
from typing import Protocol

import msgspec

from hub.archive import Query

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


class Tier(StrEnum):
    """What the archive keeps for a time of its own; the names are those of a profile's ``[retention]``."""

    RAW = "raw"  # every point of a value
    MINUTE = "minute"
    HOUR = "hour"
    EVENTS = "events"  # every point of an event


class Bucket(msgspec.Struct, frozen=True):
    """What one value of one device was during one minute or hour."""

    subject: str  # <area>/<device>
    field: str
    t_us: int  # where the minute or hour begins
    count: int  # points, those that say "unknown" too
    numbers: int  # of them, those that are numbers; true is 1, false is 0
    low: float | None  # of the numbers; None when there is none
    high: float | None
    mean: float | None
    last: float | str | None  # None: unknown
    last_us: int  # when that was observed


class Extent(msgspec.Struct, frozen=True):
    """How much of a tier there is."""

    count: int = 0  # points or buckets
    oldest_us: int | None = None
    newest_us: int | None = None


class TierStore(Protocol):
    """Where buckets are kept, beside the points. All of it may be done twice, to the same effect. Raises StoreDown."""

    def put(self, tier: Tier, buckets: list[Bucket]) -> None:
        """Store buckets in place of those of the same subject, field and time."""

    def buckets(self, tier: Tier, query: Query) -> list[Bucket]:
        """Return buckets in the order of subject, field and time."""

    def forget(self, tier: Tier, subject: str, *, from_us: int, to_us: int) -> None:
        """Delete what a subject has in a tier; points at the instant of an event stay as long as the event."""

    def extent(self, tier: Tier) -> Extent:
        """Return how much there is."""

"""How the archive stands: how far behind the journal, how much in each tier, what waits and what was refused."""

from typing import Protocol

import msgspec

from hub.archive.glance import Glance
from hub.archive.said import points_said
from hub.archive.tiers import Extent, Tier, TierStore
from hub.errors import StoreDown
from hub.journal.journal import Journal

_BATCH = 500  # records


class Placed(Protocol):
    """An archive, or what is remembered of one that is away."""

    def offset(self) -> int:
        """Return its place in the journal. Raises StoreDown."""

    def superseded(self) -> int:
        """Return how many points gave way to another of their identity. Raises StoreDown."""

    def remembered(self) -> int:
        """Return the place that it had when it was last there."""


class Waiting(msgspec.Struct, frozen=True):
    """The oldest record with a fact that is not archived yet."""

    offset: int
    received_us: int
    t_us: int  # when its oldest fact was observed


class ArchiveStatus(msgspec.Struct, frozen=True):
    """How the archive stands."""

    kind: str
    place: str  # file or url
    fault: str  # why it does not answer; then `offset` is the last one known and `tiers` are empty
    offset: int  # its place in the journal
    end: int  # the journal's newest record
    behind: int  # records
    lag_s: float  # since the oldest of them was received, in city seconds
    oldest: Waiting | None  # fact that is not archived
    tiers: dict[Tier, Extent]
    superseded: int  # points of one device, value and time of which another pack's stayed; 0 while it is away
    refused: int  # points in quarantine
    refused_dropped: int  # that quarantine has no room for
    dirty: int  # hours of devices whose tiers must be computed
    late: int  # hours that came after their points had been deleted


def look(
    journal: Journal, archive: Placed, tiers: TierStore, glance: Glance, *, kind: str, place: str, now_us: int
) -> ArchiveStatus:
    """Return how the archive stands, also while a hub uses it."""
    fault, extents, superseded = "", dict[Tier, Extent](), 0
    try:
        offset, superseded = archive.offset(), archive.superseded()
        extents = {tier: tiers.extent(tier) for tier in Tier}
    except StoreDown as error:
        fault, offset = str(error), archive.remembered()
    unread, end = journal.read(offset, 1), journal.newest_offset()
    refused, dropped = glance.refused_counts()
    dirty, late = glance.dirty()
    return ArchiveStatus(
        kind=kind,
        place=place,
        fault=fault,
        offset=offset,
        end=end,
        behind=max(0, end - offset),
        lag_s=max(0.0, (now_us - unread[0].received_us) / 1e6) if unread else 0.0,
        oldest=_oldest(journal, offset),
        tiers=extents,
        superseded=superseded,
        refused=refused,
        refused_dropped=dropped,
        dirty=dirty,
        late=late,
    )


def _oldest(journal: Journal, after: int) -> Waiting | None:
    while records := journal.read(after, _BATCH):
        for record in records:
            if points := points_said(record):
                return Waiting(record.offset, record.received_us, min(point.t_us for point in points))
        after = records[-1].offset
    return None

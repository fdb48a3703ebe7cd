"""A look at the files beside an archive from another process than the hub's, which goes on writing them."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from device_profiles import durable
from hub.archive.expected import Identity
from hub.archive.refusals import Refusals
from hub.archive.tiers import Tier
from hub.errors import StoreDown

_PAGE = 10_000  # refused points


class Glance:
    """What was deleted, what waits to be computed and what was refused; a file that is not there says nothing."""

    def __init__(self, *, tiers: Path, refusals: Path) -> None:
        self._tiers = tiers
        self._refusals = refusals

    def horizon(self, subject: str, tier: Tier = Tier.RAW) -> int:
        """Return before when a tier of a device was deleted."""
        query = "SELECT before_us FROM horizons WHERE subject = ? AND tier = ?"
        rows = self._rows(query, (subject, tier))
        return rows[0][0] if rows else 0

    def dirty(self) -> tuple[int, int]:
        """Return how many hours of devices wait to be computed, and how many came too late to be."""
        (waiting,), (late,) = (
            self._rows("SELECT count(*) FROM marks") or [(0,)],
            self._rows("SELECT late FROM place") or [(0,)],
        )
        return waiting[0], late[0]

    def refused(self) -> set[Identity]:
        """Return the points that the database does not take."""
        found: set[Identity] = set()
        for refusals in self._opened():
            after = 0
            while points := refusals.read(after=after, limit=_PAGE):
                found |= {(p.subject, p.field, p.t_us, p.epoch, p.seq, p.lane, p.agent) for p in points}
                after = points[-1].id
        return found

    def refused_counts(self) -> tuple[int, int]:
        """Return how many refused points are kept, and how many were dropped because there were too many."""
        for refusals in self._opened():
            return refusals.counts()
        return 0, 0

    def _opened(self) -> Iterator[Refusals]:
        if self._refusals.is_file():
            with contextlib.closing(Refusals(self._refusals)) as refusals:
                yield refusals

    def _rows(self, query: str, bounds: tuple[str, ...] = ()) -> list[tuple[int, ...]]:
        if not self._tiers.is_file():
            return []
        try:
            with contextlib.closing(durable.connect(self._tiers)) as connection:
                return connection.execute(query, bounds).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreDown("tiers", f"{self._tiers}: {error}") from error

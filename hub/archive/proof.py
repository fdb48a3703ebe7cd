"""Prove that the archive holds what the journal says, by device and hour: no point is missing, none is too many."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from hub.admission import FUTURE_US, MAX_OFFSET_US
from hub.archive import EVENT_PREFIX, Archive, Point, Query
from hub.archive.expected import Expected, ExpectedHour, Identity, digest_of
from hub.archive.said import points_said
from hub.archive.tiers import Tier
from hub.archive.tiers.compute import points_between
from hub.journal.journal import Journal
from hub.journal.records import NEW_LIFE

MOST_ROWS = 1_000  # listed; ``different`` counts all
STRANGERS = "(devices that the journal does not know)"
_BATCH = 500  # records
_HOUR_US = 3_600_000_000


class Difference(StrEnum):
    """What is wrong with an hour of a device."""

    MISSING = "missing"  # the archive has fewer points than the journal
    EXTRA = "extra"  # more
    VALUES = "values"  # as many, but not the same


class DifferentHour(msgspec.Struct, frozen=True):
    """An hour of a device in which journal and archive differ."""

    device: str  # <area>/<device>
    hour_us: int  # where it begins
    difference: Difference
    journal: int  # points
    archive: int


class Proof(msgspec.Struct, frozen=True):
    """What was compared, and what differs."""

    equal: bool
    offset: int  # the archive's place in the journal: up to here everything was compared
    behind: int  # records that are not archived yet
    since_us: int  # hours before are older than the journal, or thinned: there the archive may have more
    devices: int
    hours: int  # of devices
    journal: int  # points that must be there
    archive: int  # points that are there, in those hours
    superseded: int  # points that gave way to one of a greater epoch and seq for the same field and time
    refused: int  # points that the database does not take: in quarantine, not in `journal`
    expired: int  # points of the journal that are older than their tier's retention: of events that is another one
    left_out: dict[str, int]  # reason → facts that are never archived
    values: bool  # whether values were compared too
    different: int
    rows: list[DifferentHour]


class Compared(Protocol):
    """What is asked besides the archive."""

    def horizon(self, subject: str, tier: Tier = Tier.RAW) -> int:
        """Return before when a tier of a device was deleted."""

    def refused(self) -> set[Identity]:
        """Return the points that the database does not take."""


class _Tally:
    """What was seen so far."""

    def __init__(self) -> None:
        self.hours = self.journal = self.archive = self.expired = self.different = 0
        self.rows: list[DifferentHour] = []

    def take(
        self, archive: Archive, subject: str, hour: ExpectedHour, found: int, *, exact: bool, values: bool
    ) -> None:
        difference = _difference(hour, found, exact=exact)
        if values and exact and not (difference or hour.doubtful) and _digest(archive, subject, hour) != hour.digest:
            difference = Difference.VALUES
        self._take(subject, hour.hour_us, difference, journal=hour.must, archive=found)

    def take_expired(
        self, archive: Archive, subject: str, hour: ExpectedHour, compared: Compared, *, exact: bool, values: bool
    ) -> None:
        """Take in an hour whose values are deleted; the events in it are kept for longer."""
        events = _events(archive, subject, hour) if hour.events else []
        if not hour.events or hour.hour_us < compared.horizon(subject, Tier.EVENTS):  # asked behind: they may go now
            self.expired += hour.must
            return
        self.expired += hour.must - hour.events
        difference = Difference.MISSING if len(events) < hour.events else None
        if values and exact and not (difference or hour.doubtful) and _sum(events) != hour.events_digest:
            difference = Difference.VALUES
        self._take(subject, hour.hour_us, difference, journal=hour.events, archive=len(events))

    def differ(self, row: DifferentHour) -> None:
        self.different += 1
        if len(self.rows) < MOST_ROWS:
            self.rows.append(row)

    def _take(self, subject: str, hour_us: int, difference: Difference | None, *, journal: int, archive: int) -> None:
        self.hours += 1
        self.journal += journal
        self.archive += archive
        if difference is not None:
            self.differ(DifferentHour(subject, hour_us, difference, journal, archive))


def prove(journal: Journal, archive: Archive, compared: Compared, *, values: bool = False) -> Proof:
    """Compare archive and journal, also while a hub writes both. Raises StoreDown.

    ``values``: read every point too, to see that it says what the journal says.
    """
    with tempfile.TemporaryDirectory(prefix="hub-proof-") as folder:
        expected = Expected(Path(folder) / "expected.db")
        try:
            return _prove(journal, archive, compared, expected, values=values)
        finally:
            expected.close()


def _prove(journal: Journal, archive: Archive, compared: Compared, expected: Expected, *, values: bool) -> Proof:
    offset = archive.offset()  # before anything is counted: all up to here is there
    refused, left_out, tally = compared.refused(), Counter[str](), _Tally()
    read = _fold(journal, expected, refused, left_out, after=0, offset=offset)
    total = archive.count_by_hour(Query())  # before the devices' own counts: it is never more than those together
    counts = {subject: archive.count_by_hour(Query(subject=subject)) for subject in expected.subjects()}
    _fold(journal, expected, refused, left_out, after=read, offset=offset)  # what came meanwhile may be there too
    since_us = _since(journal)  # after everything was read: what is thinned meanwhile was not read whole
    horizons = {subject: compared.horizon(subject) for subject in expected.subjects()}
    for subject, found in counts.items():
        for hour in _hours(expected, subject, found):
            exact = hour.hour_us >= since_us
            if hour.hour_us < horizons[subject]:
                tally.take_expired(archive, subject, hour, compared, exact=exact, values=values)
            elif exact or hour.may:
                tally.take(archive, subject, hour, found.get(hour.hour_us, 0), exact=exact, values=values)
    new = {subject: archive.count_by_hour(Query(subject=subject)) for subject in horizons.keys() - counts.keys()}
    _strangers(tally, total, counts | new, since_us=max(since_us, *horizons.values(), 0))
    return Proof(
        equal=not tally.different,
        offset=offset,
        behind=max(0, read - offset),
        since_us=since_us,
        devices=len(expected.subjects()),
        hours=tally.hours,
        journal=tally.journal,
        archive=tally.archive,
        superseded=expected.added - expected.settled(),
        refused=len(refused),
        expired=tally.expired,
        left_out=dict(sorted(left_out.items())),
        values=values,
        different=tally.different,
        rows=tally.rows,
    )


def _fold(
    journal: Journal, expected: Expected, refused: set[Identity], left_out: Counter[str], *, after: int, offset: int
) -> int:
    """Take in what the journal says behind ``after`` up to its present end; return that end."""
    end = journal.newest_offset()
    while after < end and (records := journal.read(after, _BATCH)):
        for record in records:
            if record.offset <= end:
                settled = record.offset <= offset
                points = points_said(record, left_out if settled else None)
                expected.add(points, settled=settled, refused=refused)
        after = records[-1].offset
    return end


def _since(journal: Journal) -> int:
    """Return the time after which the journal knows of every point: 0 unless its beginning was cut off or thinned."""
    first, known = journal.whole_from(), 0
    while known + 1 < first and not journal.thinned().upto:
        texts = journal.read(known, _BATCH)
        if not texts or (texts[0].offset != known + 1 and texts[0].offset % NEW_LIFE != 1):
            break
        known = texts[0].offset
    if known + 1 >= first:
        return 0
    oldest = journal.read(first - 1, 1)
    return oldest[0].received_us + MAX_OFFSET_US + FUTURE_US if oldest else 2**62


def _hours(expected: Expected, subject: str, found: dict[int, int]) -> Iterator[ExpectedHour]:
    """Yield the hours that the journal or the archive has of a device."""
    left = set(found)
    for hour in expected.hours(subject):
        left.discard(hour.hour_us)
        yield hour
    for hour_us in sorted(left):
        yield ExpectedHour(hour_us, 0, 0, False, 0)


def _difference(hour: ExpectedHour, found: int, *, exact: bool) -> Difference | None:
    if found < hour.must:
        return Difference.MISSING
    return Difference.EXTRA if exact and found > hour.may else None


def _digest(archive: Archive, subject: str, hour: ExpectedHour) -> int:
    return sum(map(_sum, points_between(archive, subject, hour.hour_us, hour.hour_us + _HOUR_US)))


def _events(archive: Archive, subject: str, hour: ExpectedHour) -> list[Point]:
    chunks = points_between(archive, subject, hour.hour_us, hour.hour_us + _HOUR_US)
    return [point for points in chunks for point in points if point.field.startswith(EVENT_PREFIX)]


def _sum(points: list[Point]) -> int:
    return sum(map(digest_of, points))


def _strangers(tally: _Tally, total: dict[int, int], counts: dict[str, dict[int, int]], *, since_us: int) -> None:
    known = sum((Counter(found) for found in counts.values()), Counter[int]())
    for hour_us, number in total.items():
        if hour_us >= since_us and number > known[hour_us]:
            tally.differ(DifferentHour(STRANGERS, hour_us, Difference.EXTRA, 0, number - known[hour_us]))

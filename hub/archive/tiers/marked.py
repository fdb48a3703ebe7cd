"""An archive whose writes are marked, and how far it has come."""

import contextlib
from collections.abc import Sequence
from typing import Protocol

from device_profiles.clock import Clock
from hub.archive import Archive, Point, Query, Settle
from hub.archive.said import points_said
from hub.archive.tiers import HOUR_US, MINUTE_US, Bucket
from hub.archive.tiers.compute import minutes_of
from hub.archive.tiers.marks import Key, Marks
from hub.archive.tiers.present import Present
from hub.journal.journal import Journal
from hub.journal.retention import was_awake

_BATCH = 500  # records
_DAY_US = 24 * HOUR_US


class Whole(Archive, Protocol):
    """An archive that tells when it did not take everything."""

    kept_out: int  # batches of which something was refused, since the start


class MarkedArchive:
    """An Archive that marks what each write changes before it writes, and sums what it wrote."""

    def __init__(self, archive: Whole, marks: Marks) -> None:
        self._archive = archive
        self._marks = marks
        self._present = Present()

    def offset(self) -> int:
        """Return the archive's place in the journal."""
        return self._archive.offset()

    def write(self, points: Sequence[Point], *, offset: int) -> None:
        """Mark and write. Raises StoreDown."""
        self.begin_write(points, offset=offset)()

    def begin_write(self, points: Sequence[Point], *, offset: int) -> Settle:
        """Mark and begin to write. Raises StoreDown."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._marks.writing(points, offset=offset))
            settle = self._archive.begin_write(points, offset=offset)
            writing = stack.pop_all()

        def settled() -> None:
            kept_out = self._archive.kept_out
            with writing:
                settle()
                if self._archive.kept_out == kept_out:
                    self._present.add(points)
                else:
                    self._present.spoil(points)

        return settled

    def begin(self, *, now_us: int) -> None:
        """Sum what is written from now on: everything before is marked."""
        self._present.begin(self._marks.subjects, now_us=now_us)

    def minutes(self, key: Key, bits: int) -> list[Bucket]:
        """Return the minutes of an hour whose bits are set; what was not summed is read. Raises StoreDown."""
        subject, hour_us = key
        made: list[Bucket] = []
        for minute in range(60):
            if bits >> minute & 1:
                summed = self._present.take(subject, hour_us + minute * MINUTE_US)
                if summed is not None:
                    made += summed
                    bits &= ~(1 << minute)
        return made + minutes_of(self._archive, key, bits)

    def read(self, query: Query) -> list[Point]:
        """Return points."""
        return self._archive.read(query)

    def count_by_hour(self, query: Query) -> dict[int, int]:
        """Return start of the hour → points in it."""
        return self._archive.count_by_hour(query)


class Progress:
    """How far the archive has come in city time; it marks what was archived without marks before."""

    def __init__(
        self, journal: Journal, archive: MarkedArchive, marks: Marks, *, clock: Clock, batch: int = _BATCH
    ) -> None:
        """``batch``: records that are looked at together."""
        self._batch = batch
        self._journal = journal
        self._archive = archive
        self._marks = marks
        self._clock = clock

    def now_us(self) -> int:
        """Return the city time up to which all that was received is archived and marked. Raises StoreDown.

        0 while that is not so: then nothing is old enough to be deleted, and what is too much is computed all the same.
        """
        if not self._marks.whole:
            if not self._catch_up(self._archive.offset()):
                return 0
            self._archive.begin(now_us=self._clock.wall_us())
        waiting = self._journal.read(self._archive.offset(), 1)
        return waiting[0].received_us if waiting else self._clock.wall_us()

    def lived(self, now_us: int) -> bool:
        """Return whether the hub has lived through the day before ``now_us``, or has no journal of it."""
        return was_awake(self._journal, now_us - _DAY_US, now_us=now_us)

    def _catch_up(self, upto: int) -> bool:
        """Mark what another version archived, or what a backup has in the archive and not in the marks.

        Return whether all of it is marked: of a whole city's fortnight the worker must compute some in between.
        """
        while self._marks.place < upto and (records := self._journal.read(self._marks.place, self._batch)):
            if self._marks.full:
                return False
            records = [record for record in records if record.offset <= upto]
            points = [point for record in records for point in points_said(record)]
            self._marks.mark(points, offset=records[-1].offset if records else upto)
        self._marks.whole = True
        return True

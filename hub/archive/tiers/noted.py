"""An archive whose writes are marked, so that the tiers follow."""

from collections.abc import Callable

from hub.archive import Archive, Point, Query
from hub.archive.tiers.marks import Marks
from hub.journal.journal import Journal, Record

_BATCH = 500  # records


class MarkedArchive:
    """An Archive that marks what each write changes before it writes."""

    def __init__(self, archive: Archive, marks: Marks) -> None:
        self._archive = archive
        self._marks = marks

    def offset(self) -> int:
        """Return the archive's place in the journal."""
        return self._archive.offset()

    def write(self, points: list[Point], *, offset: int) -> None:
        """Mark and write. Raises StoreDown."""
        with self._marks.writing(points, offset=offset):
            self._archive.write(points, offset=offset)

    def read(self, query: Query) -> list[Point]:
        """Return points."""
        return self._archive.read(query)

    def count_by_hour(self, query: Query) -> dict[int, int]:
        """Return start of the hour → points in it."""
        return self._archive.count_by_hour(query)


def catch_up(marks: Marks, journal: Journal, *, upto: int, points_of: Callable[[Record], list[Point]]) -> None:
    """Mark what was archived up to the journal's offset ``upto`` without marks: by another version, or in a backup."""
    while marks.place < upto and (records := journal.read(marks.place, _BATCH)):
        records = [record for record in records if record.offset <= upto]
        offset = records[-1].offset if records else upto
        with marks.writing([point for record in records for point in points_of(record)], offset=offset):
            pass

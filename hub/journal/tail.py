"""The journal's newest records in memory: who keeps up with the writer reads no file, and decodes no pack again."""

from collections.abc import Sequence
from typing import Protocol

from hub.journal.records import Record

KEPT_RECORDS = 2_000  # though all have read them: whoever looks now and then
KEPT_BYTES = 1_000_000  # of bodies; with the packs that were decoded from them some 7 MB
MOST_RECORDS = 32_000  # while a follower has not: to read and decode them again costs more than all it does with them
MOST_BYTES = 16_000_000  # likewise some 110 MB, while an archive is away


class Follower(Protocol):
    """Whoever reads on from record to record."""

    position: int  # the offset up to which it has read


class Tail:
    """A run of records without a gap, up to the newest that this process wrote. The journal's lock guards it."""

    def __init__(
        self,
        *,
        kept_records: int = KEPT_RECORDS,
        kept_bytes: int = KEPT_BYTES,
        most_records: int = MOST_RECORDS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.followers: list[Follower] = []
        self._kept = kept_records, kept_bytes
        self._most = most_records, most_bytes
        self._records: list[Record] = []
        self._bytes = 0

    def extend(self, records: Sequence[Record]) -> None:
        """Take in what was written; where another process wrote in between, a new run begins."""
        if self._records and records[0].offset != self._records[-1].offset + 1:
            self._records, self._bytes = [], 0
        self._records += records
        self._bytes += sum([len(record.body) for record in records])
        first, last = self._records[0].offset, self._records[-1].offset
        read = min([follower.position for follower in self.followers], default=last)
        self._drop(self._beyond(*self._kept, among=max(0, read + 1 - first)))
        self._drop(self._beyond(*self._most, among=len(self._records)))

    def cut(self, before: int) -> None:
        """Forget the records before an offset."""
        self._drop(max(0, before - self._records[0].offset) if self._records else 0)

    def after(self, offset: int, limit: int) -> list[Record]:
        """Return at most ``limit`` records behind ``offset``; none when the file must be asked."""
        if not self._records or offset + 1 < self._records[0].offset:
            return []
        first = offset + 1 - self._records[0].offset
        return self._records[first : first + limit]

    def _beyond(self, most_records: int, most_bytes: int, *, among: int) -> int:
        """Return how many of the ``among`` oldest records must go until no more than so much is held."""
        gone = min(among, max(0, len(self._records) - most_records))
        left = self._bytes
        if left > most_bytes:
            left -= sum([len(record.body) for record in self._records[:gone]])
        while left > most_bytes and gone < among:
            left -= len(self._records[gone].body)
            gone += 1
        return gone

    def _drop(self, count: int) -> None:
        self._bytes -= sum([len(record.body) for record in self._records[:count]])
        del self._records[:count]

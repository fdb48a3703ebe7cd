"""The journal's newest records in memory: who keeps up with the writer reads no file, and decodes no pack again."""

from collections.abc import Sequence

from hub.journal.records import Record

MOST_RECORDS = 8_000  # some 0.4 s at the rate of a busy city
MOST_BYTES = 4_000_000  # of bodies; with the packs that were decoded from them some 40 MB


class Tail:
    """A run of records without a gap, up to the newest that this process wrote. The journal's lock guards it."""

    def __init__(self, *, most_records: int = MOST_RECORDS, most_bytes: int = MOST_BYTES) -> None:
        self._most_records = most_records
        self._most_bytes = most_bytes
        self._records: list[Record] = []
        self._bytes = 0

    def extend(self, records: Sequence[Record]) -> None:
        """Take in what was written; where another process wrote in between, a new run begins."""
        if self._records and records[0].offset != self._records[-1].offset + 1:
            self._records, self._bytes = [], 0
        self._records += records
        self._bytes += sum([len(record.body) for record in records])
        gone = max(0, len(self._records) - self._most_records)
        self._bytes -= sum([len(record.body) for record in self._records[:gone]])
        while self._bytes > self._most_bytes:
            self._bytes -= len(self._records[gone].body)
            gone += 1
        del self._records[:gone]

    def cut(self, before: int) -> None:
        """Forget the records before an offset."""
        gone = max(0, before - self._records[0].offset) if self._records else 0
        self._bytes -= sum([len(record.body) for record in self._records[:gone]])
        del self._records[:gone]

    def after(self, offset: int, limit: int) -> list[Record]:
        """Return at most ``limit`` records behind ``offset``; none when the file must be asked."""
        if not self._records or offset + 1 < self._records[0].offset:
            return []
        first = offset + 1 - self._records[0].offset
        return self._records[first : first + limit]

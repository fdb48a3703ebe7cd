"""Readers follow the journal, each in a thread of its own with a cursor of its own."""

import bisect
import itertools
import logging
import threading
from collections.abc import Callable
from typing import Protocol

import sqlalchemy as sa

from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from device_profiles.durable import is_disk_full
from hub.errors import StoreDown
from hub.journal.journal import POLL_S, Journal, Record

logger = logging.getLogger(__name__)

BATCH = 500  # records in one transaction of a reader
BATCH_BYTES = 2_000_000  # of a batch's bodies, some 20,000 readings: a stop waits for it (an archive takes 1-2 s)
LARGE_BATCH = 4_000  # of one that keeps no alarm waiting: an archive is fastest with some thousand lines a request
RETRY_S = 1.0  # between two tries on a full disk
AWAY_BASE_S, AWAY_CAP_S = 0.5, 15.0  # of the pauses between two tries of a store that is away
LINGER_S = 0.1  # a reader that is not urgent lets so much gather: each batch is an fsync and a turn on the processor


Begin = Callable[[list[Record]], None]


class Reader(Protocol):
    """Whoever follows the journal. All three are called from one thread."""

    @property
    def name(self) -> str:
        """The name under which its cursor is kept."""

    def cursor(self) -> int:
        """Return the offset of the last record whose effects are stored."""

    def apply(self, records: list[Record]) -> None:
        """Store the effects of ``records`` and the new cursor in one transaction."""


class ReaderLoop:
    """The thread that feeds one reader from its cursor on, and knows how far behind it is."""

    def __init__(
        self,
        journal: Journal,
        reader: Reader,
        *,
        clock: Clock,
        on_crash: Callable[[str], None],
        urgent: bool = False,
        batch: int = BATCH,
        known: int = 0,
        begin: Begin | None = None,
    ) -> None:
        """``on_crash`` is told the reader's name, on its thread, when it ends by an error; so should the program.

        An ``urgent`` reader (alarms) takes the journal's reserve on a full disk, any other one waits. ``batch`` is how
        many records it is handed at once. ``known`` is what is said of its position until it is asked, on the thread:
        a store that is away must hold up no start. ``begin`` is the reader's own, called in place of ``apply`` when
        more records are waiting: it may leave some on their way, which the next call ends, be it ``apply([])``.
        """
        self._batch = batch
        self._begin = begin
        self._on_its_way = False  # something that ``begin`` left
        self.reader = reader
        self.position = known
        self._placed = False
        self._journal = journal
        journal.tail.followers.append(self)
        self._clock = clock
        self._on_crash = on_crash
        self._urgent = urgent
        self._waits = False  # the last batch could not be stored
        self._backoff = Backoff(base_s=AWAY_BASE_S, cap_s=AWAY_CAP_S)  # while the store is away
        self._stopping = threading.Event()
        self._unread_us: int | None = None  # received time of the oldest record that is known and not yet stored
        self._thread = threading.Thread(target=self._run, name=f"reader {reader.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def leave(self) -> None:
        """Begin no other batch; the one at hand may take a while."""
        self._stopping.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the batch at hand."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def lag_ms(self) -> float:
        """Age of the oldest unread record in real milliseconds, 0 when there is none."""
        unread_us = self._unread_us
        if unread_us is None:
            return 0.0
        return max(0.0, self._clock.real_seconds((self._clock.wall_us() - unread_us) / 1_000))

    def drained(self, upto: int, timeout_s: float) -> bool:
        """Wait until everything up to offset ``upto`` is stored; return whether it is."""
        deadline = self._clock.real_s() + timeout_s
        while not self._has(upto) and self._clock.real_s() < deadline and self._thread.is_alive():
            self._thread.join(0.01)
        return self._has(upto)

    def _has(self, upto: int) -> bool:
        return self.position >= upto and not self._on_its_way

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if not (self._placed or self._place()):
                    continue
                if self._journal.wait(self.position, POLL_S):
                    self._take()
                elif self._on_its_way and self._stored([]):
                    self._unread_us = None
            if self._on_its_way:
                self._stored([])
        finally:  # the error itself goes to threading.excepthook
            if not self._stopping.is_set():
                self._on_crash(self.reader.name)

    def _place(self) -> bool:
        """Ask the reader where it is; again after each time that its store was down, for it may be another one now."""
        try:
            self.position = self.reader.cursor()
        except StoreDown as error:
            self._wait_away(error)
            return False
        self._placed = True
        return True

    def _take(self) -> None:
        found = self._journal.read(self.position, self._batch)
        records = _first(found, BATCH_BYTES)
        if not records:  # the newest were cut, or another process has not committed yet
            self._stopping.wait(0.01)
            return
        self._unread_us = records[0].received_us
        more = len(records) < len(found) or len(found) == self._batch
        if not self._stored(records, more=more):
            return
        self.position = records[-1].offset
        if not self._on_its_way:  # else the first of them is the oldest that is not stored
            self._unread_us = records[-1].received_us if self._journal.last_offset() > self.position else None
        if not self._urgent and not more:
            self._stopping.wait(LINGER_S)

    def _stored(self, records: list[Record], *, more: bool = False) -> bool:
        """Hand ``records`` over; False when that must be tried again, with what was on its way."""
        begin, self._on_its_way = (self._begin, True) if more and self._begin is not None else (None, False)
        try:
            (begin or self.reader.apply)(records)
        except StoreDown as error:
            self._placed = self._on_its_way = False
            self._wait_away(error)
            return False
        except sa.exc.OperationalError as error:
            if error.orig is None or not is_disk_full(error.orig):
                raise
            if not (self._urgent and self._journal.make_room()):
                self._wait("no space left on the disk", RETRY_S)
            return False
        if self._waits:
            logger.info("reader %s goes on", self.reader.name)
        self._waits = False
        self._backoff.reset()
        return True

    def _wait_away(self, error: StoreDown) -> None:
        self._wait(str(error), self._backoff.next_s())

    def _wait(self, reason: str, delay_s: float) -> None:
        logger.log(logging.DEBUG if self._waits else logging.ERROR, "reader %s waits: %s", self.reader.name, reason)
        self._waits = True
        self._stopping.wait(delay_s)


def _first(records: list[Record], most_bytes: int) -> list[Record]:
    """Return the records up to the one with which they are so many bytes; all, when they are fewer."""
    sizes = [len(record.body) for record in records]
    if sum(sizes) <= most_bytes:
        return records
    return records[: 1 + bisect.bisect_left(list(itertools.accumulate(sizes)), most_bytes)]

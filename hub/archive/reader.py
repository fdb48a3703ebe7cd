"""Write what devices said from the journal into the archive; alarms never wait for it."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from device_profiles.errors import WireError
from device_profiles.faults import fault_point
from device_profiles.topics import area_of
from device_profiles.wire import Event, Reading, Value
from hub.admission import Admission, ceiling_us, news_from_us
from hub.archive import BATCH_POINTS, EVENT_PREFIX, Archive, Settle
from hub.archive.blocks import Block, Blocks, merged
from hub.errors import StoreDown
from hub.journal.journal import Record
from hub.journal.records import is_whole, pack_of

logger = logging.getLogger(__name__)

_LANES = frozenset({"reading", "backlog", "event"})


class ArchiveReader:
    """A reader of the journal whose effects are points and whose cursor is the archive's own."""

    name = "archive"

    def __init__(self, archive: Archive, *, batch_points: int = BATCH_POINTS) -> None:
        self.refused: Counter[str] = Counter()  # facts that were not archived, by reason
        self._archive = archive
        self._batch_points = batch_points
        self._taken = 0  # the last record seen
        self._begun: Settle | None = None  # a write that is on its way

    def cursor(self) -> int:
        """Return the archive's place in the journal."""
        return self._archive.offset()

    def apply(self, records: list[Record]) -> None:
        """Archive ``records``, in batches; each batch moves the place behind the last record that is complete.

        While one is on its way the next is made ready. Raises StoreDown; what was written then is written again, to
        the same effect.
        """
        self.begin(records)
        self._settle()

    def begin(self, records: list[Record]) -> None:
        """Archive ``records``; the last batch is left on its way until the next call. Raises StoreDown."""
        self._notice_loss(records)
        try:
            self._write_all(records)
        except StoreDown:
            with contextlib.suppress(StoreDown):  # none may still be on its way when it is written again
                self._settle()
            raise

    def _write_all(self, records: list[Record]) -> None:
        batch: list[Block] = []
        size = complete = 0
        for record in records:
            for block in self._blocks(record):
                rest = block
                while size + len(rest.values) > self._batch_points:
                    first, rest = rest.cut(self._batch_points - size)
                    self._write([*batch, first], complete)
                    batch, size = [], 0
                batch.append(rest)
                size += len(rest.values)
            complete = record.offset
        if records:
            self._write(batch, complete)

    def _notice_loss(self, records: list[Record]) -> None:
        if self._taken and records and records[0].offset > self._taken and not is_whole(self._taken, records):
            self.refused["cut"] += 1
            level = logging.DEBUG if self.refused["cut"] > 1 else logging.ERROR  # a thinned journal has many gaps
            logger.log(level, "records behind %d were cut or thinned before they could be archived", self._taken)
        self._taken = records[-1].offset if records else self._taken

    def _write(self, blocks: list[Block], offset: int) -> None:
        fault_point("hub.before_archive")
        begun = self._archive.begin_write(Blocks([block for block in blocks if block.values]), offset=offset)
        try:
            self._settle()
        finally:
            self._begun = begun

    def _settle(self) -> None:
        """Wait for the write that is on its way."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun()
            fault_point("hub.after_archive")

    def _blocks(self, record: Record) -> Sequence[Block]:
        if record.kind != "pack" or record.lane not in _LANES or record.seq is None:
            return []
        try:
            pack = pack_of(record)
        except WireError as error:  # written by another version: intake journals only what it can decode
            logger.error("record %d is not archived: %s", record.offset, error)
            self.refused["undecodable"] += 1
            return []
        blocks: list[Block] = []
        area, received_us = area_of(record.agent), record.received_us
        ceiling = ceiling_us(pack.clock, received_us=received_us)
        news_us = news_from_us(pack, received_us=received_us)
        agent, epoch, lane, seq = pack.agent, pack.epoch, pack.lane, record.seq
        for fact in pack.facts:
            if type(fact) is Reading:
                values = fact.values
            elif type(fact) is Event:
                values = dict(fields_of(fact))
            else:
                continue
            t_us = fact.t_us
            if t_us > ceiling:
                self.refused[Admission.FUTURE] += 1
                continue
            blocks.append(Block(area, agent, fact.device, t_us, values, epoch, lane, seq, t_us < news_us))
        return blocks if len(blocks) == 1 else merged(blocks)  # of two facts at one instant the last one counts


def fields_of(fact: Reading | Event) -> Iterable[tuple[str, Value]]:
    """Yield field and value of everything that ``fact`` says."""
    if isinstance(fact, Reading):
        yield from fact.values.items()
    else:
        detail = {"severity": fact.severity, "data": fact.data}
        yield EVENT_PREFIX + fact.kind, msgspec.json.encode(detail, order="sorted").decode()

"""The archive in InfluxDB: rows by device and instant, and beside them the place in the journal."""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import wait
from functools import partial
from itertools import chain
from pathlib import Path

from hub.archive import BATCH_POINTS, Point, Query, Settle
from hub.archive.blocks import Block, Run, runs_of
from hub.archive.influx.bisect import bisect
from hub.archive.influx.in_flight import InFlight
from hub.archive.influx.line_protocol import head
from hub.archive.influx.request import Bad, Request, Sent, of_rows, of_runs, parts_of
from hub.archive.influx.rows import Instant, Row
from hub.archive.influx.server import STORE, InfluxPlace, InfluxServer, Refused, literal
from hub.archive.influx.tables import InfluxTables
from hub.archive.influx.writing import Known, Writing
from hub.archive.refusals import Place, RefusalReason, Refusals, RefusedPoint, now_us
from hub.errors import StoreDown

logger = logging.getLogger(__name__)

PLACE = "archive_place"
_PLACE_STEP_S = 600  # one point of the place for each: it is overwritten in between, and never older than retention
_TOO_LARGE = 413
_LEAST = 2_500  # lines that are worth a request of their own: in requests of 500 a line costs half as much again


class InfluxArchive:
    """Whole batches, several in flight; the place is written when all of a batch is in or refused for good."""

    most_points = 150_000  # in one write: some 12,000 readings of a lift, 20 MB; each write ends with an fsync or two

    def __init__(
        self,
        place: InfluxPlace,
        *,
        hub: str,
        refusals: Path,
        batch_points: int = BATCH_POINTS,
        in_flight: int = 2,
    ) -> None:
        """``hub`` names the place among those of other hubs; ``refusals`` is a file. Asks the server nothing yet."""
        self.place = place
        self._server = InfluxServer(place, connections=in_flight)
        self._tables = InfluxTables(self._server)
        self._place_query = f'SELECT max("offset") FROM "{PLACE}" WHERE "hub" = {literal(hub)}'
        self._place_head = head(PLACE, [("hub", hub)])
        self._batch_points = batch_points
        self._share = in_flight
        self._lock = threading.Lock()
        self.kept_out = 0  # batches of which something was refused, since the start
        self._known: Known | None = None  # None: it must be asked, for it was away
        self._newest: Writing | None = None  # what was sent last
        self.refusals = Refusals(refusals)
        self._in_flight = InFlight(self._send, threads=in_flight, name="influxdb")

    def close(self) -> None:
        """Close connections and file."""
        self._in_flight.close()
        self._server.close()
        self.refusals.close()

    def offset(self) -> int:
        """Return the place in the journal that the database has, asked once after each time that it was away."""
        return self._learnt().offset

    def remembered(self) -> int:
        """Return the place that it had when it was last there, without asking it."""
        return self.refusals.place().offset

    def superseded(self) -> int:
        """Return how many points gave way to another of their identity, or found a greater one there."""
        return self._learnt().superseded

    def write(self, points: Sequence[Point], *, offset: int) -> None:
        """Store ``points``; what the server refuses is kept in ``refusals``. Raises StoreDown."""
        self.begin_write(points, offset=offset)()

    def begin_write(self, points: Sequence[Point], *, offset: int) -> Settle:
        """Send ``points`` on their way; what is returned waits for the server's answers. Raises StoreDown."""
        writing = Writing(self._learnt(), offset)
        try:
            self._send_off(points, writing)
        except StoreDown:
            self._known = None
            raise
        self._newest = writing
        return partial(self._settle, writing)

    def _settle(self, writing: Writing) -> None:
        known = writing.known
        try:
            refused = writing.answered()
            if known is not self._known:
                raise StoreDown(STORE, "it was away while what came before was written")
            if refused:
                self._keep(refused, writing.offset)
            known.offset = max(writing.offset, known.offset)
            known.superseded += writing.superseded
            self._write_place(known.offset)
            self.refusals.tell_place(Place(known.offset, known.superseded))
        except StoreDown:
            self._known = None
            raise

    def read(self, query: Query) -> list[Point]:
        """Return points in the order of subject, field and time."""
        self._learnt()
        return self._tables.read(query)

    def count_by_hour(self, query: Query) -> dict[int, int]:
        """Return start of the hour → points in it; the query's limit is of no effect."""
        self._learnt()
        return self._tables.count_by_hour(query)

    def refused(self, *, after: int = 0, limit: int = 1_000) -> list[RefusedPoint]:
        """Return what the database did not take."""
        return self.refusals.read(after=after, limit=limit)

    def _learnt(self) -> Known:
        with self._lock:
            if self._known is None:
                self._known = self._ask()
            return self._known

    def _ask(self) -> Known:
        try:
            self._server.create_database()
        except (StoreDown, Refused) as error:  # it is there and we may not make one, or the next question fails too
            logger.debug("database not made: %s", error)
        try:
            series = self._server.query([self._place_query])[0]
            there = series[0].values[0][1] if series else 0
            here = self.refusals.place()
            # the lesser one: either side may have been put back from a copy, and writing again changes nothing
            return Known(min(there, here.offset), here.superseded, self._tables.newest())
        except Refused as error:
            raise StoreDown(STORE, str(error)) from error

    def _rows(self, blocks: Sequence[Block], writing: Writing) -> dict[Instant, Row]:
        """Return the rows to write: merged with each other, and with what the database has of the same instant."""
        rows: dict[Instant, Row] = {}
        asked: dict[Instant, list[Point]] = {}
        newest = writing.known.newest
        for block in blocks:
            instant = block.area, block.device, block.t_us
            row = rows.get(instant)
            if row is not None:
                writing.superseded += sum([row.add(point) for point in block.points()])
                continue
            device = instant[:2]
            if block.t_us <= newest.get(device, -1):
                asked.setdefault(instant, []).extend(block.points())
                continue
            newest[device] = block.t_us
            rows[instant] = Row.of(block)
        if asked:
            if self._newest is not None:  # the database must have it to be asked
                wait(self._newest.answers)
            stored = self._tables.rows(asked)
            for instant, waiting in asked.items():
                row = rows[instant] = stored.get(instant) or Row()
                writing.superseded += sum([row.add(point) for point in waiting])
        return rows

    def _new_runs(self, points: Sequence[Point], known: Known) -> tuple[list[Run], list[Block]]:
        """Return the runs of devices that are all later than what the database has of them, and all other blocks."""
        new: list[Run] = []
        others: list[Block] = []
        for run in runs_of(points):
            if run.ascends and run.times[0] > known.newest.get(run.device, -1):
                known.newest[run.device] = run.times[-1]
                new.append(run)
            else:
                others += run.blocks
        return new, others

    def _send_off(self, points: Sequence[Point], writing: Writing) -> None:
        if not points:
            return
        new, others = self._new_runs(points, writing.known)
        rows = self._rows(others, writing) if others else {}
        request = Request()
        size = sum(len(run.blocks) for run in new) + len(rows)
        enough = max(1, -(-size // self._requests(size)))
        for texts, says in chain(of_runs(new, writing.refused), of_rows(rows.values(), writing.refused)):
            request.add(texts, says)
            while len(request.texts) >= enough:
                full, request = request.cut(enough)
                writing.answers.append(self._in_flight.submit(full))
        writing.answers.append(self._in_flight.submit(request))

    def _requests(self, lines: int) -> int:
        """Return in how many requests so many lines go: as many to each thread, when each of them is worth it."""
        turns = -(-lines // (self._batch_points * self._share))
        return max(1, min(max(1, turns) * self._share, lines // _LEAST))

    def _send(self, request: Request) -> list[Bad]:
        try:
            self._write_lines(request.texts)
        except Refused:
            # what is good for certain: a server that refuses that too has another trouble than bad points
            self._write_place(self.refusals.place().offset)
        else:
            return []
        return [
            (sent, RefusalReason.TOO_LARGE if refused.status == _TOO_LARGE else RefusalReason.REJECTED, refused.words)
            for sent, refused in bisect(request.sent(), self._post, parts_of)
        ]

    def _post(self, lines: Sequence[Sent]) -> None:
        self._write_lines([sent.text for sent in lines])

    def _write_lines(self, texts: Sequence[str]) -> None:
        if texts:
            self._server.write("\n".join(texts).encode())

    def _write_place(self, offset: int) -> None:
        at_us = int(time.time() // _PLACE_STEP_S * _PLACE_STEP_S) * 1_000_000
        try:
            self._server.write(f"{self._place_head} offset={offset}i {at_us}".encode())
        except Refused as error:
            raise StoreDown(STORE, f"refuses even the archive's place: {error}") from error

    def _keep(self, refused: list[Bad], offset: int) -> None:
        self.kept_out += 1
        at_us = now_us()
        points = [
            RefusedPoint(
                at_us, offset, point.subject, point.field, point.t_us, point.agent, point.epoch, point.lane, point.seq,
                reason, words, sent.text,
            )
            for sent, reason, words in refused
            for point in sent.points()
        ]  # fmt: skip
        if self.refusals.keep(points):
            logger.error("%d points are refused, e.g. %s: %s", len(points), points[0].line, points[0].words)

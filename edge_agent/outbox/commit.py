"""One transaction of the outbox: what it writes, frees and declares lost, and how the depths change by it."""

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from device_profiles.errors import WireError
from device_profiles.thinning import may_thin, thin
from device_profiles.wire import Fact, Lane, Lost, PackRange, decode_facts
from edge_agent.outbox.eviction import Evicted, evict_aged, evict_bytes, remove, runs_of
from edge_agent.outbox.packing import Packed, pack
from edge_agent.outbox.store import PackRow, Run, Store
from edge_agent.outbox.waiting import Batch

logger = logging.getLogger(__name__)

THIN_GAIN = 0.75  # thinned readings must be this much smaller at least, else they stay as they are


class Commit:
    """Applies a Batch inside an open transaction. Counts are the caller's to take over once it is committed."""

    def __init__(self, store: Store, *, now_us: int) -> None:
        self.packs: dict[Lane, int] = {}  # change of packs held
        self.bytes: dict[Lane, int] = {}  # change of their bytes
        self.next: dict[Lane, int] = {}  # next seq after what was numbered here
        self.added = 0  # packs
        self.evicted = 0  # packs
        self.thinned = 0  # packs
        self.gap = False  # of the reading lane, of which heartbeats speak
        self._store = store
        self._now_us = now_us

    @property
    def freed(self) -> int:
        """How many bytes of packs went, less those that came."""
        return -sum(self.bytes.values())

    def write(self, batch: Batch) -> None:
        """Free what is receipted and write what is new."""
        for (epoch, lane), to in batch.forgets.items():
            removed = self._store.forget(epoch, lane, to)
            self._count(lane, -removed.packs, -removed.bytes)
        lost = [self._burn(lane, count) for lane, count in batch.dropped.items()]
        for lane, some in batch.thinned.items():
            self._stand_in(self._numbered(lane, some.count), pack(some.left), created_us=self._now_us)
        self._insert([*(("event", marker) for marker in lost), *batch.protected, *batch.readings])
        for device, state in batch.states.items():
            self._store.save_state(device, state)

    def age(self, before_us: int) -> None:
        """Evict readings made before ``before_us``."""
        self._declare(evict_aged(self._store, before_us=before_us), "aged")

    def shrink(self, excess: int) -> None:
        """Evict ``excess`` bytes of readings."""
        self._declare(evict_bytes(self._store, excess=excess), "evicted")

    def thin(self, lane: Lane, rows: Sequence[PackRow]) -> None:
        """Put in the place of packs what is left of their readings once they are thinned, if that is worth it."""
        for run in runs_of(lane, rows):
            inside = [row for row in rows if row.epoch == run.epoch and run.first <= row.seq <= run.last]
            facts = self._readable(run)
            if facts and may_thin(facts):
                self._thin(run, inside, facts=facts)

    def _readable(self, run: Run) -> list[Fact]:
        """Return the facts of a run of packs; none when one cannot be read: it stays whole until it is let go."""
        try:
            return [fact for stored in self._store.facts(run) for fact in decode_facts(stored)]
        except WireError as error:
            logger.error("packs %d to %d of lane %s are not thinned: %s", run.first, run.last, run.lane, error)
            return []

    def _thin(self, run: Run, rows: list[PackRow], *, facts: list[Fact]) -> None:
        packed = list(pack(thin(facts)))
        if sum(len(one.facts) for one in packed) > THIN_GAIN * sum(row.bytes for row in rows):
            return
        removed = remove(self._store, run.lane, rows)
        self._count(run.lane, -removed.packs, -removed.bytes)
        self.thinned += removed.packs
        self.gap = self.gap or run.lane == "reading"
        self._stand_in(run, packed, created_us=rows[-1].created_us)

    def _stand_in(self, run: Run, packed: Iterable[Packed], *, created_us: int) -> None:
        """Keep what is left of a run of packs that was thinned, and declare it."""
        stands_for = ((run.epoch, run.first, run.last),)
        seqs = [
            self._keep(run.lane, one.facts, one.count, created_us=created_us, stands_for=stands_for) for one in packed
        ]
        by = (self._store.epoch, seqs[0], seqs[-1]) if seqs else None
        lost = Lost(self._now_us, run.lane, run.epoch, run.first, run.last, "thinned", run.facts, by)
        self._insert([("event", lost)])

    def _insert(self, facts: Iterable[tuple[Lane, Fact]]) -> None:
        for lane, group in groupby(sorted(facts, key=_lane), key=_lane):  # sorted is stable: a lane keeps its order
            some = [fact for _, fact in group]
            for packed in pack(some):
                seq = self._keep(lane, packed.facts, packed.count, created_us=self._now_us)
            for fact in some:
                if isinstance(fact, Lost):  # its pack is this one, or one that is receipted before
                    self._store.declare(fact, seq)

    def _keep(
        self, lane: Lane, facts: bytes, count: int, *, created_us: int, stands_for: tuple[PackRange, ...] = ()
    ) -> int:
        seq = self._store.insert(lane, facts, count, created_us=created_us, stands_for=stands_for)
        self.next[lane] = seq + 1
        self.added += 1
        self._count(lane, 1, len(facts))
        return seq

    def _burn(self, lane: Lane, count: int) -> Lost:
        """Declare lost what was dropped before it had a number."""
        run = self._numbered(lane, count)
        return Lost(self._now_us, lane, run.epoch, run.first, run.last, "disk", count)

    def _numbered(self, lane: Lane, count: int) -> Run:
        """Give a number to facts that went before they had one, so that the loss can be declared."""
        seq = self._store.number(lane)
        self.next[lane] = seq + 1
        return Run(self._store.epoch, lane, seq, seq, count)

    def _declare(self, evicted: Sequence[Evicted], reason: Literal["evicted", "aged"]) -> None:
        markers: list[tuple[Lane, Fact]] = []
        for some in evicted:
            self._count(some.lane, -some.packs, -some.bytes)
            self.evicted += some.packs
            self.gap = self.gap or some.lane == "reading"
            markers += [
                ("event", Lost(self._now_us, run.lane, run.epoch, run.first, run.last, reason, run.facts))
                for run in some.runs
            ]
        self._insert(markers)

    def _count(self, lane: Lane, packs: int, size: int) -> None:
        self.packs[lane] = self.packs.get(lane, 0) + packs
        self.bytes[lane] = self.bytes.get(lane, 0) + size


def _lane(item: tuple[Lane, Fact]) -> Lane:
    return item[0]

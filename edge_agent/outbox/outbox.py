"""The outbox: facts go in from the event loop, one thread commits them in groups, packs stay until receipted."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.durable import DiskReserve, is_disk_full
from device_profiles.faults import fault_point
from device_profiles.wire import Fact, Lane, Receipt
from edge_agent.lanes import LaneChoice
from edge_agent.outbox.bounds import Bounds, Trim
from edge_agent.outbox.commit import Commit
from edge_agent.outbox.holdings import Holdings
from edge_agent.outbox.opening import open_store
from edge_agent.outbox.packing import PACK_FACTS
from edge_agent.outbox.room import Room
from edge_agent.outbox.store import StoredPack
from edge_agent.outbox.waiting import Batch, Then, Waiting
from edge_agent.steps import ClockWatch

logger = logging.getLogger(__name__)

GROUP_S = 0.2  # real: readings wait so long for company, an event never
TELL_S = 60.0  # real: evictions are logged at most so often
FULL_EVICTION = 65_536  # bytes of readings that make room for events when half of the reserve is used up


class Outbox:
    """A pack enters it before it is sent and leaves it when the hub has receipted it.

    ``put`` and ``forget`` return at once, from any thread; ``run`` is the writer's thread. Overflow: readings are
    thinned by bytes and age, backlog first, then evicted, each time declared lost; on a full disk they wait in memory,
    where the oldest are thinned and declared so. Events, results and status stay.
    """

    def __init__(
        self, folder: Path, *, agent: str, clock: Clock, bounds: Bounds | None = None, group_s: float = GROUP_S
    ) -> None:
        """Open the file in ``folder`` and begin a new epoch. Raises OutboxError."""
        self._group_s = group_s
        self.bounds = bounds or Bounds()
        self.on_commit: Callable[[], None] = _nothing  # called on the writer's thread when there are new packs
        self.bad_receipts = 0
        self.evicted = 0  # packs, since the start
        self.thinned = 0  # likewise
        self.gaps = 0  # how often readings were dropped or became backlog: what is said next must be complete
        self.forgotten = 0  # how often the hub had lost what it had receipted: it must be told anew what holds
        self._clock = clock
        self._lanes = LaneChoice()
        self._lane: Lane = "reading"
        self._changed = threading.Condition()
        self._waiting = Waiting()
        self._steps = ClockWatch(clock)
        self._step_us = 0  # by so much the clock was set since the last commit
        self._stopping = False
        self._told_s = float("-inf")
        self._overfull = False  # and said so
        folder.mkdir(parents=True, exist_ok=True)
        self._room = Room(DiskReserve(folder / "reserve", self.bounds.reserve_bytes))
        self._store = open_store(folder, agent=agent, clock=clock, room=self._room)
        self._room.look()
        self._trim = Trim(self._store, self.bounds)
        self._held = Holdings(self._store)
        self.depths, self.size = self._held.depths, self._held.size
        self.next_seq, self.made = self._held.next_seq, self._held.made

    @property
    def epoch(self) -> int:
        """The number of this start."""
        return self._store.epoch

    @property
    def boot(self) -> str:
        """The random name of this start."""
        return self._store.boot

    @property
    def holds_back(self) -> bool:
        """Whether readings wait in memory because the disk has no room for them."""
        return self._room.short or self._overfull

    def counts(self) -> dict[str, int]:
        """Return what was counted since the start, by the names that the hub shows it under."""
        return {"thinned": self.thinned, "evicted": self.evicted, "bad_receipts": self.bad_receipts}

    def states(self) -> dict[str, bytes]:
        """Return device → the judge's state as last committed. Before ``run``."""
        return self._store.states()

    def put(
        self,
        facts: Mapping[Lane, Sequence[Fact]],
        *,
        states: Mapping[str, bytes] | None = None,
        then: Then | None = None,
        urgent: bool = False,
    ) -> None:
        """Keep facts, and the states decided with them, in one transaction; ``then`` is called once it is committed.

        ``urgent`` is for what somebody waits for: it does not wait for company.
        """
        with self._changed:
            self._waiting.urgent = self._waiting.urgent or urgent
            if self._waiting.add(facts, states or {}, then, now_s=self._clock.real_s()):
                self.gaps += 1
            self._changed.notify()

    def forget(self, receipt: Receipt) -> bool:
        """Let go what the hub has; return False for a receipt that speaks of packs that were never made."""
        if not self._is_sound(receipt):
            self.bad_receipts += 1
            level = logging.WARNING if self.bad_receipts == 1 else logging.DEBUG
            logger.log(level, "receipt is refused, it speaks of packs that were never made: %s", receipt)
            return False
        with self._changed:
            for lane, word in receipt.lanes.items():
                if word.to and self._held.knows(receipt.epoch, lane):
                    self._waiting.forget(receipt.epoch, lane, word.to, now_s=self._clock.real_s())
            self._changed.notify()
        return True

    def _is_sound(self, receipt: Receipt) -> bool:
        for lane, word in receipt.lanes.items():
            next_ = self.next_seq(receipt.epoch, lane)
            if next_ is not None and word.to >= next_:
                return False
        return True

    def hub_forgot(self) -> None:
        """Take note that the hub wants what it had receipted: it lives on an old backup."""
        with self._changed:
            self.gaps += 1
            self.forgotten += 1

    def overtaken(self) -> None:
        """Take note that readings reach the hub behind later ones: history to it, so what they said is not known."""
        with self._changed:
            self.gaps += 1

    def reading_lane(self) -> Lane:
        """Return the lane for new readings: backlog while the hub lags behind."""
        lane = self._lanes.choose(self._held.packs("reading"))
        if lane != self._lane:
            logger.warning("readings go to the %s lane now, %d packs wait", lane, self._held.packs("reading"))
            self.gaps += 1
        self._lane = lane
        return lane

    def unreceipted(self, lane: Lane, *, after: tuple[int, int], limit: int) -> list[StoredPack]:
        """Return packs of a lane behind (epoch, seq), oldest first. For one reading thread."""
        return self._store.unreceipted(lane, after, limit)

    def span(self, epoch: int, lane: Lane, first: int, last: int, *, limit: int) -> list[StoredPack]:
        """Return the packs that are held between two seqs. For the same reading thread."""
        return self._store.span(epoch, lane, first, last, limit=limit)

    def declared(self, epoch: int, lane: Lane, first: int, last: int) -> list[tuple[int, int]]:
        """Return what is declared lost between two seqs while the hub has not receipted that. For the same thread."""
        return self._store.declared(epoch, lane, first, last)

    def run(self) -> None:
        """Commit what comes until ``stop``; then what still waits, once; readings without room are declared lost."""
        while self._wait():
            self._write()
        self._write(last=True)

    def stop(self) -> None:
        """Let ``run`` return."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def close(self) -> None:
        """Close the file; after ``run`` has returned."""
        self._store.close()

    def _wait(self) -> bool:
        with self._changed:
            while not self._stopping:
                delay_s = self._delay_s()
                if delay_s is not None and delay_s <= 0:
                    return True
                self._changed.wait(delay_s)
        return False

    def _delay_s(self) -> float | None:
        """Return how long to wait for company; None when nothing waits."""
        now_s, waiting, room = self._clock.real_s(), self._waiting, self._room
        if waiting.urgent:
            return room.retry_at_s - now_s
        held_s = max(room.retry_at_s, room.look_at_s) - now_s
        if waiting.since_s is not None and len(waiting) < PACK_FACTS:
            return max(held_s, waiting.since_s + self._group_s - now_s)
        return held_s if len(waiting) or waiting.since_s is not None else None

    def _write(self, *, last: bool = False) -> None:
        if self._room.short:
            self._room.look()
        with self._changed:
            if last and self._room.short:
                self._waiting.give_up_readings()
            batch = self._waiting.take(readings=last or not (self._room.short or self._is_overfull()))
        if batch.empty:
            self._room.wait(now_s=self._clock.real_s())
            return
        try:
            commit = self._commit(batch)
        except (sqlite3.OperationalError, OSError) as error:
            if not is_disk_full(error):
                raise
            self._keep_for_later(batch)
            return
        self._take_over(commit)
        if self._room.short:
            self._checkpoint()
        for then in batch.thens:
            then()
        if commit.added:
            self.on_commit()

    def _commit(self, batch: Batch) -> Commit:
        self._step_us += self._steps.step_us()
        commit = Commit(self._store, now_us=self._clock.wall_us())
        with self._store.transaction():
            if self._step_us:  # else all that was kept in 1970 would be too old once the time is known
                self._store.shift(self._step_us)
            if self._room.tight() and self._store.free_bytes() < FULL_EVICTION:
                self._trim.make_room(commit, FULL_EVICTION)
            commit.write(batch)
            now_s, now_us = self._clock.real_s(), self._clock.wall_us()
            self._trim.keep(commit, held=self.size(), now_s=now_s, now_us=now_us)
            self._held.number(commit)
            fault_point("agent.before_outbox_commit")
            if batch.forgets:
                fault_point("agent.before_forget")
        self._step_us = 0
        if batch.forgets:
            fault_point("agent.after_forget")
        fault_point("agent.after_outbox_commit")
        return commit

    def _take_over(self, commit: Commit) -> None:
        self._held.take_over(commit)
        self.gaps += commit.gap
        if commit.evicted or commit.thinned:
            self.evicted += commit.evicted
            self.thinned += commit.thinned
            again = self._clock.real_s() - self._told_s < TELL_S
            self._told_s = self._told_s if again else self._clock.real_s()
            level = logging.DEBUG if again else logging.WARNING
            logger.log(level, "the outbox thinned %d packs of readings, and let go %d", self.thinned, self.evicted)

    def _keep_for_later(self, batch: Batch) -> None:
        now_s = self._clock.real_s()
        self._held.take_back()
        self._trim.begin_again()
        with self._changed:
            if self._waiting.put_back(batch):
                self.gaps += 1
            self._waiting.urgent = self._waiting.urgent or bool(batch.protected)
            self._room.full(now_s=now_s)
        self._checkpoint()

    def _checkpoint(self) -> None:
        """Keep the WAL short, so that the room of the reserve goes to events and not to their copies."""
        with contextlib.suppress(sqlite3.OperationalError):  # as far as the room goes; the next commit will tell
            self._store.checkpoint()

    def _is_overfull(self) -> bool:
        """Return whether what is never evicted fills the outbox; readings then wait in memory like on a full disk."""
        kept = self._held.protected()
        overfull = kept >= self.bounds.low_bytes
        if overfull and not self._overfull:
            logger.error(
                "%d bytes of events wait for a receipt, %d are the bound: readings wait", kept, self.bounds.max_bytes
            )
        self._overfull = overfull
        return overfull


def _nothing() -> None:
    """Do nothing."""

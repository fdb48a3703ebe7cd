"""The writer: messages that wait become records, and only then acks and receipts; one thread runs it."""

import contextlib
import logging

from device_profiles.clock import Clock
from device_profiles.faults import fault_point
from device_profiles.topics import AgentAddress, receipt_topic
from device_profiles.wire import encode
from hub import metrics
from hub.errors import JournalFull
from hub.intake.batch import Batch, Entry
from hub.intake.counts import count_kept
from hub.intake.inbox import Inbox, Port, Waiting
from hub.intake.receipts import Receipts
from hub.journal.journal import Journal, NewRecord, Record
from hub.journal.records import tick_row
from hub.ledger.epochs import fold_old
from hub.ledger.ledger import Ledger
from hub.ledger.store import LedgerSaver
from hub.quarantine.replays import Replays

logger = logging.getLogger(__name__)

EVENTS = 500  # messages in one transaction
READINGS = 1_000  # likewise, as many as wait: an event never waits for more than these
TICK_US = 1_000_000
_LOOK_S = 1.0  # between two looks for room on a full disk
_FOLD_S = 3_600.0  # between two looks for sessions that left the journal
_LINK_S = 0.1  # between two tries to send receipts without a connection


class Writer:
    """What is done in one round; nothing in it sleeps, nothing in it waits for more."""

    def __init__(self, journal: Journal, ledger: Ledger, saver: LedgerSaver, *, hub: str, clock: Clock) -> None:
        self.full = False  # no room for readings and ticks: readings wait, at the edge in the end
        self._journal = journal
        self._ledger = ledger
        self._saver = saver
        self._clock = clock
        self._receipts = Receipts(ledger, hub=hub)
        self._receipts.recheck(clock.real_s())
        self._look_s = 0.0  # when to look for room again
        self._events_s = 0.0  # when to try events again, after even the reserve was used up
        self._link_s = 0.0  # when to try to send receipts again
        self._next_tick_us = 0
        self._replays = Replays(journal, ledger)
        self._replay_s = 0.0  # when to look for what people want judged again
        self._fold_s = 0.0  # when to fold old sessions of the ledger

    def has_work(self, events: Inbox, readings: Inbox) -> bool:
        """Return whether there are messages that may be tried now."""
        now_s = self._clock.real_s()
        return bool((events and now_s >= self._events_s) or (readings and (not self.full or now_s >= self._look_s)))

    def idle_s(self, most_s: float) -> float:
        """Return for how many real seconds there is nothing to do but for messages."""
        tick_s = self._clock.real_seconds((self._next_tick_us - self._clock.wall_us()) / 1e6)
        due_s = self._receipts.next_s()
        receipt_s = most_s if due_s is None else max(due_s, self._link_s) - self._clock.real_s()
        return max(0.0, min(most_s, tick_s, receipt_s))

    def round(self, events: Inbox, readings: Inbox, port: Port) -> None:
        """Write what is waiting, ack it, and send by ``port`` the receipts that are due."""
        now_us, now_s = self._clock.wall_us(), self._clock.real_s()
        room = self._room(now_s)
        batch = Batch(self._ledger, now_us=now_us)
        first = [batch.judge(waiting) for waiting in events.take(EVENTS)] if now_s >= self._events_s else []
        rest = [batch.judge(waiting) for waiting in readings.take(READINGS)] if room else []
        if not self._keep(first + rest, ticks=self._ticks(now_us) if room else []):
            readings.put_back([entry.waiting for entry in rest])
            if not self._keep(first, urgent=True):
                events.put_back([entry.waiting for entry in first])
                self._events_s = now_s + _LOOK_S
        self._replay(now_us, now_s)
        self._send_receipts(port)
        if now_s >= self._fold_s:
            self._fold_s = now_s + _FOLD_S
            fold_old(self._ledger, first_offset=self._journal.first_offset())
            self._receipts.recheck(now_s)  # a receipt that asked for a gap may have been lost with the broker
        self._saver.offer(now_s)

    def finish(self) -> None:
        """Hand everything over to be stored; nothing comes after it."""
        self._saver.offer(self._clock.real_s(), force=True)

    def _replay(self, now_us: int, now_s: float) -> None:
        if now_s >= self._replay_s and not self.full:
            self._replay_s = now_s + _LOOK_S
            with contextlib.suppress(JournalFull):  # asked for again at the next look
                self._replays.run(now_us=now_us)

    def _room(self, now_s: float) -> bool:
        if now_s >= self._look_s:
            self._look_s = now_s + _LOOK_S
            self._tell(full=not self._journal.roomy())
        return not self.full

    def _tell(self, *, full: bool) -> None:
        if full and not self.full:
            logger.error("no room for readings in %s: they wait at the edge, alarms go on", self._journal.path.parent)
        elif self.full and not full:
            logger.info("there is room for readings again")
        self.full = full

    def _ticks(self, now_us: int) -> list[NewRecord]:
        if self._next_tick_us - 2 * TICK_US < now_us < self._next_tick_us:  # further away: the clock was set back
            return []
        self._next_tick_us = (now_us // TICK_US + 1) * TICK_US
        return [tick_row(now_us, clock=self._clock.state().source)]

    def _keep(self, entries: list[Entry], *, ticks: list[NewRecord] | None = None, urgent: bool = False) -> bool:
        """Write, count, ack and note what is owed; False when there was no room for it."""
        rows = [row for entry in entries for row in entry.rows] + (ticks or [])
        if entries:
            fault_point("hub.before_append")
        try:
            records = self._journal.append(rows, urgent=urgent)
        except JournalFull:
            self._tell(full=True)
            self._look_s = self._clock.real_s() + _LOOK_S
            return False
        if entries:
            fault_point("hub.after_fsync")
        self._count(entries, records)
        _ack([entry.waiting for entry in entries])
        count_kept(entries)
        if entries:
            fault_point("hub.after_puback")
        return True

    def _count(self, entries: list[Entry], records: list[Record]) -> None:
        now_s = self._clock.real_s()
        numbered = iter(records)
        for entry in entries:
            for row in entry.rows:
                mine = row.kind == "pack"
                self._ledger.take(next(numbered), entry.pack if mine else None, key=entry.key if mine else None)
        for record in numbered:  # ticks
            self._ledger.take(record)
        for key in {entry.key for entry in entries if entry.key is not None}:
            self._receipts.note(key, urgent=key.lane == "event", now_s=now_s)

    def _send_receipts(self, port: Port) -> None:
        now_s = self._clock.real_s()
        if now_s < self._link_s:
            return
        for agent, receipt in self._receipts.due(now_s, t_us=self._clock.wall_us()):
            if port.publish(receipt_topic(AgentAddress.parse(agent)), encode(receipt)) is None:
                self._link_s = now_s + _LINK_S
                return
            self._receipts.sent(agent, receipt.epoch, now_s=now_s)
            metrics.RECEIPTS.inc()
            fault_point("hub.after_receipt")


def _ack(waiting: list[Waiting]) -> None:
    ports = dict.fromkeys(one.port for one in waiting)
    for port in ports:
        port.ack(*[one.message for one in waiting if one.port is port])

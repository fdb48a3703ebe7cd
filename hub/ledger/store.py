"""The ledger in hub.db: stored now and then with its cursor, and made exact again by folding the journal from there."""

import logging
import threading

import msgspec
import sqlalchemy as sa

from device_profiles.durable import is_disk_full
from hub.database import metadata, move_cursor, read_cursor
from hub.journal.journal import Journal
from hub.ledger.ledger import LaneKey, LaneState, Ledger, StoredLane

logger = logging.getLogger(__name__)

READER = "ledger"
PERIOD_S = 1.0
RECORDS = 10_000  # folded records after which it is stored before the period is over
_BATCH = 1_000
_RETRY_S = 1.0  # on a full disk

lanes = sa.Table(
    "ledger",
    metadata,
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True),
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("state", sa.LargeBinary, nullable=False),  # StoredLane as JSON
)


def load(engine: sa.Engine) -> Ledger:
    """Return the ledger as it was last stored."""
    ledger = Ledger()
    with engine.begin() as connection:
        ledger.cursor = read_cursor(connection, READER)
        for agent, epoch, lane, state in connection.execute(sa.select(lanes)):
            ledger.keep(LaneKey(agent, epoch, lane), LaneState(msgspec.json.decode(state, type=StoredLane)))
    return ledger


def catch_up(ledger: Ledger, journal: Journal) -> None:
    """Fold what the journal has after the ledger's cursor."""
    while records := journal.read(ledger.cursor, _BATCH):
        for record in records:
            ledger.take(record)


Changes = dict[LaneKey, bytes | None]  # lane → StoredLane as JSON; None: it is kept no more


def save(engine: sa.Engine, changes: Changes, *, old: int, new: int) -> None:
    """Store changed lanes and the cursor in one transaction. Raises CursorMoved."""
    insert = sa.insert(lanes).prefix_with("OR REPLACE")
    rows = [{**key._asdict(), "state": state} for key, state in changes.items() if state is not None]
    dropped = [key for key, state in changes.items() if state is None]
    with engine.begin() as connection:
        for start in range(0, len(dropped), _BATCH):
            some = dropped[start : start + _BATCH]
            connection.execute(sa.delete(lanes).where(sa.tuple_(lanes.c.agent, lanes.c.epoch, lanes.c.lane).in_(some)))
        if rows:
            connection.execute(insert, rows)
        move_cursor(connection, READER, old=old, new=new)


class LedgerSaver:
    """A thread that stores the ledger, so that its owner never waits for hub.db."""

    def __init__(self, engine: sa.Engine, ledger: Ledger) -> None:
        with engine.begin() as connection:
            self.stored = read_cursor(connection, READER)  # the journal may be cut up to here
        self._engine = engine
        self._ledger = ledger
        self._offered_s = 0.0
        self._offered = self.stored
        self._changed = threading.Condition()
        self._changes: Changes = {}  # waiting to be stored
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Begin to store what is offered."""
        self._thread.start()

    def offer(self, now_s: float, *, force: bool = False) -> None:
        """Hand over what has changed, when a second or 10,000 records are over; the ledger's owner calls this."""
        behind = self._ledger.cursor - self._offered
        if behind and (force or behind >= RECORDS or now_s - self._offered_s >= PERIOD_S):
            self._offered_s = now_s
            changes: Changes = dict.fromkeys(self._ledger.dropped)
            changes |= {key: msgspec.json.encode(self._ledger.lanes[key].stored()) for key in self._ledger.dirty}
            self._ledger.dirty.clear()
            self._ledger.dropped.clear()
            with self._changed:
                self._changes |= changes
                self._offered = self._ledger.cursor
                self._changed.notify()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Store what was offered and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._offered > self.stored)
                changes, self._changes, new = self._changes, {}, self._offered
            if new > self.stored and not self._saved(changes, new):
                with self._changed:
                    self._changes = changes | self._changes
                    if self._changed.wait_for(lambda: self._stopping, _RETRY_S):
                        return
            elif self._stopping and self._offered == self.stored:
                return

    def _saved(self, changes: Changes, new: int) -> bool:
        try:
            save(self._engine, changes, old=self.stored, new=new)
        except sa.exc.OperationalError as error:
            if error.orig is None or not is_disk_full(error.orig):
                raise
            logger.debug("the ledger waits: no space left on the disk")
            return False
        self.stored = new
        return True

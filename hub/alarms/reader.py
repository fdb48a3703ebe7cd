"""The reader behind the alarms: folds the journal and stores what follows, each record exactly once."""

import logging
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.faults import fault_point
from hub.alarms import store
from hub.alarms.engine import fold
from hub.alarms.transitions import Refusal, Transition
from hub.database import move_cursor, read_cursor
from hub.journal import Record

logger = logging.getLogger(__name__)

NAME = "alarms"
HELD_RECORDS = 2_000  # without a transition, so many records or
HELD_S = 0.5  # so many real seconds are folded again after a crash, which spares an fsync for each batch
SNAPSHOT_EVERY = 100_000  # records: a replay from a given offset folds at most so many before it


class AlarmReader:
    """Implements hub.readers.Reader. ``on_transitions`` is told, on the reader's thread, what was committed."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        clock: Clock,
        on_transitions: Callable[[Sequence[Transition]], None] | None = None,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._on_transitions = on_transitions
        self._snapshot_every = snapshot_every
        with engine.connect() as connection:
            self._stored = read_cursor(connection, NAME)
            self._state = store.load_state(connection)
            self._snapshot = store.last_snapshot(connection)
        self._folded = self._stored  # ahead of what is stored by at most HELD_RECORDS
        self._made: list[Transition] = []  # not stored yet; more than one batch's only while the disk is full
        self._stored_s = clock.real_s()
        self._seen: set[Refusal] = set()  # reasons logged once

    @property
    def name(self) -> str:
        """The name of the cursor."""
        return NAME

    @property
    def refused(self) -> dict[Refusal, int]:
        """How many facts and acts changed nothing, by reason, since the journal began."""
        return dict(self._state.hub.refused)

    def cursor(self) -> int:
        """Return the offset of the last record whose effects are stored."""
        return self._stored

    def apply(self, records: list[Record]) -> None:
        """Fold ``records``; store at once when that makes a transition, else within HELD_S.

        May be called again with the same records after a failed commit: what is folded already is not folded again.
        """
        for record in records:
            if record.offset > self._folded:
                self._made += fold(self._state, record)
                self._folded = record.offset
        self._log_refused()
        held = self._folded - self._stored
        if self._made or held >= HELD_RECORDS or self._clock.real_s() - self._stored_s >= HELD_S:
            self.flush()

    def flush(self) -> None:
        """Store everything folded so far, in one transaction with the cursor. Raises CursorMoved."""
        if self._folded == self._stored:
            return
        made = self._made
        if made:
            fault_point("hub.before_transitions")
        due = self._folded - self._snapshot >= self._snapshot_every
        with self._engine.begin() as connection:
            move_cursor(connection, NAME, old=self._stored, new=self._folded)
            store.store_rows(connection, self._state.dirty_rows())
            store.store_transitions(connection, made)
            if due:
                store.store_snapshot(connection, self._folded, self._state)
        self._stored, self._stored_s = self._folded, self._clock.real_s()
        self._snapshot = self._folded if due else self._snapshot
        self._state.forget_dirty()
        self._made = []
        if made:
            fault_point("hub.after_transitions")
            if self._on_transitions is not None:
                self._on_transitions(made)

    def _log_refused(self) -> None:
        for refused in self._state.take_refused():
            level = logging.DEBUG if refused.reason in self._seen else logging.INFO
            self._seen.add(refused.reason)
            logger.log(level, "%s: refused, %s (record %d)", refused.subject, refused.reason, refused.offset)

"""The reader behind the alarms: folds the journal and stores what follows, each record exactly once."""

import logging
from collections.abc import Callable

import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.faults import fault_point
from hub import metrics
from hub.alarms.engine import fold
from hub.alarms.kept import audit, store
from hub.alarms.transitions import Refusal, Transition
from hub.database import move_cursor, read_cursor
from hub.journal.records import Record

logger = logging.getLogger(__name__)

NAME = "alarms"
HELD_RECORDS = 10_000  # without a transition, so many records or
HELD_S = 0.5  # so many real seconds are folded again after a crash, which spares an fsync for each batch
SNAPSHOT_EVERY = 100_000  # records: a replay from a given offset folds at most so many before it
SNAPSHOT_WANTED = 20_000  # the same while the journal must be cut, which goes no further than a snapshot


class AlarmReader:
    """Implements hub.journal.readers.Reader.

    ``on_transitions`` is told, on the reader's thread, what was committed; ``first_offset`` tells where the journal
    begins, so that snapshots that lead nowhere any more are deleted.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        clock: Clock,
        on_transitions: Callable[[list[Transition]], None] | None = None,
        first_offset: Callable[[], int] = lambda: 1,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._on_transitions = on_transitions
        self._first_offset = first_offset
        self._snapshot_every = snapshot_every
        self._cut_wanted = False
        with engine.connect() as connection:
            self._stored = read_cursor(connection, NAME)
            self._state = store.load_state(connection)
            self._snapshot = max(store.snapshot_offsets(connection), default=0)
        self._adrift = first_offset() > self._snapshot + 1  # a journal that was lost: no replay leads here any more
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

    def offsets(self) -> dict[str, int]:
        """Return agent → hub's time minus agent's in microseconds. From any thread."""
        return {agent.key: agent.offset.us for agent in list(self._state.agents.values())}

    def cursor(self) -> int:
        """Return the offset of the last record whose effects are stored."""
        return self._stored

    def cuttable(self) -> int:
        """Return the offset up to which the journal may be cut: that of the newest snapshot. From any thread.

        Whoever asks wants to cut, so the next snapshot comes sooner.
        """
        self._cut_wanted = True
        return self._snapshot

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
        due = self._snapshot_due()
        with self._engine.begin() as connection:
            move_cursor(connection, NAME, old=self._stored, new=self._folded)
            store.store_rows(connection, self._state.dirty_rows())
            store.store_transitions(connection, made)
            audit.append(connection, made)
            if due:
                store.store_snapshot(connection, self._folded, self._state)
                store.forget_snapshots(connection, self._first_offset())
        self._stored, self._stored_s = self._folded, self._clock.real_s()
        if due:
            self._snapshot, self._cut_wanted, self._adrift = self._folded, False, False
        self._state.forget_dirty()
        self._made = []
        if made:
            for transition in made:
                metrics.TRANSITIONS.labels(transition.kind.value).inc()
            fault_point("hub.after_transitions")
            if self._on_transitions is not None:
                self._on_transitions(made)

    def _snapshot_due(self) -> bool:
        every = min(self._snapshot_every, SNAPSHOT_WANTED) if self._cut_wanted else self._snapshot_every
        return self._adrift or self._folded - self._snapshot >= every

    def _log_refused(self) -> None:
        for refused in self._state.take_refused():
            level = logging.DEBUG if refused.reason in self._seen else logging.INFO
            self._seen.add(refused.reason)
            logger.log(level, "%s: refused, %s (record %d)", refused.subject, refused.reason, refused.offset)

"""The turns of one receiver on one lane: what goes next, and what became of it, each in one transaction of hub.db."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from device_profiles.config import duration_us
from device_profiles.faults import fault_point
from hub.alarms.kept.store import alarms
from hub.alarms.words import receiver_word
from hub.channels.faults import DeliveryError, Fault, Uncertain
from hub.channels.notice import Notice
from hub.channels.outbox import outbox as rows
from hub.channels.outbox.gate import Gate
from hub.channels.outbox.outbox import IS_FAILED, WAITS, DeliveryState, outbox
from hub.channels.outbox.pacing import Choice, Pacing, Waiting
from hub.channels.outbox.resend import Resend
from hub.channels.outbox.standing import dead_lanes, failures_of, note_death, note_failure, note_success
from hub.channels.receivers import AnyReceiver, CapReceiver
from hub.channels.routes import Lane
from hub.journal.records import NewRecord

Say = Callable[[NewRecord], None]  # writes a record to the journal

AHEAD_US = 60_000_000  # nothing was queued so far in the future, unless the hub's clock was set back
REVIVE_US = 600_000_000  # dead letters of open alarms are tried again after so long: the receiver may be back


class Turns:
    """Used from one thread."""

    def __init__(self, gate: Gate, receiver: AnyReceiver, lane: Lane, *, hub: str, say: Say) -> None:
        """``say`` writes to the journal, before the effect."""
        self.receiver = receiver
        self.lane = lane
        self.pacing = Pacing(receiver, lane)
        self.resend = Resend(gate, receiver, lane)
        self._gate = gate
        self._hub = hub
        self._say = say
        self._fallback_us = duration_us(receiver.fallback_after)
        self._dead_us = duration_us(receiver.dead_after)
        self._chosen: tuple[Choice, list[Waiting]] = (Choice(), [])  # what the notice at hand is made of
        self._refers = isinstance(receiver, CapReceiver)
        self._doubtful = False  # it failed when the hub died: the journal may say that it is dead, and hub.db not yet

    def failures(self) -> int:
        """Return how often in a row it had failed before the program began."""
        with self._gate.read() as connection:
            count = failures_of(connection, self.receiver.name, self.lane)
        self._doubtful = count > 0
        return count

    def next(self, *, now_us: int, anew: bool) -> Notice | int | None:
        """Return the notice that goes next, after noting so; else the microseconds until one may, None: no end."""
        name, lane = self.receiver.name, self.lane
        with self._gate.read() as connection:
            waiting = rows.waiting_of(connection, name, lane, limit=self.receiver.longest)
            pending = rows.pending_of(connection, name, lane)
        choice = self.pacing.choose(waiting, pending, now_us=now_us, anew=anew)
        if not (choice.places or choice.again):
            return choice.wait_us or None
        id = choice.again
        if not id:
            with self._gate.write() as connection:
                id = rows.form(connection, name, lane, choice, now_us=now_us)
        with self._gate.read() as connection:
            notice = rows.load_notice(connection, id, earlier=self._refers)
        self._chosen = (choice, waiting)
        return notice

    def told(self, notice: Notice, *, accepted: bool, receipt: str, now_us: int) -> None:
        """Note that a notice was taken; whoever was given up is not any more, and is told what is still open."""
        name = self.receiver.name
        with self._gate.write() as connection:
            rows.told(connection, notice.id, accepted=accepted, receipt=receipt, now_us=now_us)
            dead = dead_lanes(connection, name)
            if self.lane in dead:
                self._revive(connection, now_us, now_us=now_us)
            if dead == {self.lane} or (self._doubtful and not dead):
                self._tell(dead=False, detail="told again", now_us=now_us)
            note_success(connection, name, self.lane)
        self._doubtful = False
        self.pacing.sent(*self._chosen, now_us=now_us)  # a try that failed has troubled nobody
        self.pacing.grow()

    def failed(self, notice: Notice, error: DeliveryError, *, due_us: int, now_us: int) -> None:
        """Note that a notice was not taken, or may not have been, and queue it again.

        What may have arrived once keeps its key, whatever comes after; unless it is refused: whoever has it would not.
        """
        doubtful = bool(self._chosen[0].again) and error.fault is not Fault.REFUSED
        with self._gate.write() as connection:
            note_failure(connection, self.receiver.name, self.lane, detail=str(error), now_us=now_us)
            if doubtful or isinstance(error, Uncertain):
                rows.put_off(connection, notice.id, error.fault, receipt=str(error), due_us=due_us)
            else:
                rows.put_back(connection, notice.id, error.fault, due_us=due_us)

    def refused(self, notice: Notice, error: DeliveryError, *, now_us: int) -> None:
        """Give a notice up that the receiver will never take: the fallback is told, and the alarm raised."""
        with self._gate.write() as connection:  # before the word is said: a failure on disk makes the next start doubt
            note_failure(connection, self.receiver.name, self.lane, detail=str(error), now_us=now_us)
        with self._gate.write() as connection:
            self._bury(connection, outbox.c.notice == notice.id, detail=str(error), now_us=now_us)
            rows.failed(connection, notice.id, error.fault, receipt=str(error), now_us=now_us)

    def overdue(self, *, now_us: int, tried: bool) -> None:
        """Tell the fallback of what waits too long, give up what waits far too long, and try that again some time.

        Of a receiver that fails. Unless it was ``tried`` since the start, what waits has its try first.
        """
        mine = (outbox.c.receiver == self.receiver.name, outbox.c.lane == self.lane.value)
        still = sa.and_(*mine, WAITS)
        late = still & self._late(outbox.c.queued_us, now_us) & ~outbox.c.fell_back
        dead = still & (outbox.c.queued_us <= now_us - self._dead_us)
        with self._gate.read() as connection:
            is_late = tried and bool(self.receiver.fallback) and _any(connection, late)
            is_dead = tried and _any(connection, dead)
            is_over = not is_dead and _any(connection, self._revivable(now_us - min(self._dead_us, REVIVE_US)))
        if is_late:
            with self._gate.write() as connection:
                self._fall_back(connection, late, now_us=now_us)
        if is_dead:
            self._give_up(dead, now_us=now_us)
        if is_over:
            with self._gate.write() as connection:
                self._revive(connection, now_us - min(self._dead_us, REVIVE_US), now_us=now_us)

    def kept_waiting(self, *, now_us: int) -> None:
        """Tell the fallback of what fell due too long ago, though the receiver takes one notice after another."""
        mine = (outbox.c.receiver == self.receiver.name, outbox.c.lane == self.lane.value)
        due = self._late(outbox.c.queued_us, now_us) & (outbox.c.due_us <= now_us - self._fallback_us)
        late = sa.and_(*mine, WAITS, due, ~outbox.c.fell_back)
        with self._gate.read() as connection:
            is_late = bool(self.receiver.fallback) and _any(connection, late)
        if is_late:
            with self._gate.write() as connection:
                self._fall_back(connection, late, now_us=now_us)

    def _late(self, queued_us: sa.Column[int], now_us: int) -> sa.ColumnElement[bool]:
        """Return when the fallback is to be told; at once where the clock was set back since."""
        return (queued_us <= now_us - self._fallback_us) | (queued_us > now_us + AHEAD_US)

    def _give_up(self, dead: sa.ColumnElement[bool], *, now_us: int) -> None:
        with self._gate.write() as connection:
            self._bury(connection, dead, detail=f"not told for {self.receiver.dead_after}", now_us=now_us)
            values = {"state": DeliveryState.FAILED.value, "reason": Fault.DEAD.value, "done_us": now_us}
            connection.execute(sa.update(outbox).where(dead).values(values))
            rows.end_empty(connection, self.receiver.name, self.lane, Fault.DEAD, now_us=now_us)

    def _bury(self, connection: sa.Connection, which: sa.ColumnElement[bool], *, detail: str, now_us: int) -> None:
        """Say that there are dead letters, before they are, and tell the fallback."""
        name = self.receiver.name
        if not dead_lanes(connection, name):
            self._tell(dead=True, detail=detail, now_us=now_us)
        note_death(connection, name, self.lane)
        if self.receiver.fallback:
            self._fall_back(connection, which & ~outbox.c.fell_back, now_us=now_us)

    def _tell(self, *, dead: bool, detail: str, now_us: int) -> None:
        self._say(receiver_word(self.receiver.name, hub=self._hub, dead=dead, detail=detail, now_us=now_us))
        fault_point("hub.after_word")

    def _fall_back(self, connection: sa.Connection, which: sa.ColumnElement[bool], *, now_us: int) -> None:
        found = [dict(row) for row in connection.execute(sa.select(outbox).where(which)).mappings()]
        anew: dict[str, object] = {
            "receiver": self.receiver.fallback,
            "via": self.receiver.name,
            "state": DeliveryState.QUEUED.value,
        }
        anew |= {"reason": "", "notice": "", "fell_back": False, "attempts": 0, "done_us": None}
        anew |= {"queued_us": now_us, "due_us": now_us}
        if found:
            connection.execute(insert(outbox).on_conflict_do_nothing(), [row | anew for row in found])
        connection.execute(sa.update(outbox).where(which).values(fell_back=True))

    def _revive(self, connection: sa.Connection, before_us: int, *, now_us: int) -> None:
        """Queue dead letters of alarms that are still open again."""
        values = {"state": DeliveryState.QUEUED.value, "reason": "", "notice": ""}
        times = {"attempts": 0, "done_us": None, "queued_us": now_us, "due_us": now_us}
        connection.execute(sa.update(outbox).where(self._revivable(before_us)).values(values | times))

    def _revivable(self, before_us: int) -> sa.ColumnElement[bool]:
        mine = (outbox.c.receiver == self.receiver.name) & (outbox.c.lane == self.lane.value)
        dead = IS_FAILED & (outbox.c.reason == Fault.DEAD.value) & (outbox.c.done_us <= before_us)
        return mine & dead & sa.exists().where(alarms.c.id == outbox.c.alarm, alarms.c.open)


def _any(connection: sa.Connection, which: sa.ColumnElement[bool]) -> bool:
    return connection.execute(sa.select(outbox.c.offset).where(which).limit(1)).first() is not None

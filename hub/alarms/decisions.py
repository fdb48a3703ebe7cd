"""The transitions that one record brings about, in their order, and what they do to the occurrences."""

import msgspec
from msgspec.structs import replace

from hub.alarms.city.ladder import frozen
from hub.alarms.noise.chatter import CHATTER_US, chatters, holds_back, note_turn
from hub.alarms.noise.quiet import cause_of, explained_by, flagged, forget_shelf, held_by, settle_us
from hub.alarms.rows import AgentState, AssetState, Calm, DeviceState, HubPart, Mark, Occurrence
from hub.alarms.rulebook.heads import RuleHead
from hub.alarms.rulebook.rules import SILENT
from hub.alarms.state import State
from hub.alarms.transitions import (
    ActReason,
    Alarm,
    Evidence,
    KeySeen,
    Kind,
    Reason,
    Refusal,
    Refused,
    Transition,
    alarm_id,
)
from hub.journal.records import Record

Owner = DeviceState | AgentState | AssetState | HubPart


class By(msgspec.Struct, frozen=True):
    """Who acts, and why."""

    actor: str = ""
    because: ActReason | None = None
    note: str = ""


NOBODY = By()


class Decisions:
    """What has been decided on one record so far."""

    __slots__ = ("made", "offset", "received_us", "state")

    def __init__(self, state: State, record: Record) -> None:
        self.state = state
        self.offset = record.offset
        self.received_us = record.received_us
        self.made: list[Transition] = []

    def open(
        self,
        head: RuleHead,
        owner: Owner,
        *,
        t_us: int,
        reason: Reason,
        sounded: bool = True,
        detail: str = "",
        by: By = NOBODY,
        keys: tuple[KeySeen, ...] | msgspec.UnsetType = msgspec.UNSET,
        evidence: Evidence | msgspec.UnsetType = msgspec.UNSET,
    ) -> Occurrence:
        """Raise a new occurrence of a rule that is not open on the owner."""
        last = self.state.occurrence(head.rule, owner.key)
        occurrence = last if last is not None else Occurrence(head.rule, owner.key)
        previous = occurrence.alarm
        stale = not isinstance(owner, AgentState) and owner.silent and head.rule != SILENT
        if previous is not None and previous.digest == head.digest and chatters(occurrence, self.received_us):
            resumed = replace(previous, sounded=previous.sounded or sounded, stale=stale)
            return self._resume(occurrence, resumed, t_us=t_us, detail=detail, anew=not previous.sounded)
        again = len(self.made) if previous is not None and previous.opened_offset == self.offset else 0
        device = owner if isinstance(owner, DeviceState) else None
        asset = "" if isinstance(owner, AgentState) else owner.asset
        occurrence.alarm = Alarm(
            id=alarm_id(head.rule, owner.key, self.offset, again=again),
            rule=head.rule,
            subject=owner.key,
            severity=head.severity,
            title=head.title,
            area=owner.area,
            device=device.device if device is not None else "",
            asset=asset,
            areas=self.state.policy.further_areas(asset, owner.area),
            digest=head.digest,
            opened_offset=self.offset,
            t_fact_us=t_us,
            t_raised_us=self.received_us,
            reason=reason,
            sounded=sounded,
            latched=head.latch,
            previous=previous.id if previous is not None else "",
            remind_us=head.remind_us,
            stale=stale,
            keys=keys,
            evidence=evidence,
            closes_with=head.closes_with or msgspec.UNSET,
        )
        occurrence.alarm = flagged(self.state, occurrence, occurrence.alarm)
        occurrence.opened = occurrence.cleared = occurrence.released = occurrence.freed_us = occurrence.calm = None
        occurrence.stages, occurrence.steps, occurrence.later = {}, (), ()
        occurrence.told_us = self.received_us if head.remind_us else 0
        if sounded:
            self._freeze_ladder(occurrence)
        note_turn(occurrence, self.received_us)
        self._say(occurrence, Kind.RAISED, reason=reason, t_us=t_us, detail=detail, by=by)
        self._fold(_alarm(occurrence))
        return occurrence

    def end(self, occurrence: Occurrence, mark: Mark, *, reason: Reason, detail: str = "") -> None:
        """Clear the open alarm of an occurrence, or close it when a person did; one that chatters waits for calm."""
        alarm = _alarm(occurrence)
        if holds_back(alarm, reason):
            if occurrence.calm is None:  # said again it is as calm as before
                occurrence.calm = Calm(mark, reason, detail, self.received_us + CHATTER_US)
                self.state.keep(occurrence)
            return
        self.finish(occurrence, mark, reason=reason, detail=detail)

    def finish(
        self,
        occurrence: Occurrence,
        mark: Mark,
        *,
        reason: Reason,
        detail: str = "",
        by: By = NOBODY,
    ) -> None:
        """End the open alarm of an occurrence at once."""
        alarm = _alarm(occurrence)
        occurrence.alarm = replace(alarm, t_cleared_us=mark.t_us, stale=False)
        occurrence.cleared, occurrence.released = mark, None
        occurrence.freed_us = occurrence.calm = None
        kind = Kind.CLOSED if reason is Reason.ACT else Kind.CLEARED
        if kind is Kind.CLOSED or alarm.chattering:
            occurrence.turns, occurrence.steps = [], ()
        else:
            note_turn(occurrence, self.received_us)  # should it come again at once, its ladder goes on
        forget_shelf(occurrence)
        self._say(occurrence, kind, reason=reason, t_us=mark.t_us, detail=detail, by=by)
        for held in held_by(self.state, alarm):
            held.freed_us = self.received_us + settle_us(self.state.policy, alarm)
            self.state.keep(held)

    def disturb(self, occurrence: Occurrence) -> None:
        """Take back the end of a chattering alarm that was held back: it has come again."""
        if occurrence.calm is not None:
            occurrence.calm = None
            self.state.keep(occurrence)

    def join(self, occurrence: Occurrence, *, t_us: int, reason: Reason, detail: str, by: By = NOBODY) -> None:
        """Record an event in the history of the open or last alarm."""
        self._say(occurrence, Kind.JOINED, reason=reason, t_us=t_us, detail=detail, by=by)

    def sound(
        self,
        occurrence: Occurrence,
        *,
        t_us: int,
        detail: str,
        reason: Reason = Reason.EVENT_RECENT,
        by: By = NOBODY,
    ) -> None:
        """Tell an alarm that was only recorded."""
        occurrence.alarm = replace(_alarm(occurrence), sounded=True)
        occurrence.told_us = self.received_us if occurrence.alarm.remind_us else 0
        self._freeze_ladder(occurrence)
        self._say(occurrence, Kind.SOUNDED, reason=reason, t_us=t_us, detail=detail, by=by)

    def remind(self, occurrence: Occurrence, *, t_us: int) -> None:
        """Tell an alarm again that nobody has acknowledged."""
        occurrence.told_us = t_us
        self._say(occurrence, Kind.REMINDED, reason=Reason.UNACKNOWLEDGED, t_us=t_us, detail="")

    def mark_stale(self, occurrence: Occurrence, *, stale: bool, t_us: int) -> None:
        """Set or take away the flag stale; say nothing when it is so already."""
        alarm = _alarm(occurrence)
        if alarm.stale is stale:
            return
        occurrence.alarm = replace(alarm, stale=stale)
        kind, reason = (Kind.STALE, Reason.SILENCE) if stale else (Kind.FRESH, Reason.BACK)
        self._say(occurrence, kind, reason=reason, t_us=t_us, detail="")

    def act(self, occurrence: Occurrence, kind: Kind, *, alarm: Alarm, by: By, t_us: int | None = None) -> None:
        """Say what a person has done about an alarm, which then stands as ``alarm``."""
        occurrence.alarm = alarm
        t_us = self.received_us if t_us is None else t_us
        self._say(occurrence, kind, reason=Reason.ACT, t_us=t_us, detail="", by=by)

    def change(
        self,
        occurrence: Occurrence,
        kind: Kind,
        *,
        alarm: Alarm,
        reason: Reason,
        t_us: int,
        detail: str = "",
        to: tuple[str, ...] = (),
        by: By = NOBODY,
    ) -> None:
        """Say a revision of an alarm: its new flags, and what changed them."""
        occurrence.alarm = alarm
        self._say(occurrence, kind, reason=reason, t_us=t_us, detail=detail, by=by, to=to)

    def suppress(self, occurrence: Occurrence, cause: str, *, reason: Reason) -> None:
        """Keep an open alarm quiet, because of what explains it."""
        alarm = replace(_alarm(occurrence), suppressed_by=cause)
        occurrence.freed_us = None
        self.change(occurrence, Kind.SUPPRESSED, reason=reason, t_us=self.received_us, alarm=alarm, detail=cause)

    def unsuppress(self, occurrence: Occurrence, *, reason: Reason) -> None:
        """Let an open alarm call again, unless something else explains it by now."""
        alarm = _alarm(occurrence)
        occurrence.freed_us = None
        cause = cause_of(self.state, replace(alarm, suppressed_by=""))
        kind = Kind.SUPPRESSED if cause else Kind.UNSUPPRESSED
        detail = cause or alarm.suppressed_by
        changed = replace(alarm, suppressed_by=cause)
        self.change(occurrence, kind, reason=reason, t_us=self.received_us, alarm=changed, detail=detail)

    def refuse(self, subject: str, reason: Refusal, t_us: int) -> None:
        """Count a fact or an act that changes nothing."""
        self.state.refuse(Refused(self.offset, subject, reason, t_us))

    def mark(self, owner: Owner, t_us: int) -> Mark:
        """Return an instant on the clock of the owner's agent, in the epoch that lives."""
        key = owner.agent if isinstance(owner, DeviceState) else owner.key
        agent = self.state.agents.get(key)
        return Mark(key, agent.epoch if agent is not None else 0, t_us)

    def _resume(self, occurrence: Occurrence, alarm: Alarm, *, t_us: int, detail: str, anew: bool) -> Occurrence:
        """Open the last alarm again instead of a new one: it chatters. What kept it quiet then may have ended.

        ``anew``: it was only recorded, so its ladder has not begun; else it goes on where it was.
        """
        resumed = replace(alarm, t_cleared_us=None, chattering=True, suppressed_by="")
        occurrence.alarm = flagged(self.state, occurrence, resumed)
        occurrence.cleared = occurrence.released = occurrence.calm = None
        occurrence.told_us = self.received_us if alarm.remind_us else 0
        if anew and alarm.sounded:
            self._freeze_ladder(occurrence)
        self._say(occurrence, Kind.CHATTERS, reason=Reason.CHATTERING, t_us=t_us, detail=detail)
        return occurrence

    def _freeze_ladder(self, occurrence: Occurrence) -> None:
        alarm = _alarm(occurrence)
        name, occurrence.steps = frozen(self.state.policy, alarm, from_us=self.received_us)
        occurrence.alarm = replace(alarm, ladder=name)

    def _fold(self, alarm: Alarm) -> None:
        """Suppress what a new alarm explains, though it came before."""
        for occurrence in explained_by(self.state, alarm):
            self.suppress(occurrence, alarm.id, reason=Reason.CAUSE)

    def _say(
        self,
        occurrence: Occurrence,
        kind: Kind,
        *,
        reason: Reason,
        t_us: int,
        detail: str,
        by: By = NOBODY,
        to: tuple[str, ...] = (),
    ) -> None:
        n, alarm = len(self.made), _alarm(occurrence)
        detail = by.note or detail
        self.made.append(
            Transition(self.offset, n, kind, reason, t_us, self.received_us, alarm, detail, by.actor, by.because, to)
        )
        self.state.keep(occurrence)


def _alarm(occurrence: Occurrence) -> Alarm:
    if occurrence.alarm is None:
        raise ValueError(f"{occurrence.rule} on {occurrence.subject} was never raised")
    return occurrence.alarm

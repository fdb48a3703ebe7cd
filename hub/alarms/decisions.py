"""The transitions that one record brings about, in their order, and what they do to the occurrences."""

from msgspec.structs import replace

from hub.alarms.heads import RuleHead
from hub.alarms.rows import AgentState, AssetState, DeviceState, HubPart, Mark, Occurrence
from hub.alarms.rules import SILENT
from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Kind, Reason, Refusal, Refused, Transition, alarm_id
from hub.journal.records import Record

Owner = DeviceState | AgentState | AssetState | HubPart


class Decisions:
    """What has been decided on one record so far."""

    __slots__ = ("made", "offset", "received_us", "state")

    def __init__(self, state: State, record: Record) -> None:
        self.state = state
        self.offset = record.offset
        self.received_us = record.received_us
        self.made: list[Transition] = []

    def open(
        self, head: RuleHead, owner: Owner, *, t_us: int, reason: Reason, sounded: bool = True, detail: str = ""
    ) -> Occurrence:
        """Raise a new occurrence of a rule that is not open on the owner."""
        last = self.state.occurrence(head.rule, owner.key)
        occurrence = last if last is not None else Occurrence(head.rule, owner.key)
        previous = occurrence.alarm
        again = len(self.made) if previous is not None and previous.opened_offset == self.offset else 0
        device = owner if isinstance(owner, DeviceState) else None
        occurrence.alarm = Alarm(
            id=alarm_id(head.rule, owner.key, self.offset, again=again),
            rule=head.rule,
            subject=owner.key,
            severity=head.severity,
            title=head.title,
            area=owner.area,
            device=device.device if device is not None else "",
            asset="" if isinstance(owner, AgentState) else owner.asset,
            digest=head.digest,
            opened_offset=self.offset,
            t_fact_us=t_us,
            t_raised_us=self.received_us,
            reason=reason,
            sounded=sounded,
            latched=head.latch,
            previous=previous.id if previous is not None else "",
            remind_us=head.remind_us,
            stale=not isinstance(owner, AgentState) and owner.silent and head.rule != SILENT,
        )
        occurrence.opened = occurrence.cleared = occurrence.released = None
        occurrence.told_us = self.received_us if head.remind_us else 0
        self._say(occurrence, Kind.RAISED, reason=reason, t_us=t_us, detail=detail)
        return occurrence

    def end(self, occurrence: Occurrence, mark: Mark, *, reason: Reason, detail: str = "") -> None:
        """Clear the open alarm of an occurrence, or close it when a person did."""
        alarm = _alarm(occurrence)
        occurrence.alarm = replace(alarm, t_cleared_us=mark.t_us, stale=False)
        occurrence.cleared, occurrence.released = mark, None
        kind = Kind.CLOSED if reason is Reason.ACT else Kind.CLEARED
        self._say(occurrence, kind, reason=reason, t_us=mark.t_us, detail=detail)

    def join(self, occurrence: Occurrence, *, t_us: int, reason: Reason, detail: str) -> None:
        """Record an event in the history of the open or last alarm."""
        self._say(occurrence, Kind.JOINED, reason=reason, t_us=t_us, detail=detail)

    def sound(self, occurrence: Occurrence, *, t_us: int, detail: str, reason: Reason = Reason.EVENT_RECENT) -> None:
        """Tell an alarm that was only recorded."""
        occurrence.alarm = replace(_alarm(occurrence), sounded=True)
        occurrence.told_us = self.received_us if occurrence.alarm.remind_us else 0
        self._say(occurrence, Kind.SOUNDED, reason=reason, t_us=t_us, detail=detail)

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

    def acknowledge(self, occurrence: Occurrence, *, t_us: int, detail: str) -> None:
        """Set the flag acknowledged."""
        occurrence.alarm = replace(_alarm(occurrence), acknowledged=True)
        self._say(occurrence, Kind.ACKED, reason=Reason.ACT, t_us=t_us, detail=detail)

    def refuse(self, subject: str, reason: Refusal, t_us: int) -> None:
        """Count a fact or an act that changes nothing."""
        self.state.refuse(Refused(self.offset, subject, reason, t_us))

    def mark(self, owner: Owner, t_us: int) -> Mark:
        """Return an instant on the clock of the owner's agent, in the epoch that lives."""
        key = owner.agent if isinstance(owner, DeviceState) else owner.key
        agent = self.state.agents.get(key)
        return Mark(key, agent.epoch if agent is not None else 0, t_us)

    def _say(self, occurrence: Occurrence, kind: Kind, *, reason: Reason, t_us: int, detail: str) -> None:
        alarm = _alarm(occurrence)
        n = len(self.made)
        self.made.append(Transition(self.offset, n, kind, reason, t_us, self.received_us, alarm, detail))
        self.state.keep(occurrence)


def _alarm(occurrence: Occurrence) -> Alarm:
    if occurrence.alarm is None:
        raise ValueError(f"{occurrence.rule} on {occurrence.subject} was never raised")
    return occurrence.alarm

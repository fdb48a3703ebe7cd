"""What falls due at a tick: acknowledgements that lapse, shelves that end, causes that are over, steps of ladders."""

from msgspec.structs import replace

from hub.alarms.decisions import Decisions
from hub.alarms.noise.maintenance import open_windows
from hub.alarms.noise.quiet import by_window, cause_of, every_open
from hub.alarms.rows import DueStep, Occurrence, Shelf
from hub.alarms.state import State
from hub.alarms.transitions import Kind, Reason


def meet_deadlines(decisions: Decisions, now_us: int) -> None:
    """Do what is due at ``now_us``, by the hub's clock and by ticks alone (ALARMS.md, 15)."""
    _turn_windows(decisions, now_us)
    state = decisions.state
    for key in sorted(key for key, found in state.timed.items() if any(due <= now_us for due in found.deadlines)):
        occurrence = state.timed[key]
        _lapse(decisions, occurrence, now_us)
        _unshelve(decisions, occurrence, now_us)
        _release(decisions, occurrence, now_us)
        _climb(decisions, occurrence, now_us)
        _calm_down(decisions, occurrence, now_us)


def set_back(state: State, by_us: int) -> None:
    """Move what waits for the hub's clock with it, which was set back: nobody waits so much longer for help."""
    for key in sorted(state.timed):
        found = state.timed[key]
        found.steps = tuple(replace(step, due_us=step.due_us - by_us) for step in found.steps)
        found.shelf, found.asked = _earlier(found.shelf, by_us), _earlier(found.asked, by_us)
        if found.freed_us is not None:
            found.freed_us -= by_us
        if found.calm is not None:
            found.calm = replace(found.calm, due_us=found.calm.due_us - by_us)
        if found.alarm is not None and found.alarm.lease_us is not None:
            found.alarm = replace(found.alarm, lease_us=found.alarm.lease_us - by_us)
        state.keep(found)


def _earlier(shelf: Shelf | None, by_us: int) -> Shelf | None:
    return shelf if shelf is None or shelf.until_us is None else replace(shelf, until_us=shelf.until_us - by_us)


def weigh_causes(decisions: Decisions) -> None:
    """Let what is suppressed call, unless the policy that is in force now explains it too: nothing else would free it.

    What a site's alarm suppresses no policy explains, and what is about to be told is.
    """
    state = decisions.state
    standing = list(every_open(state))
    sites = {found.alarm.id for found in standing if found.alarm is not None and found.alarm.signs}
    for occurrence in standing:
        alarm = occurrence.alarm
        if alarm is None or not alarm.suppressed_by or alarm.suppressed_by in sites or occurrence.freed_us is not None:
            continue
        if cause_of(state, replace(alarm, suppressed_by="")) != alarm.suppressed_by:
            reason = Reason.MAINTENANCE_ENDED if by_window(alarm) else Reason.CAUSE_ENDED
            decisions.unsuppress(occurrence, reason=reason)


def _turn_windows(decisions: Decisions, now_us: int) -> None:
    """Suppress and release what maintenance windows that open and close concern."""
    state = decisions.state
    windows = open_windows(state.policy, now_us)
    if windows == state.hub.windows:
        return
    state.hub.windows = windows
    for occurrence in list(every_open(state)):
        alarm = occurrence.alarm
        if alarm is None or (alarm.suppressed_by and not by_window(alarm)):
            continue
        cause = cause_of(state, replace(alarm, suppressed_by=""))
        if cause and not alarm.suppressed_by:
            decisions.suppress(occurrence, cause, reason=Reason.MAINTENANCE)
        elif cause != alarm.suppressed_by:  # another alarm may explain it meanwhile, by whose end it is freed
            decisions.unsuppress(occurrence, reason=Reason.MAINTENANCE_ENDED)


def _lapse(decisions: Decisions, occurrence: Occurrence, now_us: int) -> None:
    alarm = occurrence.alarm
    if alarm is None or not alarm.open or not alarm.acknowledged or alarm.lease_us is None or alarm.lease_us > now_us:
        return
    free = replace(alarm, acknowledged=False, owner="", eta_us=None, lease_us=None)
    occurrence.told_us = now_us
    decisions.change(occurrence, Kind.LAPSED, reason=Reason.LEASE_EXPIRED, t_us=now_us, alarm=free, detail=alarm.owner)


def _unshelve(decisions: Decisions, occurrence: Occurrence, now_us: int) -> None:
    asked, shelf = occurrence.asked, occurrence.shelf
    if asked is not None and asked.until_us is not None and asked.until_us <= now_us:
        occurrence.asked = None
        decisions.state.keep(occurrence)
    if shelf is None or shelf.until_us is None or shelf.until_us > now_us:
        return
    occurrence.shelf = None
    decisions.state.keep(occurrence)
    if occurrence.alarm is not None and occurrence.alarm.open:
        alarm = replace(occurrence.alarm, shelved=False)
        decisions.change(
            occurrence, Kind.UNSHELVED, reason=Reason.SHELF_EXPIRED, t_us=now_us, alarm=alarm, detail=shelf.actor
        )


def _release(decisions: Decisions, occurrence: Occurrence, now_us: int) -> None:
    if occurrence.freed_us is not None and occurrence.freed_us <= now_us and occurrence.open:
        decisions.unsuppress(occurrence, reason=Reason.CAUSE_ENDED)


def _climb(decisions: Decisions, occurrence: Occurrence, now_us: int) -> None:
    """Take the steps that are due, unless they are needless by now; who keeps an alarm quiet keeps its ladder too."""
    alarm = occurrence.alarm
    while alarm is not None and alarm.open and not alarm.quiet and occurrence.steps:
        step, rest = occurrence.steps[0], occurrence.steps[1:]
        if step.due_us > now_us:
            return
        occurrence.steps = rest
        decisions.state.keep(occurrence)
        if not _needless(occurrence, step):
            alarm = replace(alarm, level=step.level)
            decisions.change(
                occurrence, Kind.ESCALATED, reason=Reason.STEP_DUE, t_us=step.due_us, alarm=alarm,
                detail=step.level, to=step.to,
            )  # fmt: skip


def _needless(occurrence: Occurrence, step: DueStep) -> bool:
    if step.unless == "acknowledged":
        return occurrence.alarm is not None and occurrence.alarm.acknowledged
    return bool(step.unless) and step.unless in occurrence.stages


def _calm_down(decisions: Decisions, occurrence: Occurrence, now_us: int) -> None:
    calm = occurrence.calm
    if calm is not None and calm.due_us <= now_us and occurrence.open:
        decisions.finish(occurrence, calm.mark, reason=calm.reason, detail=calm.detail)

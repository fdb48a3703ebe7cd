"""What the end of a site's alarm ends with it: the cases that it had explained, and what was seen there until then."""

from hub.alarms.decisions import By, Decisions
from hub.alarms.noise.quiet import every_open
from hub.alarms.rows import Mark, Occurrence
from hub.alarms.rulebook.signs import SiteRule
from hub.alarms.rulebook.witnesses import use_up
from hub.alarms.state import State
from hub.alarms.transitions import Alarm, Reason


def end_site(decisions: Decisions, occurrence: Occurrence, *, by: By) -> None:
    """Close the cases of an alarm that a person has closed: who has looked at the one has looked at the others."""
    state, alarm = decisions.state, occurrence.alarm
    if alarm is None or alarm.t_cleared_us is None:
        return
    rule, end_us = _rule_of(state, alarm.rule), alarm.t_cleared_us
    names = {alarm.rule}
    if rule is not None and rule.case is not None and rule.head.rule == alarm.rule:
        names.add(rule.case.rule)
        for case in [each for each in every_open(state) if _held(each, alarm, rule.case.rule)]:
            _end_case(decisions, rule, case, end_us, by)
    for name in sorted(names):
        use_up(state, rule, name, alarm, end_us=end_us)


def _end_case(decisions: Decisions, rule: SiteRule, case: Occurrence, end_us: int, by: By) -> None:
    decisions.finish(case, Mark(case.subject, 0, end_us), reason=Reason.ACT, by=by)
    if case.alarm is not None:
        use_up(decisions.state, rule, case.rule, case.alarm, end_us=end_us)


def _held(case: Occurrence, alarm: Alarm, name: str) -> bool:
    return case.rule == name and case.alarm is not None and case.alarm.suppressed_by == alarm.id


def _rule_of(state: State, name: str) -> SiteRule | None:
    """Return the rule in force of which an alarm or a case has this name."""
    rules = state.book.site_rules.values()
    return next((rule for rule in rules if name in (rule.head.rule, rule.case.rule if rule.case else "")), None)

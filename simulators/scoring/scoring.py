"""Score a run: what had to happen against what was heard, and what was published against what was kept."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from device_profiles.config import duration_us
from simulators.observers.packs import Content, PackKey, loss
from simulators.observers.witness import AlarmWord
from simulators.play.scenario import Expected, Scenario
from simulators.play.story import SITE
from simulators.scoring.check import Check

DELIVERED_WITHIN_MS = 3_000.0  # wall time from the hub's raise to the client; ordinary is well under 100
DECIDED_WITHIN_MS = 10_000.0  # city time from fact to raise: what is polled or batched comes some seconds later
COUNTERS = ("missed", "false", "doubled", "late", "lost", "wrong_clears", "untold", "unmet")


class Outcome(StrEnum):
    """What became of an expected alarm."""

    MET = "met"
    LATE = "late"  # its fact after the window, its raise too long after its fact, or its delivery after its raise
    MISSED = "missed"


class HeardAlarm(msgspec.Struct, frozen=True):
    """One alarm, from all the words about it."""

    id: str
    rule: str
    subject: str
    t_fact_us: int
    t_raised_us: int
    t_delivered_us: int
    detect_ms: float  # city time from fact to raise
    deliver_ms: float  # wall time from raise to the client
    t_cleared_us: int | None = None  # city time at which the client heard that it cleared
    told: dict[str, int] = {}  # kind of word → how many were heard


class Judged(msgspec.Struct, frozen=True):
    """An expected alarm and what became of it."""

    rule: str
    subject: str
    after: str
    outcome: Outcome
    t_truth_us: int | None = None  # None: the act never took hold
    not_before_us: int | None = None
    not_after_us: int | None = None
    alarm: str | None = None  # id of the one that met it
    cleared_right: bool = True
    told_right: bool = True  # every word that had to be said about it was heard


class Observed(msgspec.Struct, frozen=True):
    """All that a run left behind."""

    truth: Mapping[str, int]  # act → city time, µs since 1970
    words: Sequence[AlarmWord]
    published: Mapping[PackKey, Content]
    kept: Mapping[PackKey, Content]
    speed: float
    again: int = 0  # rows of the journal that say a pack again
    checks: Sequence[Check] = ()  # what else the scenario asks for


class Score(msgspec.Struct, frozen=True):
    """The result of a run."""

    scenario: str
    seed: int
    broker: str
    expected: list[Judged]
    alarms: list[HeardAlarm]
    missed: int
    false: int
    doubled: int
    late: int
    lost: int
    wrong_clears: int
    untold: int
    packs_published: int
    packs_journalled: int
    packs_missing: int
    checks: list[Check] = []
    unmet: int = 0  # checks that were not met

    @property
    def good(self) -> bool:
        """Whether every counter is zero."""
        return not any(getattr(self, name) for name in COUNTERS)

    def document(self) -> dict[str, Any]:
        """Return the score as a JSON document."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return document


def score(scenario: Scenario, observed: Observed, *, seed: int, broker: str) -> Score:
    """Compare truth and observation; whatever was not expected is false."""
    alarms = heard(observed.words, speed=observed.speed)
    judged = _judge_all(scenario, observed.truth, alarms, speed=observed.speed)
    met = {item.alarm for item in judged}
    known = {(item.rule, item.subject) for item in judged if item.alarm is not None}
    extra = [alarm for alarm in alarms if alarm.id not in met and alarm.rule not in scenario.allowed]
    doubled = sum((alarm.rule, alarm.subject) in known for alarm in extra)
    gone = loss(observed.published, observed.kept)
    return Score(
        scenario=scenario.name,
        seed=seed,
        broker=broker,
        expected=judged,
        alarms=alarms,
        missed=sum(item.outcome is Outcome.MISSED for item in judged),
        false=len(extra) - doubled,
        doubled=doubled + observed.again,
        late=sum(item.outcome is Outcome.LATE for item in judged),
        lost=gone.facts + gone.altered,
        wrong_clears=sum(not item.cleared_right for item in judged),
        untold=sum(not item.told_right for item in judged),
        packs_published=len(observed.published),
        packs_journalled=len(observed.kept),
        packs_missing=gone.packs,
        checks=list(observed.checks),
        unmet=sum(not check.good for check in observed.checks),
    )


def heard(words: Sequence[AlarmWord], *, speed: float) -> list[HeardAlarm]:
    """Return one entry for each alarm id, in the order of arrival; the first word counts for the delivery."""
    told: dict[str, Counter[str]] = {}
    first: dict[str, AlarmWord] = {}
    cleared: dict[str, int] = {}
    for word in words:
        told.setdefault(word.id, Counter())[word.kind] += 1
        told[word.id]["folded"] += word.folded
        if word.active:
            first.setdefault(word.id, word)
        else:
            cleared.setdefault(word.id, word.t_delivered_us)
    return [_alarm(word, cleared.get(word.id), speed, told=told[word.id]) for word in first.values()]


def _alarm(word: AlarmWord, cleared_us: int | None, speed: float, *, told: Counter[str]) -> HeardAlarm:
    return HeardAlarm(
        id=word.id,
        rule=word.rule,
        subject=word.subject,
        t_fact_us=word.t_fact_us,
        t_raised_us=word.t_raised_us,
        t_delivered_us=word.t_delivered_us,
        detect_ms=round((word.t_raised_us - word.t_fact_us) / 1e3, 1),
        deliver_ms=round((word.t_delivered_us - word.t_raised_us) / 1e3 / speed, 1),
        t_cleared_us=cleared_us,
        told=dict(+told),
    )


def _judge_all(
    scenario: Scenario, truth: Mapping[str, int], alarms: Sequence[HeardAlarm], *, speed: float
) -> list[Judged]:
    judged: list[Judged] = []
    taken: set[str | None] = set()
    for expected in scenario.expected:
        free = [alarm for alarm in alarms if alarm.id not in taken]
        subject = scenario.subject(expected.lift or expected.camera)
        if expected.site:  # the hub names the device, or the report, round which its keys stand
            here = f"{SITE}{scenario.area}/", f"{SITE}report:"
            free = [alarm for alarm in free if alarm.subject.startswith(here)]
            subject = "a site"
        judged.append(_judge(expected, subject, truth=truth, alarms=free, speed=speed))
        taken.add(judged[-1].alarm)
    return judged


def _judge(
    expected: Expected, subject: str, *, truth: Mapping[str, int], alarms: Sequence[HeardAlarm], speed: float
) -> Judged:
    t_truth_us = truth.get(expected.after)
    nothing = Judged(expected.rule, subject, expected.after, Outcome.MISSED, t_truth_us)
    if t_truth_us is None:
        return nothing
    from_us = t_truth_us + duration_us(expected.not_before)
    to_us = t_truth_us + duration_us(expected.not_after)
    ours = (alarm for alarm in alarms if alarm.rule == expected.rule and (expected.site or alarm.subject == subject))
    found = next((alarm for alarm in ours if alarm.t_fact_us >= from_us), None)
    nothing = msgspec.structs.replace(nothing, not_before_us=from_us, not_after_us=to_us)
    if found is None:
        return nothing
    late = found.t_fact_us > to_us or found.deliver_ms > DELIVERED_WITHIN_MS
    late |= found.detect_ms > max(DECIDED_WITHIN_MS, DELIVERED_WITHIN_MS * speed)  # a busy machine's own pauses
    return msgspec.structs.replace(
        nothing,
        outcome=Outcome.LATE if late else Outcome.MET,
        alarm=found.id,
        cleared_right=_cleared_right(expected, found, truth=truth),
        told_right=all(found.told.get(kind, 0) >= least for kind, least in expected.told.items()),
    )


def _cleared_right(expected: Expected, alarm: HeardAlarm, *, truth: Mapping[str, int]) -> bool:
    cleared_us = alarm.t_cleared_us
    if expected.stays_until is not None and cleared_us is not None:
        until_us = truth.get(expected.stays_until)
        if until_us is None or cleared_us < until_us:
            return False
    if expected.clears_after is not None:
        after_us = truth.get(expected.clears_after)
        return (
            after_us is not None
            and cleared_us is not None
            and (cleared_us <= after_us + duration_us(expected.clears_within))
        )
    return True

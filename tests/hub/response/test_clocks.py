"""The response clock: each instant from the history, targets met, missed or still open."""

from hub.alarms.city.policy import parse_policy
from hub.response.clocks import ResponseClock, clock_of
from hub.response.figures import figures, percentile
from tests.hub.alarms.scene import LIFT, Scene, us

TARGETS = parse_policy("", file="").targets
RULE = "lift.entrapment"


def rescued(*acts: tuple[str, float], freed_s: float | None = None, told_s: float | None = None) -> ResponseClock:
    """Return the clock of somebody trapped at second 10, as it stands at second 1000."""
    scene = Scene()
    scene.tick(9)
    scene.event("lift.stuck_occupied", 10)
    for act, at_s in acts:
        scene.act(act, at_s=at_s, rule=RULE, subject=LIFT)
    if freed_s is not None:
        scene.event("lift.released", freed_s, severity="info")
    occurrence = scene.state.occurrence(RULE, LIFT)
    assert occurrence is not None
    assert occurrence.alarm is not None
    history = [made for made in scene.made if made.alarm.id == occurrence.alarm.id]
    told_us = us(told_s) if told_s is not None else None
    return clock_of(occurrence.alarm, history, told_us=told_us, targets=TARGETS, now_us=us(1000))


def test_every_stage_has_its_instant() -> None:
    """From the trapped passenger to the closed alarm."""
    clock = rescued(("ack", 30), ("dispatch", 40), ("arrive", 200), ("safe", 300), freed_s=310, told_s=11)
    took = {stage: (clock.took_us(stage) or 0) / 1e6 for stage in clock.t_us}
    assert took == {
        "detected": 0, "raised": 0, "alerted": 1, "acknowledged": 20, "dispatched": 30, "arrived": 190,
        "safe": 290, "closed": 300,
    }  # fmt: skip
    assert [(each.stage, each.met) for each in clock.outcomes] == [("alerted", True), ("safe", True)]


def test_seven_minutes_are_seven_minutes() -> None:
    """To the microsecond; the lift's own word of the release counts where nobody reports it."""
    assert [each.met for each in rescued(freed_s=430, told_s=67).outcomes] == [True, True]
    assert [each.met for each in rescued(freed_s=430.1, told_s=67.1).outcomes] == [False, False]


def test_what_nobody_has_done_is_missed_once_its_time_is_over() -> None:
    """At second 1000 both are; a stage that is not reached has no time."""
    clock = rescued()
    assert [(each.took_us, each.met) for each in clock.outcomes] == [(None, False), (None, False)]
    assert clock.took_us("arrived") is None


def test_figures_are_by_area_and_rule() -> None:
    """Percentiles are values that occurred."""
    clocks = [rescued(freed_s=10 + minutes * 60, told_s=12) for minutes in range(1, 11)]
    (found,) = figures(clocks)
    safe = next(stage for stage in found.stages if stage.stage == "safe")
    assert (found.alarms, safe.count, safe.p50_s, safe.p95_s) == (10, 10, 300, 600)
    target = next(target for target in found.targets if target.stage == "safe")
    assert (target.within_s, target.met, target.missed, target.pending) == (420, 7, 3, 0)
    assert [percentile([5, 1, 9], share) for share in (0.01, 0.5, 0.95, 1)] == [1, 5, 9, 9]

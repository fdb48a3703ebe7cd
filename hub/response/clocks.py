"""The response clock of one alarm: from what was detected to what was closed, each instant from its history."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from hub.alarms.city.policy import Target
from hub.alarms.transitions import Alarm, Kind, Transition

Stage = Literal["detected", "raised", "alerted", "acknowledged", "dispatched", "arrived", "safe", "closed"]
STAGES: tuple[Stage, ...] = (
    "detected", "raised", "alerted", "acknowledged", "dispatched", "arrived", "safe", "closed",
)  # fmt: skip
_REACHED: dict[Kind, Stage] = {
    Kind.RAISED: "raised",
    Kind.ACKED: "acknowledged",
    Kind.DISPATCHED: "dispatched",
    Kind.ARRIVED: "arrived",
    Kind.SAFE: "safe",
    Kind.CLEARED: "closed",
    Kind.CLOSED: "closed",
}


class Outcome(msgspec.Struct, frozen=True):
    """Whether one target was met."""

    stage: str
    within_us: int
    took_us: int | None  # None: not reached
    met: bool | None  # None: not reached, and there is still time


class ResponseClock(msgspec.Struct, frozen=True):
    """When an alarm reached each stage. Instants are on the hub's clock, the first one on the edge's."""

    alarm: str
    rule: str
    subject: str
    area: str
    severity: str
    t_us: dict[str, int]  # stage → first instant, microseconds since 1970
    outcomes: tuple[Outcome, ...] = ()

    def took_us(self, stage: str) -> int | None:
        """Return the time from detection to a stage; None when it has not been reached."""
        reached = self.t_us.get(stage)
        return None if reached is None else max(0, reached - self.t_us["detected"])


def clock_of(
    alarm: Alarm, history: Iterable[Transition], *, told_us: int | None, targets: Sequence[Target], now_us: int
) -> ResponseClock:
    """Return the clock of an alarm with its history; ``told_us`` is when the first receiver took it."""
    t_us: dict[str, int] = {"detected": alarm.t_fact_us}
    for transition in history:
        stage = _REACHED.get(transition.kind)
        if stage is not None:
            t_us.setdefault(stage, transition.t_fact_us if transition.actor else transition.t_us)
    if told_us is not None:
        t_us["alerted"] = told_us
    if not alarm.open and alarm.t_cleared_us is not None:
        t_us.setdefault("safe", alarm.t_cleared_us)  # the facts say so: level, open and empty
    made = ResponseClock(alarm.id, alarm.rule, alarm.subject, alarm.area, alarm.severity, t_us)
    outcomes = tuple(_outcome(made, target, now_us=now_us) for target in targets if target.fits(alarm))
    return msgspec.structs.replace(made, outcomes=outcomes)


def _outcome(clock: ResponseClock, target: Target, *, now_us: int) -> Outcome:
    took_us = clock.took_us(target.stage)
    if took_us is not None:
        return Outcome(target.stage, target.within_us, took_us, took_us <= target.within_us)
    overdue = now_us - clock.t_us["detected"] > target.within_us or "closed" in clock.t_us
    return Outcome(target.stage, target.within_us, None, False if overdue else None)

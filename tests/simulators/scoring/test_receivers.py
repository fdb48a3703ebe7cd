"""Every demand on what receivers were told can be met, and can be missed."""

from typing import Any

import pytest
from msgspec.structs import replace

from simulators.play.loading import load_scenarios
from simulators.receivers.office import HeardNotice, Told
from simulators.receivers.spec import ReceiverSpec
from simulators.responders.spec import ResponderSpec
from simulators.scoring.receivers import STAGES, Inquest, check_all

CREW = ResponderSpec("crew", "Chen", ("1s", "2s"), ("1s", "2s"), ("1s", "2s"), called=True)
CENTRE = ReceiverSpec(
    "centre", called=("lift.entrapment lift-02",), whole=True, most=2, kinds={"one": 1}, life_within="3s"
)
TOLD = Told("a1", "lift.entrapment", "hz/x/y/lift-02", "life", "raised", t_raised_us=0)
GOOD = [HeardNotice("crew", 1_000_000, "one", (TOLD,)), HeardNotice("centre", 20_000_000, "one", (TOLD,))]


def _inquest(*, met: bool | None = True, stages: tuple[str, ...] = STAGES, more: int = 0, audit: int = 0) -> Inquest:
    outcome = {"stage": "safe", "within_us": 420_000_000, "took_us": 1, "met": met}
    clock: dict[str, Any] = {"subject": "s", "t_us": dict.fromkeys(stages, 5), "outcomes": [outcome]}
    alarms = [{"id": "a1"}, *({"id": f"b{number}"} for number in range(more))]
    return Inquest(alarms, {"alarms": [clock]}, audit, "said")


def _unmet(notices: list[HeardNotice], inquest: Inquest) -> list[str]:
    scenario = replace(load_scenarios()["lift-rescue"], responders=(CREW,), receivers=(CENTRE,))
    return [check.name for check in check_all(scenario, notices, inquest, speed=10.0) if not check.good]


def test_a_good_story_meets_all() -> None:
    """2 s of real time from the raise to the notice are 20 of the city's."""
    assert _unmet(GOOD, _inquest()) == []


@pytest.mark.parametrize(
    ("notices", "inquest", "unmet"),
    [
        (GOOD[1:], _inquest(), ["crew: called"]),
        (GOOD, _inquest(audit=1), ["audit verify"]),
        (GOOD, _inquest(met=False), ["s: safe within 420 s"]),
        (GOOD, _inquest(met=None), ["s: safe within 420 s"]),
        (GOOD, _inquest(stages=STAGES[:-1]), ["s: every clock"]),
        (GOOD, _inquest(more=1), ["centre: nothing lost"]),
        (
            [GOOD[0], HeardNotice("centre", 20_000_000, "flood", (TOLD,))],
            _inquest(),
            ["centre: 1 of kind one", "centre: life within 3 s"],
        ),
        ([GOOD[0], HeardNotice("centre", 40_000_000, "one", (TOLD,))], _inquest(), ["centre: life within 3 s"]),
        ([*GOOD, *GOOD, *GOOD], _inquest(), ["centre: at most 2 notices", "centre: 1 of kind one"]),
    ],
)
def test_each_demand_can_be_missed(notices: list[HeardNotice], inquest: Inquest, unmet: list[str]) -> None:
    """One thing that is wrong is named, and nothing else."""
    assert _unmet(notices, inquest) == unmet

"""Every act that a scenario may do to a lift is done, and each in one way."""

from typing import get_args

import pytest

from simulators.lifts.lift import Lift
from simulators.lifts.spec import LiftSpec
from simulators.play.act import Act
from simulators.play.acts import LiftAct
from simulators.play.deeds import LASTING, MODES, ONCE, do

SECOND = 1_000_000


@pytest.mark.parametrize("act", get_args(LiftAct))
def test_every_act_can_be_done(act: str) -> None:
    """An act that nobody has written down here would end the play."""
    lift = Lift(LiftSpec(device="lift-01"), seed=1)
    do(lift, Act(name="deed", act=act))  # type: ignore[arg-type]
    lift.advance(SECOND)


def test_no_act_is_done_in_two_ways() -> None:
    """And what lasts is done for as long as the act says."""
    names = [*MODES, *LASTING, *ONCE, "stop_between_floors_empty", "leave_goods"]
    assert sorted(names) == sorted(get_args(LiftAct))


def test_an_act_of_a_line_is_none_of_a_lift() -> None:
    """It is refused, not passed over."""
    with pytest.raises(KeyError):
        do(Lift(LiftSpec(device="lift-01"), seed=1), Act(name="deed", act="unplug_line"))

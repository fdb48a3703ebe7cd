"""What is wrong with the acts of ground sensors is named."""

from typing import Any

import msgspec
import pytest

from simulators.ground.spec import GroundSpec
from simulators.play.act import Act
from simulators.play.faults import ground_faults


def _act(act: str, **more: Any) -> Act:
    return msgspec.convert({"name": "it", "act": act, "sensor": "ground-1", "at": "1s"} | more, Act)


@pytest.mark.parametrize(
    ("act", "key"),
    [
        (_act("ground_sinks", sensor="ground-2"), "acts[0].sensor"),
        (_act("uplinks_lost"), "acts[0].act"),
        (_act("well_rises"), "acts[0].act"),
        (_act("unit_changes"), "acts[0].unit"),
        (_act("ground_sinks", unit="cm"), "acts[0].unit"),
    ],
)
def test_an_act_that_does_not_fit_is_named(act: Act, key: str) -> None:
    """With its key."""
    assert [fault for fault, _ in ground_faults([GroundSpec("ground-1")], [act])] == [key]

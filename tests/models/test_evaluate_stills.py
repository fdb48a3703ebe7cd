"""What the evaluation of stills counts: right answers, how late a change was told, and changes that were none."""

from pathlib import Path

import numpy as np
import pytest

from edge_agent.judge.berth.berth import Spot
from edge_agent.replay.seen import FrameSeen, Seen
from edge_agent.vision.watch import ZoneState

MODELS = Path(__file__).parents[2] / "models"


def test_a_late_change_and_a_false_one_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten stills the arrival is told one late, the departure two, one errs and one cannot be told."""
    monkeypatch.syspath_prepend(str(MODELS))
    from evaluate_stills import Shown, compare

    word = {"#": Spot.OCCUPIED, ".": Spot.FREE, "?": Spot.UNKNOWN}
    frames = tuple(FrameSeen(at, str(at), {"1": ZoneState(word[one], 0.9)}) for at, one in enumerate("....#.##?."))
    shown = [Shown(np.zeros((2, 2, 3), np.uint8), {"1": one == "#"}) for one in "...####..."]
    told = compare(Seen(frames, (), ()), shown, camera="a", interval_s=360.0)
    assert (told.late, told.false, told.hours) == ([1, 2], 1, 1.0)
    assert [one.said == one.occupied for one in told.answers].count(False) == 4

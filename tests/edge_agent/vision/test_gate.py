"""What moved is looked at, what stands still again after a while, and life safety before the rest."""

import numpy as np

from edge_agent.vision.gate import Gate

BOXES = [((x, 10), (x + 30, 10), (x + 30, 40), (x, 40)) for x in (0, 40, 80, 120)]
STILL = np.random.default_rng(1).integers(80, 120, (60, 160, 3)).astype(np.uint8)


def _gate(*, budget: int = 9) -> Gate:
    return Gate(BOXES, size=(160, 60), first=[False, False, True, False], recheck_s=2.0, budget=budget)


def test_everything_is_looked_at_first_and_then_nothing_that_stands_still() -> None:
    """The second frame is the first with noise."""
    gate = _gate()
    assert sorted(gate.choose(STILL, 0)) == [0, 1, 2, 3]
    noisy = (STILL + np.random.default_rng(2).normal(0, 4, STILL.shape)).clip(0, 255).astype(np.uint8)
    assert gate.choose(noisy, 200_000) == []


def test_what_moved_is_looked_at() -> None:
    """A car in one zone wakes that zone alone."""
    gate = _gate()
    gate.choose(STILL, 0)
    moved = STILL.copy()
    moved[15:35, 45:65] = 20
    assert gate.choose(moved, 200_000) == [1]
    assert gate.choose(moved, 400_000) == []


def test_a_cloud_is_no_motion() -> None:
    """Brighter everywhere is the same picture."""
    gate = _gate()
    gate.choose(STILL, 0)
    assert gate.choose((STILL + 30).astype(np.uint8), 200_000) == []


def test_what_stands_still_is_looked_at_again_after_a_while() -> None:
    """Also when time went back."""
    gate = _gate()
    gate.choose(STILL, 10_000_000)
    assert gate.choose(STILL, 11_900_000) == []
    assert sorted(gate.choose(STILL, 12_000_000)) == [0, 1, 2, 3]
    assert sorted(gate.choose(STILL, 5_000_000)) == [0, 1, 2, 3]


def test_a_budget_takes_life_safety_first_and_nobody_waits_for_ever() -> None:
    """Two of four zones each time: the lane always, the others in turn."""
    gate = _gate(budget=2)
    chosen = [gate.choose(STILL, 3_000_000 * (at + 1)) for at in range(3)]
    assert [one[0] for one in chosen] == [2, 2, 2]
    assert sorted(one[1] for one in chosen) == [0, 1, 3]

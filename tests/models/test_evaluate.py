"""What `make evaluate` calls kept and not kept."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from edge_agent.judge.ride.state import Ride

SCRIPT = Path(__file__).parents[2] / "models" / "evaluate.py"
SKY = Ride(0, 30_000_000, "up", 74.0, 0.5)


@pytest.fixture(scope="module")
def evaluate() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("evaluate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["evaluate"] = module
    spec.loader.exec_module(module)
    return module


def _score(evaluate: ModuleType, **changed: object):  # type: ignore[no-untyped-def]
    good = {
        "rides": 6000, "found": 5990, "extra": 5, "off_m": [0.1] * 100, "high_m": [10.0] * 100,
        "stucks": 300, "stucks_found": 299, "false_stucks": 1,
    }  # fmt: skip
    return evaluate.Score(**{**good, **changed})


def test_all_gates_pass(evaluate: ModuleType) -> None:
    """Good figures: each gate says PASS and its figure."""
    told = evaluate.gates(_score(evaluate), [SKY])
    assert len(told) == 6
    assert all(gate.passed for gate in told)
    assert str(told[0]) == "PASS  recall of rides >= 0.98: 0.9983"


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"found": 5800}, "recall of rides"),
        ({"extra": 200}, "precision of rides"),
        ({"lookalike_rides": 200}, "precision of rides"),
        ({"off_m": [0.1] * 90 + [0.7] * 10}, "height"),
        ({"stucks_found": 290}, "recall of stucks"),
        ({"false_stucks": 2}, "false stucks"),
        ({"lookalike_stucks": 1}, "false stucks"),
    ],
)
def test_each_gate_can_fail(evaluate: ModuleType, changed: dict[str, object], gate: str) -> None:
    """One bad figure fails its own gate and no other."""
    failed = [one for one in evaluate.gates(_score(evaluate, **changed), [SKY]) if not one.passed]
    assert [one.name.startswith(gate) for one in failed] == [True]
    assert str(failed[0]).startswith("FAIL")


@pytest.mark.parametrize("rides", [[], [SKY, SKY], [Ride(0, 1, "down", 74.0, 0.5)], [Ride(0, 1, "up", 60.0, 0.5)]])
def test_the_skyscraper_is_one_ride_up(evaluate: ModuleType, rides: list[Ride]) -> None:
    """None, two, down or too low fail."""
    assert not evaluate.gates(_score(evaluate), rides)[-1].passed


def test_a_real_ride_that_is_not_there_is_no_gate(evaluate: ModuleType, tmp_path: Path) -> None:
    """Without its file the ride is left out, and not called found."""
    assert evaluate.skyscraper(tmp_path, None) is None
    assert len(evaluate.gates(_score(evaluate), None)) == 5

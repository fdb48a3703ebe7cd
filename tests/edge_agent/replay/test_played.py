"""Scenarios with boxes, judged without the wire: nobody is trapped who is not, and who is trapped is found."""

from pathlib import Path

import pytest

from tests.edge_agent.replay.played import play_boxes

HARMLESS = ("lift-shaking", "lift-children-jumping", "lift-box-ordinary-life", "lift-box-broken")
STUCK_S = (15.0, 40.0)  # after the stop, as the scenario expects


def _nobody_is_stuck(name: str, *, seed: int, folder: Path) -> None:
    said = play_boxes(name, seed=seed, folder=folder)
    assert said
    assert {heard.device: heard.seconds("lift.stuck") for heard in said} == {heard.device: [] for heard in said}
    assert any(heard.seconds("lift.ride") for heard in said)


def _one_is_stuck(*, seed: int, folder: Path) -> None:
    for heard in play_boxes("lift-box-stuck", seed=seed, folder=folder):
        after_s = [at - heard.truth.get("stuck", 0.0) for at in heard.seconds("lift.stuck")]
        assert len(after_s) == ("stuck" in heard.truth)
        assert all(STUCK_S[0] <= at <= STUCK_S[1] for at in after_s)


@pytest.mark.parametrize(
    ("name", "seed"), [("lift-shaking", 5), ("lift-shaking", 7), ("lift-children-jumping", 2), ("lift-box-broken", 18)]
)
def test_nobody_is_stuck(name: str, seed: int, tmp_path: Path) -> None:
    """The seeds that once were told wrongly, and one other."""
    _nobody_is_stuck(name, seed=seed, folder=tmp_path)


def test_who_is_stuck_is_found(tmp_path: Path) -> None:
    """One lift is stuck, once and in time; the other never."""
    _one_is_stuck(seed=2, folder=tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
@pytest.mark.parametrize("name", HARMLESS)
def test_nobody_is_stuck_in_twenty_plays(name: str, seed: int, tmp_path: Path) -> None:
    """The same for every seed up to 20."""
    _nobody_is_stuck(name, seed=seed, folder=tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
def test_who_is_stuck_is_found_in_twenty_plays(seed: int, tmp_path: Path) -> None:
    """The same for every seed up to 20."""
    _one_is_stuck(seed=seed, folder=tmp_path)

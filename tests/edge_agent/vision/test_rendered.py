"""The queue on a rendered road, through the repository's model: its length against the simulator's truth."""

import pytest

from simulators.camera.scene.weather import Skies
from tests.edge_agent.vision.rendered import queue_errors


def test_a_growing_queue_over_three_cameras() -> None:
    """Its length is within 15 % of the truth at most moments, while vehicles come and move up."""
    errors = queue_errors("overcast", seed=3, seconds=80, step_s=2)
    print(errors)
    assert len(errors.shares) >= 15
    assert errors.median <= 0.15


@pytest.mark.long
@pytest.mark.parametrize(("sky", "seed"), [("overcast", 4), ("rain", 5), ("night", 6), ("clear", 7), ("snow", 8)])
def test_a_growing_queue_under_any_sky(sky: Skies, seed: int) -> None:
    """The same at one look a second until it leaves the last camera's picture."""
    errors = queue_errors(sky, seed=seed, seconds=180)
    print(f"{sky}: {errors}")
    assert errors.median <= 0.15

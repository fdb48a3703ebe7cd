"""An agent with evidence and a hub that knows of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hub.evidence.holding import Holding, Hub


@pytest.fixture
def holding(tmp_path: Path) -> Iterator[Holding]:
    """Return an agent that listens."""
    made = Holding(tmp_path).start()
    yield made
    made.stop()


@pytest.fixture
def make_hub(tmp_path: Path, holding: Holding) -> Iterator[Callable[..., Hub]]:
    """Return what makes a hub; it is closed afterwards."""
    made: list[Hub] = []

    def make(config: str = "") -> Hub:
        made.append(Hub(tmp_path, holding, config=config))
        return made[-1]

    yield make
    for hub in made:
        hub.close()

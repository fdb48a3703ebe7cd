"""A webhook and a hub's delivery for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hub.channels.receiving import Hook, Told


@pytest.fixture
def hook() -> Iterator[Hook]:
    """Return a webhook receiver that listens."""
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Callable[[str], Told]]:
    """Return a function that starts the delivery of a config; all are ended, and none may have crashed."""
    made: list[Told] = []

    def start(text: str) -> Told:
        made.append(Told(tmp_path, text).start())
        return made[-1]

    yield start
    for told in made:
        told.close()

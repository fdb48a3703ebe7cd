"""Fixtures that several packages' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto, start_mosquitto


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the scenarios: one worker plays them, one after the other, while the others do the rest."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Run a real Mosquitto on a free port for one test."""
    server = start_mosquitto(tmp_path / "mosquitto")
    yield server
    server.stop()

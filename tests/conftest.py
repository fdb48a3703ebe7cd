"""Fixtures that several packages' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers import Mosquitto, start_mosquitto

settings.register_profile("shared", deadline=None)  # a machine that is shared stops for a while now and then
settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the scenarios: two workers play two at a time, each waits more than it computes."""
    items.sort(key=lambda item: item.path.name != "test_scenarios.py")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Run a real Mosquitto on a free port for one test."""
    server = start_mosquitto(tmp_path / "mosquitto")
    yield server
    server.stop()

"""Fixtures that several packages' tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto, start_mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Run a real Mosquitto on a free port for one test."""
    server = start_mosquitto(tmp_path / "mosquitto")
    yield server
    server.stop()

"""Fixtures of the simulators' tests."""

import pytest

from tests.servers import Mosquitto


@pytest.fixture
def broker_port(mosquitto: Mosquitto) -> int:
    """The port of a Mosquitto that lets everybody in."""
    return mosquitto.port

"""What several stories of the whole chain begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto
from tests.system.chain import Chain


@pytest.fixture
def chain(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Chain]:
    """Run the line and the command centre; hub and agent are started by the test."""
    with Chain(tmp_path, mosquitto) as found:
        yield found

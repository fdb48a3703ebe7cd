"""One InfluxDB for all tests of the archive that do it no harm."""

from collections.abc import Iterator

import pytest

from tests.servers import Server, influxd


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a running InfluxDB; each test takes databases of its own names."""
    server = influxd(tmp_path_factory.mktemp("influxd")).start()
    yield server
    server.stop()

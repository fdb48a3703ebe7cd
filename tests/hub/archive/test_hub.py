"""A whole hub whose archive is an InfluxDB: it starts, alarms and stops without it, and fills it afterwards."""

import time
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from device_profiles.errors import ConfigError
from hub.archive import Query
from hub.cli import app
from tests.hub.archive.influxes import influx_archive, proxy
from tests.hub.rig import WAIT_S, AgentSide, HubProcess, event, pack
from tests.servers import Mosquitto, Server, influxd
from tests.strain import Strain


def archived(server: Server, folder: Path) -> int:
    """Return how many points are in the hub's database, asked as a stranger."""
    folder.mkdir(exist_ok=True)
    archive = influx_archive(server.url, folder, name="citynerve")
    try:
        return sum(archive.count_by_hour(Query()).values())
    finally:
        archive.close()


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait for what tells nobody."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_invariant_03_a_hub_whose_database_is_away_starts_and_alarms(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Ready, receipts and alarms without InfluxDB; everything is in it once it is there, after a restart too."""
    server = influxd(tmp_path / "influxd")
    hub = HubProcess(tmp_path, mosquitto.url, extra=f'[archive]\nkind = "influx"\nurl = "{server.url}"').start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1), pack(2), pack(1, "event", event()))
        assert agent.receipted("reading", 2)
        assert agent.receipted("event", 1)
        wait_for(lambda: any("reader archive waits: influxdb" in line for line in hub.log))
        wait_for(lambda: len(hub.alarms(open_only=True)) == 1)
        server.start()
        wait_for(lambda: archived(server, tmp_path / "asking") == 3)
        server.stop(kill=True)
        agent.send(pack(3))
        assert agent.receipted("reading", 3)
        assert hub.stop() == 0
        hub.start()
        server.start()
        wait_for(lambda: archived(server, tmp_path / "asking") == 4)
    assert any(f"archive: InfluxDB at {server.url}, citynerve" in line for line in hub.log)
    assert hub.stop() == 0
    server.stop()


def test_a_hub_stops_in_time_beside_a_database_that_hangs(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A request without an answer holds up no start and no stop."""

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        time.sleep(20)
        return 500, b""

    with proxy("http://127.0.0.1:1", answer) as url:
        hub = HubProcess(tmp_path, mosquitto.url, extra=f'[archive]\nkind = "influx"\nurl = "{url}"').start()
        with AgentSide(mosquitto.url, tmp_path) as agent:
            agent.send(pack(1))
            assert agent.receipted("reading", 1)
        strain = Strain()
        assert hub.stop() == 0
        assert strain.within(15.0)  # 5 s for what hangs


def test_check_names_file_and_key(tmp_path: Path) -> None:
    """`hub check` looks at the config and its files, and asks no server."""
    place = 'kind = "influx"\nurl = "http://127.0.0.1:1"\nuser = "hub"\npassword_file = "word"'
    hub = HubProcess(tmp_path, "mqtt://127.0.0.1:1", extra=f"[archive]\n{place}")
    refused = CliRunner().invoke(app, ["check", str(hub.config)])
    assert isinstance(refused.exception, ConfigError)
    assert refused.exception.key == "archive.password_file"
    (tmp_path / "word").write_text("open sesame\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["check", str(hub.config)]).exit_code == 0

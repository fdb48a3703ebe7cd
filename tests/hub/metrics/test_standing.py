"""What a running hub says of itself on /metrics."""

from pathlib import Path

from device_profiles.wire import Status
from hub.metrics import STANDING
from tests.hub.metrics.scraped import scrape, until, url_of
from tests.hub.rig import ADDRESS, EPOCH, AgentSide, HubProcess, event, pack
from tests.servers import Mosquitto

COUNTS = {"thinned": 1, "evicted": 2, "resent": 3, "connects": 4, "bad_receipts": 5, "bad_messages": 6, "of_later": 7}
STATUS = Status(1, EPOCH, True, outbox={"reading": 8, "event": 0}, counts=COUNTS)
METRICS = '[metrics]\nlisten = "127.0.0.1:0"'


def test_a_hub_tells_what_it_does(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Packs, an alarm, receipts, readers, links and clocks of a whole hub; each declared family is there."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url, extra=METRICS).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1), pack(2), pack(1, "event", event()))
        agent.send_raw(b"garbage")
        agent.send(pack(1, "status", STATUS))
        assert agent.receipted("reading", 2)
        found = until(hub, "alarms_open", "life", 1)
        until(hub, "quarantined_total", "malformed", 1)
        found = until(hub, "agent_online", str(ADDRESS), 1)
    assert found["packs_total", "reading"] == 2
    assert found["facts_total", "event"] == 1
    assert found["mqtt_connects_total", "hub-hub-1-reading"] == found["mqtt_connected", "hub-hub-1-event"] == 1
    assert abs(found["agent_clock_offset_seconds", str(ADDRESS)]) < 60
    assert {reader for name, reader in found if name == "reader_lag_seconds"} == {"alarms", "twins", "archive"}
    told = {name: found.get((f"agent_{name}_total", str(ADDRESS))) for name in COUNTS}
    assert told == COUNTS | {"of_later": None}
    assert found["agent_outbox_packs", f"{ADDRESS} reading"] == 8
    assert found["journal_bytes", ""] > 4_096
    assert found["process_resident_memory_bytes", ""] > 0
    names = {name.removesuffix("_total") for name, _ in found}
    assert STANDING.keys() - names == {"lost", "archive_refused", "alarms_refused"}  # nothing was
    assert hub.stop() == 0


def test_an_archive_apart_tells_for_itself(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Its process has an address of its own."""
    extra = '[archive]\napart = true\n[metrics]\narchive_listen = "127.0.0.1:0"'
    hub = HubProcess(tmp_path / "hub", mosquitto.url, extra=extra).start()
    archive = HubProcess(tmp_path / "hub", mosquitto.url, extra=extra).start(words=("--only", "archive"))
    assert ("reader_behind_records", "archive") in scrape(url_of(archive))
    assert not any("metrics at" in line for line in hub.log)
    assert (archive.stop(), hub.stop()) == (0, 0)


def test_a_taken_port_costs_the_metrics_and_not_the_alarms(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The hub says so and runs."""
    extra = f'[metrics]\nlisten = "127.0.0.1:{mosquitto.port}"'
    hub = HubProcess(tmp_path / "hub", mosquitto.url, extra=extra).start()
    assert any("no metrics" in line for line in hub.log)
    assert hub.stop() == 0

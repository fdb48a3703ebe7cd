"""A backlog of days comes over the wire: alarms of the past are recorded, and none of it is sounded as news."""

import time
from pathlib import Path
from typing import Any

import msgspec

from device_profiles.wire import Event, Fact, Lane, Lost, Reading
from hub.config import read_config
from hub.database import open_database, reading
from hub.journal.journal import Journal
from hub.ledger.store import catch_up, load
from hub.ledger.view import view
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.configs import write_config
from tests.hub.rig import AgentSide, HubProcess, pack
from tests.servers import Mosquitto
from tests.system.chain import WAIT_S, Centre
from tests.system.filled import AGENT, fill

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000


def _event(kind: str, t_us: int, device: str = "lift-01") -> Event:
    return Event(device, t_us, kind, "life" if kind == "lift.stuck_occupied" else "info")


def test_an_alarm_that_began_and_ended_in_a_backlog_is_shown_and_not_sounded(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """Four days late: `hub alarms` has it with its own times; one that happens now is sounded as ever."""
    now_us = time.time_ns() // 1000
    then_us = now_us - 4 * DAY_US
    packs: list[tuple[Lane, list[Fact]]] = [
        ("event", [_event("lift.stuck_occupied", then_us + MINUTE_US)]),
        ("event", [_event("lift.released", then_us + 11 * MINUTE_US)]),
        ("event", [_event("lift.stuck_occupied", now_us, "lift-02")]),
        *(("reading", [Reading("lift-01", then_us + n * MINUTE_US, {"car_position": n})]) for n in range(1, 30)),
        *(("backlog", [Reading("lift-01", then_us + n * MINUTE_US, {"car_position": n})]) for n in range(30, 60)),
    ]
    fill(tmp_path / "data", packs, made_us=then_us)
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    centre = Centre(mosquitto.url, tmp_path)
    centre.link.start()
    assert centre.link.subscribed.wait(WAIT_S)
    agent = AgentProcess(write_config(tmp_path, url=mosquitto.url))
    try:
        assert centre.hears("lift.entrapment", "raised", "cleared", "raised")
        assert agent.stop() == 0, agent.log
    finally:
        agent.kill()
        centre.link.stop()
    assert hub.stop() == 0
    assert [word.sounded for word in centre.words if word.rule == "lift.entrapment"] == [False, False, True]
    past, present = sorted(
        (alarm for alarm in hub.alarms() if alarm["rule"] == "lift.entrapment"), key=lambda one: one["subject"] or ""
    )
    assert (past["sounded"], past["open"], past["t_fact_us"]) == (False, False, then_us + MINUTE_US)
    assert (present["sounded"], present["open"]) == (True, True)


def test_a_wiped_disk_ends_as_epoch_abandoned(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """What the old outbox had made and never delivered is lost by the word of the new one's birth."""
    now_us = time.time_ns() // 1000
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    packs: list[tuple[Lane, list[Fact]]] = [
        ("event", [Lost(now_us, "reading", now_us // 1_000_000 - 60, 3, 4, "evicted", 7)]),
        *(("reading", [Reading("lift-01", now_us - MINUTE_US, {"car_position": n})]) for n in (1, 2)),
    ]
    old = fill(tmp_path / "data", packs, made_us=now_us - MINUTE_US)
    config = write_config(tmp_path, url=mosquitto.url)
    agent = AgentProcess(config)
    try:
        _until_row(hub, old, "reading", received=2)
        assert agent.kill() == -9
    finally:
        agent.kill()
    for path in (tmp_path / "data").iterdir():
        path.unlink()
    _until_second_after(time.time())  # a session's epoch is the second in which it began
    _publish_later_pack(mosquitto, tmp_path, epoch=old, seq=9)
    agent = AgentProcess(config)
    try:
        agent.wait_for("ready")  # the one before may have lived long enough to abandon what was receipted
        _until_row(hub, old, "reading", missing=0, received=3, outstanding=0)
        assert agent.stop() == 0, agent.log
    finally:
        agent.kill()
    row = _row(hub, old, "reading")
    assert row["lost"] == {"evicted": 2, "epoch_abandoned": 4}
    assert (row["published"], row["outstanding"]) == (9, 0)
    assert hub.stop() == 0


def _until_second_after(begun_s: float) -> None:
    while int(time.time()) == int(begun_s):
        time.sleep(0.05)


def _publish_later_pack(mosquitto: Mosquitto, folder: Path, *, epoch: int, seq: int) -> None:
    """Deliver the last pack of the old session, those before it died with the disk."""
    with AgentSide(mosquitto.url, folder) as side:
        side.send(pack(seq, epoch=epoch))
        assert side.until(lambda: bool(side.pubacks))


def _row(hub: HubProcess, epoch: int, lane: Lane) -> dict[str, Any]:
    settings = read_config(hub.config)
    journal, engine = Journal.open(settings.journal, reserve_bytes=0), open_database(settings.database)
    try:
        ledger = load(reading(engine))
        catch_up(ledger, journal)
    finally:
        engine.dispose()
        journal.close()
    rows = (row for row in view(ledger, agent=AGENT).lanes if (row.epoch, row.lane) == (epoch, lane))
    return next(map(msgspec.structs.asdict, rows), {})


def _until_row(hub: HubProcess, epoch: int, lane: Lane, **counts: int) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while {name: (row := _row(hub, epoch, lane)).get(name) for name in counts} != counts:
        assert time.monotonic() < deadline_s, row
        time.sleep(0.1)  # a database of another process tells nobody

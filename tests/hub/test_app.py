"""The hub as one program: a fact becomes an alarm, told on the broker, and its decisions are repeatable."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import ALARM_FILTER
from device_profiles.wire import Event, Reading
from hub.alarms.kept.log import read_alarms
from hub.archive import Query
from hub.archive.embedded import EmbeddedArchive
from hub.database import open_database
from hub.database import reading as reading_of
from hub.journal.journal import Journal
from tests.hub.rig import WAIT_S, AgentSide, HubProcess, event, pack
from tests.servers import Mosquitto


class Centre:
    """A command centre: it hears alarms."""

    def __init__(self, url: str, folder: Path) -> None:
        self.heard: list[Inbound] = []
        self.changed = threading.Condition()
        self.link = Link(
            BrokerConfig(url),
            client_id="centre",
            folder=folder,
            persistent=False,
            subscriptions=(ALARM_FILTER,),
            on_message=self._hear,
        )

    def __enter__(self) -> "Centre":
        self.link.start()
        assert self.link.subscribed.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def until(self, count: int) -> bool:
        """Wait for that many messages."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.heard) >= count, WAIT_S)

    def _hear(self, message: Inbound) -> None:
        with self.changed:
            self.heard.append(message)
            self.changed.notify_all()


def eventually(hub: HubProcess, count: int, *, open_only: bool) -> list[dict[str, object]]:
    """Return the alarms once there are ``count``; the command line polls, for the database tells nobody."""
    deadline = time.monotonic() + WAIT_S
    while len(found := hub.alarms(open_only=open_only)) != count and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_an_event_is_an_alarm_at_the_command_centre(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Without any birth: raised, told, shown, acknowledged and closed by a person, and decided the same again."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with Centre(mosquitto.url, tmp_path) as centre, AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1, "event", event()))
        assert centre.until(1)
        (alarm,) = hub.alarms(open_only=True)
        assert (alarm["rule"], alarm["subject"]) == ("lift.entrapment", "hz/xiacheng/chaoming/lift-07")
        assert centre.heard[0].topic.endswith(str(alarm["id"]))
        assert msgspec.json.decode(centre.heard[0].payload)["specversion"] == "1.0"
        hub.ask("alarm", "ack", alarm["id"], "--actor", "li.wei")
        hub.ask("alarm", "close", alarm["id"], "--actor", "li.wei", "--note", "released")
        assert eventually(hub, 0, open_only=True) == []
    hub.ask("replay")
    assert hub.stop() == 0
    hub.ask("replay", "--json")
    assert [found["open"] for found in hub.alarms()] == [False]


def test_invariant_14_the_archive_may_run_apart(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """With ``apart`` the archive's process follows the journal of the hub's."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url, extra="[archive]\napart = true").start()
    archive = HubProcess(tmp_path / "hub", mosquitto.url, extra="[archive]\napart = true")
    archive.start(words=("--only", "archive"))
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(*(pack(seq, "reading", Reading("lift-07", seq, {"car_position": 1})) for seq in range(1, 4)))
        assert agent.receipted("reading", 3)
        deadline = time.monotonic() + WAIT_S
        while archived(hub) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert archived(hub) == 3
    assert (archive.stop(), hub.stop()) == (0, 0)


def archived(hub: HubProcess) -> int:
    """Return how many points the archive has."""
    archive = EmbeddedArchive(hub.folder / "data" / "archive.db")
    try:
        return len(archive.read(Query()))
    finally:
        archive.close()


def test_a_crashed_thread_ends_the_hub_with_exit_1(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Somebody moves a reader's cursor under its feet: the hub says so and ends, and a supervisor starts it anew."""
    hub = HubProcess(tmp_path, mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1, "event", event()))
        assert agent.receipted("event", 1)
        assert len(eventually(hub, 1, open_only=True)) == 1
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "hub.db")) as database, database:
            database.execute("UPDATE cursors SET offset = offset + 1000 WHERE reader = 'alarms'")
        agent.send(pack(2, "event", event()))
        assert hub.ended() == 1
    log = "".join(hub.log)
    assert "thread reader alarms crashed" in log
    assert "does another hub use this data folder?" in log


def test_a_tick_is_journalled_before_anything_comes_in(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """What waited at the broker while the hub was away comes after the hub's word that it is awake."""
    hub = HubProcess(tmp_path, mosquitto.url).start()
    assert hub.stop() == 0
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(*(pack(seq) for seq in range(1, 20)))
        begun_us = time.time_ns() // 1000
        hub.start()
        assert agent.receipted("reading", 19)
    assert hub.stop() == 0
    journal = Journal.open(tmp_path / "data" / "journal.db", reserve_bytes=0)
    records = journal.read(0, 1000)
    journal.close()
    kinds = [record.kind for record in records]
    assert kinds.count("pack") == 19
    before = records[kinds.index("pack") - 1]
    assert (before.kind, before.received_us >= begun_us) == ("tick", True)


def test_a_journal_that_was_lost_hides_no_alarm(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Its numbers go on where the readers stand: they would skip everything that gets a number again."""
    hub = HubProcess(tmp_path, mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(*(pack(seq) for seq in range(1, 50)), pack(1, "event", event()))
        assert agent.receipted("reading", 49)
        assert agent.receipted("event", 1)
        assert len(eventually(hub, 1, open_only=True)) == 1
        assert hub.stop() == 0
        before = hub.records()[-1].offset
        for path in (tmp_path / "data").glob("journal.db*"):
            path.unlink()
        hub.start()
        released = Event("lift-07", time.time_ns() // 1000, "lift.released", "info")
        agent.send(pack(2, "event", released))
        assert eventually(hub, 0, open_only=True) == []
    assert hub.stop() == 0
    assert hub.records()[0].offset > before
    assert "is not the one that was read before" in "".join(hub.log)
    assert "same" in hub.ask("replay")


def test_who_looks_on_holds_up_no_alarm(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A reader of hub.db that takes its time sees one state, while alarms are raised and told."""
    hub = HubProcess(tmp_path, mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent, Centre(mosquitto.url, tmp_path) as centre:
        engine = open_database(tmp_path / "data" / "hub.db")
        with reading_of(engine).connect() as connection:
            assert read_alarms(connection) == []
            agent.send(pack(1, "event", event()))
            assert centre.until(1)
            assert read_alarms(connection) == []
        engine.dispose()
    assert hub.stop() == 0


def test_invariant_03_an_archive_that_is_stuck_holds_up_no_alarm(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Its file is locked by somebody: the alarm is told, the hub lives, and the archive is filled afterwards."""
    hub = HubProcess(tmp_path, mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent, Centre(mosquitto.url, tmp_path) as centre:
        lock = sqlite3.connect(tmp_path / "data" / "archive.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        agent.send(pack(1), pack(1, "event", event()))
        assert centre.until(1)
        wait_for(lambda: any("reader archive waits" in line for line in hub.log))
        agent.send(pack(2, "event", Event("lift-07", time.time_ns() // 1000, "lift.released", "info")))
        assert centre.until(2)
        lock.close()
        wait_for(lambda: archived(hub) == 3)
    assert hub.stop() == 0


def test_invariant_03_a_damaged_archive_is_filled_anew(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The journal has what it held; the hub starts, and the file is kept for people."""
    hub = HubProcess(tmp_path, mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1), pack(1, "event", event()))
        wait_for(lambda: archived(hub) == 2)
        assert hub.stop() == 0
        (tmp_path / "data" / "archive.db").write_bytes(b"this is no database" * 1000)
        hub.start()
        wait_for(lambda: archived(hub) == 2)
    assert hub.stop() == 0
    assert len(list((tmp_path / "data").glob("archive.db.broken-*"))) == 1


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait for what tells nobody."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)

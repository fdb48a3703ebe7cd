"""Whoever watches the hub's status knows within ten seconds that it is gone."""

import threading
from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import hub_status_topic
from hub.heartbeat import ABSENT_S, Heartbeat, HubStatus
from hub.journal.journal import Journal
from tests.hub.metrics.scraped import until
from tests.hub.rig import WAIT_S, HubProcess
from tests.servers import Mosquitto
from tests.strain import Strain

METRICS = '[metrics]\nlisten = "127.0.0.1:0"'


class Watch:
    """Keeps the statuses that a hub says."""

    def __init__(self, url: str, folder: Path) -> None:
        self.heard: list[HubStatus] = []
        self.changed = threading.Condition()
        topics = (hub_status_topic("hub-1"),)
        self.link = Link(
            BrokerConfig(url),
            client_id="watch",
            folder=folder,
            persistent=False,
            subscriptions=topics,
            on_message=self._hear,
        )

    def until(self, *, online: bool, count: int = 1) -> bool:
        """Wait until the last ``count`` statuses are as said."""
        with self.changed:
            wanted = [online] * count
            return self.changed.wait_for(lambda: [status.online for status in self.heard[-count:]] == wanted, WAIT_S)

    def _hear(self, message: Inbound) -> None:
        with self.changed:
            self.heard.append(msgspec.json.decode(message.payload, type=HubStatus))
            self.changed.notify_all()


def test_a_killed_hub_is_offline_within_ten_seconds(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """It says that it lives again and again; after SIGKILL the broker says that it does not; a stop says so itself."""
    watch = Watch(mosquitto.url, tmp_path)
    watch.link.start()
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    assert watch.until(online=True, count=3)
    assert hub.process is not None
    strain = Strain()
    hub.process.kill()
    assert hub.ended() == -9
    assert watch.until(online=False)
    assert strain.within(ABSENT_S)
    hub.start()
    assert watch.until(online=True)
    assert watch.heard[-1].journal > 0
    assert hub.stop() == 0
    assert watch.until(online=False)
    watch.link.stop()


@pytest.mark.long
def test_two_hubs_of_one_name_say_so(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Each says once where the other is, in its log, on /metrics and in its status; the doctor of each fails.

    The other runs on a copy of the first one's data, started beside the original; neither ends, and when one is gone
    what is retained says that the name still lives. Before, a restart after SIGKILL says nothing of the kind.
    """
    watch = Watch(mosquitto.url, tmp_path)
    watch.link.start()
    first = HubProcess(tmp_path / "first", mosquitto.url, extra=METRICS).start()
    assert first.process is not None
    first.process.kill()
    assert first.ended() == -9
    before = len(first.log)
    assert not any("another hub" in line for line in first.log)
    del first.log[:before]
    first.start()
    assert first.ask("backup", first.config, tmp_path / "copy", config=False)
    other = HubProcess(tmp_path / "other", mosquitto.url, extra=METRICS)
    other.ask("restore", tmp_path / "copy")
    assert "is alive there" in other.ask("doctor", code=1)  # it could have been known before
    other.start()
    assert other.process is not None
    for hub in (first, other):
        until(hub, "namesakes", "", 1)
    with watch.changed:
        processes = {first.process.pid, other.process.pid}
        assert watch.changed.wait_for(lambda: _told_of(watch.heard) == processes, WAIT_S)
        assert not any(status.alarms_told for status in watch.heard if status.others)
    for hub in (first, other):
        assert "another hub named hub-1 is alive there" in hub.ask("doctor", code=1)
    assert other.stop() == 0
    assert watch.until(online=True)  # the other's goodbye is not the last word
    assert first.stop() == 0
    said = [[line for line in hub.log if "another hub named" in line] for hub in (first, other)]
    assert [len(lines) for lines in said] == [1, 1]
    assert f":{other.process.pid}'" in said[0][0]
    watch.link.stop()


def test_two_life_signs_of_one_name_hear_each_other(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Both say so, and not that what is retained is what is open; a goodbye of one does not stay the last word.

    What an earlier start, or another place where the hub was, has left retained is no hub.
    """
    watch, told = Watch(mosquitto.url, tmp_path), threading.Event()
    watch.link.start()
    assert watch.link.subscribed.wait(WAIT_S)
    left = HubStatus("hub-1", True, 1, 1, "0", True, "an earlier start", "far:1")
    watch.link.publish(hub_status_topic("hub-1"), msgspec.json.encode(left), retain=True)
    assert watch.until(online=True)
    journals = [Journal.open(tmp_path / f"{number}.db", reserve_bytes=0) for number in range(2)]
    beats = [_beat(mosquitto.url, journal, told) for journal in journals]
    beats[0].start()
    assert watch.until(online=True, count=4)
    assert beats[0].namesakes() == 0
    beats[1].start()
    with watch.changed:
        said = watch.changed.wait_for(
            lambda: {each.boot for each in watch.heard if each.others} == _boots(beats), WAIT_S
        )
        assert said
    assert [beat.namesakes() for beat in beats] == [1, 1]
    watch.heard.clear()
    told.set()
    with watch.changed:
        assert watch.changed.wait_for(lambda: {each.boot for each in watch.heard} == _boots(beats), WAIT_S)
        assert not any(status.alarms_told for status in watch.heard)
    beats[1].stop()
    with watch.changed:
        assert watch.changed.wait_for(lambda: [each.online for each in watch.heard][-2:] == [False, True], WAIT_S)
    beats[0].stop()
    assert [record.levelname for record in caplog.records if "another hub named" in record.message] == ["ERROR"] * 2
    for journal in journals:
        journal.close()
    watch.link.stop()


def _beat(url: str, journal: Journal, told: threading.Event) -> Heartbeat:
    folder = journal.path.parent
    return Heartbeat(
        BrokerConfig(url), hub="hub-1", folder=folder, clock=Clock(), journal=journal, all_told=told.is_set
    )


def _boots(beats: list[Heartbeat]) -> set[str]:
    return {beat.boot for beat in beats}


def _told_of(heard: list[HubStatus]) -> set[int]:
    return {int(process.rpartition(":")[2]) for status in heard for process in status.others}

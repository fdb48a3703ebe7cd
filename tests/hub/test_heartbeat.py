"""Whoever watches the hub's status knows within ten seconds that it is gone."""

import threading
from pathlib import Path

import msgspec

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import hub_status_topic
from hub.heartbeat import ABSENT_S, HubStatus
from tests.hub.rig import WAIT_S, HubProcess
from tests.servers import Mosquitto
from tests.strain import Strain


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

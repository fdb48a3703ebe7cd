"""A link stays connected, keeps its session over a broker's restart, and acks only what came on its own connection."""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from device_profiles.link import BrokerConfig, Inbound, Link, Will
from tests.servers import PASSWORD_LINE, Mosquitto, free_port, start_mosquitto, wait_for_text
from tests.strain import Strain

WAIT_S = 30.0
TOPIC = "citynerve/1/agent/hz/x/c/a/event"


class Party:
    """A link with what it received and what was acked to it."""

    def __init__(self, broker: BrokerConfig, folder: Path, client_id: str, **options: object) -> None:
        self.inbox: queue.Queue[Inbound] = queue.Queue()
        self.pubacks: queue.Queue[int] = queue.Queue()
        self.connections: queue.Queue[int] = queue.Queue()
        self.link = Link(
            broker,
            client_id=client_id,
            folder=folder,
            on_message=self.inbox.put,
            on_puback=self.pubacks.put,
            on_connected=lambda: self.connections.put(self.link.connection),
            **options,  # type: ignore[arg-type]
        )

    def connected(self) -> int:
        """Wait for the next connection and return its number."""
        return self.connections.get(timeout=WAIT_S)

    def received(self) -> Inbound:
        """Wait for the next message."""
        return self.inbox.get(timeout=WAIT_S)

    def noticed(self) -> None:
        """Wait until the link knows that its connection is gone, which no callback tells."""
        deadline = time.monotonic() + WAIT_S
        while self.link.connected.is_set():
            assert time.monotonic() < deadline, "the link still counts itself as connected"
            threading.Event().wait(0.01)


@pytest.fixture
def parties(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[tuple[Party, Party]]:
    """Return a publisher and a subscriber that acks by hand, both connected."""
    broker = BrokerConfig(url=mosquitto.url)
    sender = Party(broker, tmp_path, "sender", persistent=False)
    receiver = Party(broker, tmp_path, "receiver", persistent=True, manual_ack=True, subscriptions=(TOPIC,))
    for party in (receiver, sender):
        party.link.start()
        assert party.connected() == 1
    assert receiver.link.subscribed.wait(WAIT_S)  # what is published before that comes to nobody
    yield sender, receiver
    sender.link.stop()
    receiver.link.stop()


def test_a_publish_is_acked_by_its_mid(parties: tuple[Party, Party]) -> None:
    """The PUBACK names the mid that publish returned, and the message arrives as it was."""
    sender, receiver = parties
    mid = sender.link.publish(TOPIC, b"hello")
    assert mid is not None
    assert sender.pubacks.get(timeout=WAIT_S) == mid
    message = receiver.received()
    assert (message.topic, message.payload, message.retain, message.connection) == (TOPIC, b"hello", False, 1)


def test_what_was_not_acked_comes_again_after_drop(parties: tuple[Party, Party]) -> None:
    """Dropping the connection makes the broker send the unacked message again, on a connection of another number."""
    sender, receiver = parties
    sender.link.publish(TOPIC, b"hello")
    first = receiver.received()
    receiver.link.drop()
    again = receiver.received()
    assert (first.payload, first.connection) == (b"hello", 1)
    assert (again.payload, again.connection) == (b"hello", 2)


def test_only_the_own_connection_acks(parties: tuple[Party, Party]) -> None:
    """An ack for a message of an earlier connection is not sent: its packet id may name another message now."""
    sender, receiver = parties
    sender.link.publish(TOPIC, b"hello")
    first = receiver.received()
    receiver.link.drop()
    receiver.received()
    receiver.link.ack(first)
    receiver.link.drop()
    third = receiver.received()
    assert (third.payload, third.connection) == (b"hello", 3)
    receiver.link.ack(third)
    for text in (b"one", b"two"):  # once they are here, the ack before them is out
        sender.link.publish(TOPIC, text)
        assert receiver.received().payload == text
    receiver.link.drop()
    assert [receiver.received().payload for _ in range(2)] == [b"one", b"two"]


def test_the_session_survives_a_restart_of_the_broker(mosquitto: Mosquitto, parties: tuple[Party, Party]) -> None:
    """Both links return by themselves, and the unacked message comes again from the broker's disk."""
    sender, receiver = parties
    sender.link.publish(TOPIC, b"before")
    receiver.received()
    mosquitto.stop()
    sender.noticed()
    assert sender.link.publish(TOPIC, b"nobody there") is None
    mosquitto.start()
    assert sender.connected() == receiver.connected() == 2
    again = receiver.received()
    assert (again.payload, again.connection) == (b"before", 2)
    receiver.link.ack(again)
    sender.link.publish(TOPIC, b"after")
    assert receiver.received().payload == b"after"


def test_the_will_is_told_for_a_death_and_not_for_a_goodbye(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """stop() says goodbye; a connection that is cut leaves the will, retained."""
    broker = BrokerConfig(url=mosquitto.url)
    polite = Party(broker, tmp_path, "polite", persistent=False, will=Will("wills/polite", b"dead"))
    watcher = Party(broker, tmp_path, "watcher", persistent=False, subscriptions=("wills/#",))
    rude = Party(broker, tmp_path, "rude", persistent=False, will=Will("wills/rude", b"dead"))
    for party in (watcher, polite, rude):
        party.link.start()
        party.connected()
    polite.link.stop()
    rude.link.drop()
    message = watcher.received()
    assert (message.topic, message.payload) == ("wills/rude", b"dead")
    for party in (watcher, rude):
        party.link.stop()


def test_a_wrong_password_is_logged_once_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A refused link says so once, keeps trying, and connects when the broker learns the password."""
    accounts = tmp_path / "accounts"
    accounts.touch()
    server = start_mosquitto(tmp_path / "broker", extra=f"allow_anonymous false\npassword_file {accounts}\n")
    (tmp_path / "password").write_text("s3cret\n")
    broker = BrokerConfig(url=server.url, username="hub", password_file="password")
    party = Party(broker, tmp_path, "hub-x", persistent=False)
    with caplog.at_level(logging.INFO, "device_profiles.link"):
        party.link.start()
        wait_for_text(server.folder / "server.log", "not authorised", times=3)
        server.stop()
        accounts.write_text(PASSWORD_LINE)
        server.start()
        assert party.connected() == 1
    party.link.stop()
    server.stop()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "refuses hub-x" in caplog.records[0].getMessage()


def test_a_lost_link_is_logged_once(mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One warning when it is lost, one line when it is back, however many tries were between."""
    party = Party(BrokerConfig(url=mosquitto.url), tmp_path, "a", persistent=False)
    with caplog.at_level(logging.INFO, "device_profiles.link"):
        party.link.start()
        party.connected()
        mosquitto.stop(kill=True)
        threading.Event().wait(1.5)  # some tries that fail
        mosquitto.start()
        party.connected()
    party.link.stop()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]


def test_stop_does_not_wait_for_a_broker_that_is_away(tmp_path: Path) -> None:
    """A link that never connected publishes nothing and stops."""
    link = Link(BrokerConfig(url=f"mqtt://127.0.0.1:{free_port()}"), client_id="a", folder=tmp_path, persistent=False)
    link.start()
    assert link.publish(TOPIC, b"x") is None
    strain = Strain()
    link.stop()
    assert strain.within(5.0)


@pytest.mark.parametrize(
    ("broker", "key"),
    [
        (BrokerConfig(url="http://127.0.0.1"), "broker.url"),
        (BrokerConfig(url="mqtt://"), "broker.url"),
        (BrokerConfig(url="mqtt://127.0.0.1:99999"), "broker.url"),
        (BrokerConfig(url="mqtt://broker..city:1883"), "broker.url"),
        (BrokerConfig(username="a", password_file="missing"), "broker.password_file"),
        (BrokerConfig(url="mqtts://127.0.0.1", ca_file="missing"), "broker.ca_file"),
    ],
)
def test_a_broker_config_that_cannot_be_used_is_named(tmp_path: Path, broker: BrokerConfig, key: str) -> None:
    """URL, password file and authority are checked when the link is made."""
    with pytest.raises(ConfigError) as caught:
        Link(broker, client_id="a", folder=tmp_path, persistent=False)
    assert caught.value.key == key

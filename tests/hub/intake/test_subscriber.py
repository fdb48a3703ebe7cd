"""The intake's own client against a real Mosquitto: sessions, acks, drops, TLS, a wrong password, a silent broker."""

import logging
import queue
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from device_profiles.link import BrokerConfig, Inbound, Link
from hub.intake.subscriber import Pulse, Subscriber
from tests.servers import PASSWORD_LINE, Mosquitto, free_port, self_signed, start_mosquitto, wait_for_text
from tests.strain import Strain

WAIT_S = 30.0
TOPIC = "citynerve/1/agent/hz/x/c/a/reading"


class Party:
    """A subscriber with what it received."""

    def __init__(
        self, broker: BrokerConfig, folder: Path, client_id: str = "hub-x", topics: tuple[str, ...] = (TOPIC,)
    ):
        self.inbox: queue.Queue[Inbound] = queue.Queue()
        self.client = Subscriber(
            broker, client_id=client_id, folder=folder, subscriptions=topics, on_messages=self._take
        )

    def __enter__(self) -> "Party":
        self.client.start()
        assert self.client.subscribed.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop()

    def received(self) -> Inbound:
        """Wait for the next message."""
        return self.inbox.get(timeout=WAIT_S)

    def on_connection(self, number: int) -> bool:
        """Wait until it is subscribed on that connection."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if self.client.connection >= number and self.client.subscribed.wait(0.05):
                return True
        return False

    def _take(self, messages: Sequence[Inbound]) -> None:
        for message in messages:
            self.inbox.put(message)


@pytest.fixture
def sender(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Link]:
    """Return a publisher."""
    link = Link(BrokerConfig(url=mosquitto.url), client_id="sender", folder=tmp_path, persistent=False)
    link.start()
    assert link.connected.wait(WAIT_S)
    yield link
    link.stop()


def test_what_was_not_acked_comes_again_after_drop(mosquitto: Mosquitto, sender: Link, tmp_path: Path) -> None:
    """An ack counts on its own connection alone: afterwards the packet id may be another message's."""
    with Party(BrokerConfig(url=mosquitto.url), tmp_path) as party:
        sender.publish(TOPIC, b"hello")
        first = party.received()
        assert (first.topic, first.payload, first.connection) == (TOPIC, b"hello", 1)
        party.client.drop()
        again = party.received()
        assert (again.payload, again.connection) == (b"hello", 2)
        party.client.ack(first)
        party.client.drop()
        third = party.received()
        assert (third.payload, third.connection) == (b"hello", 3)
        party.client.ack(third)
        sender.publish(TOPIC, b"next")
        assert party.received().payload == b"next"


def test_the_session_outlives_a_stop_and_acks_are_sent_before_it(
    mosquitto: Mosquitto, sender: Link, tmp_path: Path
) -> None:
    """What came while it was away is there on return; what it had acked is not."""
    with Party(BrokerConfig(url=mosquitto.url), tmp_path) as party:
        sender.publish(TOPIC, b"one")
        party.client.ack(party.received())
    sender.publish(TOPIC, b"two")
    with Party(BrokerConfig(url=mosquitto.url), tmp_path) as party:
        assert party.received().payload == b"two"


def test_many_messages_come_in_few_calls(mosquitto: Mosquitto, sender: Link, tmp_path: Path) -> None:
    """Two thousand messages, also long ones, each once and in order."""
    with Party(BrokerConfig(url=mosquitto.url), tmp_path) as party:
        sent = [b"%d " % number + b"x" * (number % 700) for number in range(2_000)]
        for payload in sent:
            sender.publish(TOPIC, payload)
        found = []
        for _ in sent:
            message = party.received()
            party.client.ack(message)
            found.append(message.payload)
        assert found == sent


def test_a_message_without_measure_holds_up_nobody(mosquitto: Mosquitto, sender: Link, tmp_path: Path) -> None:
    """To hang up would bring it again, first thing on each connection: it is taken, its beginning kept, and acked."""
    with Party(BrokerConfig(url=mosquitto.url), tmp_path) as party:
        for payload in (b" " * 5_000_000, b"next"):
            sender.publish(TOPIC, payload)
        monster, following = party.received(), party.received()
        assert len(monster.payload) + monster.beyond == 5_000_000
        assert len(monster.payload) < 1_000_000
        assert (following.payload, party.client.connection) == (b"next", 1)


def test_it_publishes_what_others_hear(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Receipts go out by the same connection; without one nothing is taken."""
    with Party(BrokerConfig(url=mosquitto.url), tmp_path, "hub-x", ("own/#",)) as party:
        with Party(BrokerConfig(url=mosquitto.url), tmp_path, "agent", (TOPIC,)) as agent:
            assert party.client.publish(TOPIC, b"receipt") == 1
            assert agent.received().payload == b"receipt"
        mosquitto.stop(kill=True)
        while party.client.connected.is_set():
            threading.Event().wait(0.01)
        assert party.client.publish(TOPIC, b"receipt") is None


def test_a_lost_link_is_logged_once(mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One warning when it is lost, one line when it is back, however many tries were between."""
    caplog.set_level(logging.INFO, "hub.intake.subscriber")
    with Party(BrokerConfig(url=mosquitto.url), tmp_path) as party:
        mosquitto.stop(kill=True)
        threading.Event().wait(1.5)  # some tries that fail
        mosquitto.start()
        assert party.on_connection(2)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]


def test_a_wrong_password_is_logged_once_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A refused client says so once, keeps trying, and connects when the broker learns the password."""
    accounts = tmp_path / "accounts"
    accounts.touch()
    server = start_mosquitto(tmp_path / "broker", extra=f"allow_anonymous false\npassword_file {accounts}\n")
    (tmp_path / "password").write_text("s3cret\n")
    party = Party(BrokerConfig(url=server.url, username="hub", password_file="password"), tmp_path)
    with caplog.at_level(logging.INFO, "hub.intake.subscriber"):
        party.client.start()
        wait_for_text(server.folder / "server.log", "not authorised", times=3)
        server.stop()
        accounts.write_text(PASSWORD_LINE)
        server.start()
        assert party.on_connection(1)
    party.client.stop()
    server.stop()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "refuses hub-x" in caplog.records[0].getMessage()


def test_it_speaks_tls_and_checks_who_answers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """By an authority of our own: messages of a megabyte in all come through; without it nothing is believed."""
    key, certificate = self_signed(tmp_path)
    port = free_port()
    tls = f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nallow_anonymous true\n"
    server = start_mosquitto(tmp_path / "broker", extra=f"allow_anonymous true\nmax_inflight_messages 0\n{tls}")
    config = BrokerConfig(url=f"mqtts://127.0.0.1:{port}", ca_file="ca.pem")
    link = Link(config, client_id="sender", folder=tmp_path, persistent=False)
    link.start()
    assert link.connected.wait(WAIT_S)
    with Party(config, tmp_path) as party:
        sent = [b"%d " % number + b"x" * 50_000 for number in range(20)]
        for payload in sent:
            link.publish(TOPIC, payload)
        found = [party.received() for _ in sent]
        party.client.ack(*found)
        assert [message.payload for message in found] == sent
    stranger = Party(BrokerConfig(url=config.url), tmp_path, "stranger")
    with caplog.at_level(logging.WARNING, "hub.intake.subscriber"):
        stranger.client.start()
        while not caplog.records:
            threading.Event().wait(0.02)
    stranger.client.stop()
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
    link.stop()
    server.stop()


def test_a_broker_that_hangs_is_left(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Without a word for twice the keepalive the connection is made anew."""
    with Party(BrokerConfig(url=mosquitto.url, keepalive_s=5), tmp_path) as party:
        party.client._dial = party.client._dial.__class__(
            party.client._dial.host, party.client._dial.port, None, party.client._dial.greeting, 1
        )
        party.client.drop()
        assert party.on_connection(2)
        assert mosquitto.process is not None
        mosquitto.process.send_signal(signal.SIGSTOP)
        while party.client.connected.is_set():
            threading.Event().wait(0.02)
        mosquitto.process.send_signal(signal.SIGCONT)
        assert party.on_connection(3)


def test_a_pulse_asks_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks when either side was still for the keepalive, once, and does not wait for an answer for ever."""
    now_s = [100.0]
    monkeypatch.setattr(Clock, "real_s", staticmethod(lambda: now_s[0]))
    pulse = Pulse(5.0)
    assert not pulse.due()
    now_s[0] += 6.0
    assert pulse.due()
    assert not pulse.due()
    pulse.heard()
    assert pulse.left_s() == 5.0
    now_s[0] += 6.0
    assert pulse.due()
    now_s[0] += 6.0
    with pytest.raises(TimeoutError):
        pulse.due()


def test_whoever_speaks_no_mqtt_is_left(tmp_path: Path) -> None:
    """A server of another kind on the port is no broker; a stop does not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        party = Party(BrokerConfig(url=f"mqtt://127.0.0.1:{server.getsockname()[1]}"), tmp_path)
        party.client.start()
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert peer.recv(1_000).startswith(b"\x10")
            again, _ = server.accept()  # it has tried anew
            again.close()
        strain = Strain()
        party.client.stop()
        assert strain.within(5.0)
        assert party.client.connection == 0


@pytest.mark.parametrize(
    ("broker", "key"),
    [
        (BrokerConfig(url="http://127.0.0.1"), "broker.url"),
        (BrokerConfig(username="a", password_file="missing"), "broker.password_file"),
        (BrokerConfig(url="mqtts://127.0.0.1", ca_file="missing"), "broker.ca_file"),
    ],
)
def test_a_broker_config_that_cannot_be_used_is_named(tmp_path: Path, broker: BrokerConfig, key: str) -> None:
    """URL, password file and authority are checked when the client is made."""
    with pytest.raises(ConfigError) as caught:
        Party(broker, tmp_path)
    assert caught.value.key == key

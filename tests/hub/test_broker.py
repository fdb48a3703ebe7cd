"""The broker's passwords and rights, asked of a real Mosquitto."""

import base64
import os
import pwd
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import AgentAddress, alarm_topic, hub_status_topic, lane_topic, receipt_topic
from hub.broker import add_agent, agent_user, hash_password, init_broker, set_password, user_name
from hub.commands.broker import init
from hub.config import read_config
from hub.errors import BrokerFolderError
from tests.servers import free_port, need, wait_for_port

OURS = AgentAddress("hz/xiacheng/chaoming", "chaoming-01")
OTHER = AgentAddress("hz/xiacheng/chaoming", "chaoming-02")
WAIT_S = 30.0


class Client:
    """A client that hears everything it may."""

    def __init__(self, url: str, folder: Path, user: str, *topics: str) -> None:
        self.heard: list[str] = []
        self._topics = topics
        self._changed = threading.Condition()
        broker = BrokerConfig(url, user, f"secrets/{user}.password")
        self.link = Link(
            broker, client_id=user, folder=folder, persistent=False, subscriptions=topics, on_message=self._hear
        )

    def __enter__(self) -> "Client":
        self.link.start()
        assert (self.link.subscribed if self._topics else self.link.connected).wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def hears(self, topic: str) -> bool:
        """Wait for a message on ``topic``."""
        with self._changed:
            return self._changed.wait_for(lambda: topic in self.heard, WAIT_S)

    def _hear(self, message: Inbound) -> None:
        with self._changed:
            self.heard.append(message.topic)
            self._changed.notify_all()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Run a Mosquitto that `hub broker init` has set up, with two agents."""
    port, folder = free_port(), tmp_path / "broker"
    config = init_broker(folder, port=port)
    for address in (OURS, OTHER):
        add_agent(folder, address)
    process = subprocess.Popen([need("mosquitto"), "-c", str(config)], stderr=subprocess.DEVNULL)
    wait_for_port(port, process)
    yield f"mqtt://127.0.0.1:{port}", folder
    process.terminate()
    process.wait(10)


def test_an_agent_speaks_for_itself_only(broker: tuple[str, Path]) -> None:
    """What an agent says under another's name, as the hub or as an alarm never arrives; its own does."""
    url, folder = broker
    forbidden = [
        lane_topic(OTHER, "event"),
        receipt_topic(OURS),
        hub_status_topic("hub-1"),
        alarm_topic(OURS.area, "1"),
    ]
    own = lane_topic(OURS, "event")
    with Client(url, folder, "hub", "citynerve/1/#") as hub, Client(url, folder, agent_user(OURS)) as agent:
        for topic in [*forbidden, own]:
            agent.link.publish(topic, b"{}")
        assert hub.hears(own)
        assert hub.heard == [own]


def test_an_agent_hears_its_own_receipts_only(broker: tuple[str, Path]) -> None:
    """Receipts of others and alarms do not reach an agent, whatever it subscribes to."""
    url, folder = broker
    topics = ("citynerve/1/#", receipt_topic(OTHER), receipt_topic(OURS))
    with Client(url, folder, "hub") as hub, Client(url, folder, agent_user(OURS), *topics) as agent:
        for topic in (receipt_topic(OTHER), alarm_topic(OURS.area, "1"), receipt_topic(OURS)):
            hub.link.publish(topic, b"{}")
        assert agent.hears(receipt_topic(OURS))
        assert set(agent.heard) == {receipt_topic(OURS)}


def test_the_command_centre_reads_alarms_and_says_nothing(broker: tuple[str, Path]) -> None:
    """The centre gets alarms and the hub's status, no packs, and cannot fake an alarm."""
    url, folder = broker
    alarm, status = alarm_topic(OURS.area, "1"), hub_status_topic("hub-1")
    topics = ("citynerve/1/alarm/#", status, lane_topic(OURS, "event"))
    with Client(url, folder, "hub", "citynerve/1/alarm/#") as hub, Client(url, folder, "centre", *topics) as centre:
        centre.link.publish(alarm_topic(OURS.area, "fake"), b"{}")
        for topic in (lane_topic(OURS, "event"), alarm, status):
            hub.link.publish(topic, b"{}")
        assert centre.hears(status)
        assert centre.heard == [alarm, status]
        assert hub.hears(alarm)
        assert hub.heard == [alarm]


def test_a_wrong_password_is_refused(broker: tuple[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    """With another's password nobody gets in, and the link says so."""
    url, folder = broker
    (folder / "secrets" / "wrong").write_text("not the password\n")
    refused = BrokerConfig(url, "hub", "secrets/wrong")
    link = Link(refused, client_id="thief", folder=folder, persistent=False)
    link.start()
    deadline_s = time.monotonic() + WAIT_S
    while "refuses thief" not in caplog.text:
        assert time.monotonic() < deadline_s
        assert not link.connected.wait(0.05)
    link.stop()


def test_a_changed_password_replaces_the_old_one(tmp_path: Path) -> None:
    """Adding an agent again changes its password and nothing else."""
    folder = tmp_path / "broker"
    init_broker(folder, port=1883)
    first = add_agent(folder, OURS).read_text()
    acl = (folder / "acl").read_text()
    second = add_agent(folder, OURS).read_text()
    assert first != second
    assert (folder / "acl").read_text() == acl
    users = [line.partition(":")[0] for line in (folder / "passwords").read_text().splitlines()]
    assert sorted(users) == sorted(["hub", "centre", agent_user(OURS)])


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Nobody else may read a password or its digest."""
    folder = tmp_path / "broker"
    init_broker(folder, port=1883)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_password_is_what_mosquitto_passwd_writes(tmp_path: Path) -> None:
    """With the same salt and password our digest is mosquitto_passwd's."""
    program, path = need("mosquitto_passwd"), tmp_path / "passwords"
    subprocess.run([program, "-b", "-c", str(path), "hub", "secret"], check=True, capture_output=True)
    written = path.read_text().strip().removeprefix("hub:")
    salt = base64.b64decode(written.split("$")[3])
    assert hash_password("secret", salt=salt) == written


def test_a_folder_is_made_a_brokers_once(tmp_path: Path) -> None:
    """Neither is a broker overwritten nor a password given where there is none."""
    with pytest.raises(BrokerFolderError, match="no broker's folder"):
        set_password(tmp_path / "nothing", "hub")
    init_broker(tmp_path / "broker", port=1883)
    with pytest.raises(BrokerFolderError, match="there already"):
        init_broker(tmp_path / "broker", port=1883)


def test_agents_that_are_let_in_at_once_are_all_in(tmp_path: Path) -> None:
    """A script that enrols a street does it with many processes."""
    init_broker(tmp_path, port=1883)
    addresses = [AgentAddress("hz/xiacheng/chaoming", f"node-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda address: add_agent(tmp_path, address), addresses))
    for name in ("acl", "passwords"):
        text = (tmp_path / name).read_text()
        assert [address.agent for address in addresses if agent_user(address) not in text] == []


def test_what_init_says_of_the_hub_goes_into_its_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is printed: the example's broker has another port and no passwords."""
    init(tmp_path / "broker", port=18_830)
    keys = "".join(line + "\n" for line in capsys.readouterr().out.splitlines() if line.startswith("  "))
    config = tmp_path / "hub.toml"
    config.write_text(f'hub = "hub-1"\ndata = "data"\n[broker]\n{keys}')
    settings = read_config(config)
    settings.check_broker()
    assert settings.config.broker.host_port() == ("127.0.0.1", 18_830)
    assert settings.config.broker.username == "hub"


def test_who_has_no_name_can_make_a_broker() -> None:
    """In a container with a user's number alone."""
    assert user_name(os.geteuid()) == pwd.getpwuid(os.geteuid()).pw_name
    assert user_name(2**31 - 9) == "mosquitto"

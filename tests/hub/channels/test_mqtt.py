"""Alarms reach the broker's clients in order, at least once, and stay retained exactly while they are open."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from device_profiles import faults, link
from device_profiles.link import BrokerConfig
from device_profiles.topics import alarm_topic
from hub.alarms.kept.log import AlarmLog
from hub.alarms.transitions import Kind, Transition
from hub.channels.cloudevents import alarm_event
from hub.channels.deliveries import move_delivered, read_delivered
from hub.channels.mqtt import RECEIVER, WINDOW, MqttChannel
from hub.database import open_database
from tests.hub.channels.listening import Listener, cleared, event_id, raised, store
from tests.hub.channels.receiving import until
from tests.hub.made import AREA
from tests.servers import Mosquitto

TOPIC = alarm_topic(AREA, "alarm-1")
Open = Callable[[], MqttChannel]

CHILD = """
import sys, threading
from pathlib import Path
from device_profiles.link import BrokerConfig
from hub.alarms.kept.log import AlarmLog
from hub.channels.mqtt import MqttChannel
from hub.database import open_database
engine = open_database(Path(sys.argv[1]))
broker = BrokerConfig(url=sys.argv[2])
channel = MqttChannel(engine, AlarmLog(engine), broker=broker, hub="x", folder=Path("."), on_crash=print)
channel.start()
threading.Event().wait(60)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Return an empty hub.db."""
    made = open_database(tmp_path / "hub.db")
    yield made
    made.dispose()


@pytest.fixture
def listener(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Listener]:
    """Return a command centre that listens."""
    made = Listener(mosquitto.url, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def opened(engine: sa.Engine, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Open]:
    """Return a function that starts a channel; all are stopped in the end, and none may have crashed."""
    channels: list[MqttChannel] = []
    crashes: list[str] = []

    def open_channel() -> MqttChannel:
        broker = BrokerConfig(url=mosquitto.url)
        channels.append(
            MqttChannel(engine, AlarmLog(engine), broker=broker, hub="x", folder=tmp_path, on_crash=crashes.append)
        )
        channels[-1].start()
        return channels[-1]

    yield open_channel
    for channel in channels:
        channel.stop()
    assert crashes == []


def retained(mosquitto: Mosquitto, folder: Path) -> list[str]:
    """Return the ids of the events that a new client is given at once."""
    late = Listener(mosquitto.url, folder, client_id="latecomer", persistent=False)
    sentinel = "citynerve/1/alarm/hz/x/c/sentinel"
    late.link.publish(sentinel, b'{"id":"sentinel"}')
    ids = []
    while (message := late.hear()).topic != sentinel:
        if message.retain:  # what is told meanwhile is not
            ids.append(event_id(message))
    late.stop()
    return ids


def test_open_alarms_are_retained_and_ended_ones_are_gone(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """Raised is retained; cleared is told without being retained, and then the topic is emptied."""
    channel = opened()
    store(engine, raised(1))
    channel.on_transitions([raised(1)])
    first = listener.hear()
    assert (first.topic, event_id(first), first.retain) == (TOPIC, "1-0", False)
    assert retained(mosquitto, tmp_path) == ["1-0"]
    assert listener.hear().topic.endswith("sentinel")
    store(engine, cleared(2))
    channel.on_transitions([cleared(2)])
    assert listener.hear_ids(2) == ["2-0", ""]
    assert retained(mosquitto, tmp_path) == []
    channel.stop()
    assert read_delivered(engine, RECEIVER) == (2, 0)


def test_what_was_not_told_is_told_at_the_start_in_order(engine: sa.Engine, opened: Open, listener: Listener) -> None:
    """More than a window of transitions from before the start, and what comes meanwhile, all in order."""
    count = WINDOW * 2 + 10
    store(engine, *(raised(offset, number=offset) for offset in range(1, count + 1)))
    channel = opened()
    store(engine, raised(count + 1, number=count + 1))
    channel.on_transitions([raised(count + 1, number=count + 1)])
    assert listener.hear_ids(count + 1) == [f"{offset}-0" for offset in range(1, count + 2)]
    channel.stop()
    assert read_delivered(engine, RECEIVER) == (count + 1, 0)


def test_what_is_only_recorded_is_not_told(engine: sa.Engine, opened: Open, listener: Listener) -> None:
    """An event that joined an occurrence moves the place and makes no message."""
    channel = opened()
    made = [raised(1), raised(2, kind=Kind.JOINED), raised(3, kind=Kind.ACKED), raised(3, kind=Kind.JOINED, n=1)]
    store(engine, *made)
    channel.on_transitions(made)
    assert listener.hear_ids(2) == ["1-0", "3-0"]
    channel.stop()
    assert read_delivered(engine, RECEIVER) == (3, 1)


def test_after_a_kill_it_is_told_again_with_the_same_id(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """Killed between the broker's ack and the note of it: told again, under the id that drops the double."""
    store(engine, raised(1), cleared(2))
    arguments = [sys.executable, "-c", CHILD, str(tmp_path / "hub.db"), mosquitto.url]
    environment = os.environ | {faults.ENVIRONMENT: "hub.after_delivery:1"}
    assert subprocess.run(arguments, env=environment, timeout=90).returncode == -signal.SIGKILL
    assert listener.hear_ids(1) == ["1-0"]
    told = read_delivered(engine, RECEIVER)
    assert told == (0, -1)
    channel = opened()
    ids = []
    while ids[-3:] != ["1-0", "2-0", ""]:
        ids += listener.hear_ids(1)
    channel.stop()
    assert set(ids) == {"1-0", "2-0", ""}
    assert read_delivered(engine, RECEIVER) == (2, 0)
    assert retained(mosquitto, tmp_path) == []


def told(engine: sa.Engine, opened: Open, listener: Listener) -> MqttChannel:
    """Return a channel that has told of one alarm."""
    channel = opened()
    store(engine, raised(1))
    channel.on_transitions([raised(1)])
    assert listener.hear_ids(1) == ["1-0"]
    return channel


def test_a_broker_that_was_away_is_told_everything(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """Transitions made while the broker is away wait in the database and come in order when it is back."""
    channel = told(engine, opened, listener)
    mosquitto.stop()
    made = [raised(offset, number=offset) for offset in range(2, 302)] + [
        cleared(offset, offset - 300) for offset in (302, 303)
    ]
    for transition in made:
        store(engine, transition)
        channel.on_transitions([transition])
    mosquitto.start()
    heard: list[str] = []
    while len([heard_id for heard_id in heard if not heard_id]) < 2:
        heard += listener.hear_ids(1)
    news = list(dict.fromkeys(heard_id for heard_id in heard if heard_id not in ("", "1-0")))
    assert news == [f"{offset}-0" for offset in range(2, 304)]
    assert heard[-4:] == ["302-0", "", "303-0", ""]
    assert set(retained(mosquitto, tmp_path)) == {"1-0", *(f"{offset}-0" for offset in range(4, 302))}
    channel.stop()
    assert read_delivered(engine, RECEIVER) == (303, 0)


def test_a_broker_that_lost_everything_gets_the_open_alarms_back(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """What is open is said anew on each connection: a crashed broker has lost what it had acked."""
    channel = opened()
    made = [raised(1), raised(2, 2), cleared(3, 2)]
    store(engine, *made)
    channel.on_transitions(made)
    assert listener.hear_ids(4) == ["1-0", "2-0", "3-0", ""]
    until(channel.all_told)
    mosquitto.stop(kill=True)
    until(lambda: not channel.all_told())
    shutil.rmtree(mosquitto.folder / "data")
    (mosquitto.folder / "data").mkdir()
    mosquitto.start()
    while listener.hear_ids(1) != ["1-0"]:
        continue  # what the broker had not acked before it died is told again first
    until(channel.all_told)
    assert retained(mosquitto, tmp_path) == ["1-0"]


def test_what_a_crash_brought_back_is_cleared(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """A retained alarm of ours that is not open goes; another hub's stays."""
    other = alarm_topic(AREA, "alarm-9")
    listener.link.publish(TOPIC, alarm_event(raised(1), hub="x"), retain=True)
    listener.link.publish(other, alarm_event(raised(1), hub="other"), retain=True)
    listener.hear_ids(2)
    store(engine, raised(1), cleared(2))
    opened()
    while listener.hear().payload:
        continue
    assert retained(mosquitto, tmp_path) == ["1-0"]  # of the other hub


def test_an_alarm_of_several_areas_is_told_in_each(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """Retained under each topic while it is open, and gone from each when it has ended."""
    further = "hz/gongshu/wulin"
    begun, ended = (replace(made, alarm=replace(made.alarm, areas=(further,))) for made in (raised(1), cleared(2)))
    channel = opened()
    store(engine, begun)
    channel.on_transitions([begun])
    assert {listener.hear().topic for _ in range(2)} == {TOPIC, alarm_topic(further, "alarm-1")}
    assert retained(mosquitto, tmp_path) == ["1-0", "1-0"]
    assert listener.hear().topic.endswith("sentinel")
    store(engine, ended)
    channel.on_transitions([ended])
    assert listener.hear_ids(4) == ["2-0", "2-0", "", ""]
    assert retained(mosquitto, tmp_path) == []


def test_what_clears_while_the_open_is_said_anew_stays_cleared(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path
) -> None:
    """Between reading what stands and saying it: else the old "raised" would stay retained behind its "cleared"."""
    channel = told(engine, opened, listener)
    log, read = channel._log, channel._log.standing

    def standing() -> list[Transition]:
        log.standing = read  # type: ignore[method-assign]
        found = read()
        store(engine, cleared(2))
        channel.on_transitions([cleared(2)])
        return found

    log.standing = standing  # type: ignore[method-assign]
    channel._refreshed = 0  # as after a connect
    channel._wake.set()
    assert listener.hear_ids(3) == ["1-0", "2-0", ""]
    assert retained(mosquitto, tmp_path) == []


def test_more_open_alarms_than_the_link_takes_at_once_are_all_said_anew(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood stands while the broker loses its memory: not until the last of it is back has everything been told."""
    monkeypatch.setattr(link, "MAX_UNACKED", 20)
    store(engine, *(raised(offset, number=offset) for offset in range(1, 301)))
    move_delivered(engine, RECEIVER, (300, 0))
    channel = opened()
    until(channel.all_told)
    assert len(retained(mosquitto, tmp_path)) == 300


def test_more_ended_alarms_than_the_link_takes_at_once_are_all_cleared(
    engine: sa.Engine, opened: Open, mosquitto: Mosquitto, listener: Listener, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What a crash brought back is not what stands, and until the last of it has gone not everything has been told."""
    for number in range(1, 301):
        listener.link.publish(alarm_topic(AREA, f"alarm-{number}"), alarm_event(raised(1), hub="x"), retain=True)
    listener.hear_ids(300)
    monkeypatch.setattr(link, "MAX_UNACKED", 20)
    channel = opened()
    assert set(listener.hear_ids(300)) == {""}
    until(channel.all_told)
    assert retained(mosquitto, tmp_path) == []

"""The command centre's client writes down what it hears, when, and which alarms are open."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import aiomqtt
import pytest

from device_profiles.clock import simulated_clock
from device_profiles.topics import alarm_topic, hub_status_topic
from simulators.observers.witness import Account, AlarmWord, ObservingPath, Witness, parse_word
from simulators.scoring.sabotage import SlowPath, WithholdingPath
from tests.servers import start_mosquitto

AREA = "hz/xiacheng/chaoming"
CLOCK = simulated_clock(start_us=1_700_000_000_000_000, speed=10)


def _event(alarm: str, *, active: bool = True) -> bytes:
    data = {"id": alarm, "rule": "lift.entrapment", "subject": f"{AREA}/lift-01", "active": active}
    return json.dumps({"specversion": "1.0", "data": data | {"t_fact_us": 5, "t_raised_us": 6}}).encode()


@pytest.fixture
async def centre(broker_port: int) -> AsyncIterator[Witness]:
    """A witness that listens."""
    witness = Witness(Account("127.0.0.1", broker_port), CLOCK)
    task = asyncio.create_task(witness.listen_loop())
    await witness.subscribed.wait()
    yield witness
    task.cancel()
    await asyncio.wait({task})


async def _heard(witness: Witness, count: int) -> None:
    done = asyncio.Event()

    def check(_: object) -> None:
        if len(witness.words) >= count:
            done.set()

    witness.on_word = check
    check(None)
    async with asyncio.timeout(10):
        await done.wait()


def test_a_cloudevent_is_read_and_the_end_of_retention_is_no_word() -> None:
    """The alarm's data become a word with the time of arrival; an empty payload is nothing."""
    word = parse_word(_event("a"), now_us=9)
    assert word is not None
    assert (word.id, word.active, word.t_fact_us, word.t_raised_us, word.t_delivered_us) == ("a", True, 5, 6, 9)
    assert parse_word(b"", now_us=9) is None
    with pytest.raises(KeyError):
        parse_word(b"{}", now_us=9)


async def test_words_are_kept_with_city_time(centre: Witness, broker_port: int) -> None:
    """Raised and cleared are heard in order; garbage on an alarm topic is noted and harms nothing."""
    topic = alarm_topic(AREA, "a")
    async with aiomqtt.Client("127.0.0.1", broker_port) as hub:
        before_us = CLOCK.wall_us()
        for payload in (_event("a"), b"garbage", _event("a", active=False), b""):
            await hub.publish(topic, payload, qos=1)
    await _heard(centre, 2)
    assert [word.active for word in centre.words] == [True, False]
    assert before_us <= centre.words[0].t_delivered_us <= CLOCK.wall_us()
    assert centre.open_alarms() == {}
    assert centre.strange == [topic]


async def test_a_word_on_a_topic_of_another_area_is_strange(centre: Witness, broker_port: int) -> None:
    """Who watches the right area would not have heard it."""
    astray = alarm_topic("hz/xiacheng/elsewhere", "a")
    async with aiomqtt.Client("127.0.0.1", broker_port) as hub:
        for topic in (astray, alarm_topic(AREA, "b"), alarm_topic(AREA, "a")):
            await hub.publish(topic, _event(topic.rpartition("/")[2]), qos=1)
    await _heard(centre, 3)
    assert centre.strange == [astray]


async def test_a_topic_that_is_emptied_ends_its_alarm(centre: Witness, broker_port: int) -> None:
    """A broker that crashed brings an old "raised" back: the hub empties its topic."""
    topic = alarm_topic(AREA, "a")
    async with aiomqtt.Client("127.0.0.1", broker_port) as hub:
        for payload in (_event("a"), _event("a", active=False), b"", _event("a"), b""):
            await hub.publish(topic, payload, qos=1)
    await _heard(centre, 4)
    assert [word.active for word in centre.words] == [True, False, True, False]
    assert centre.open_alarms() == {}


def _status(*, told: bool, t_us: int) -> bytes:
    return json.dumps({"hub": "hub-1", "online": True, "t_us": t_us, "alarms_told": told}).encode()


async def test_what_ended_while_the_broker_was_away_ends_when_all_is_told(tmp_path: Path) -> None:
    """Neither a broker that lost all nor a hub's old word ends an alarm: the hub says when what is open stands."""
    broker = start_mosquitto(tmp_path)
    witness = Witness(Account("127.0.0.1", broker.port), CLOCK)
    task = asyncio.create_task(witness.listen_loop())
    await witness.subscribed.wait()
    old_us = CLOCK.wall_us()
    async with aiomqtt.Client("127.0.0.1", broker.port) as hub:
        for alarm in ("a", "b"):
            await hub.publish(alarm_topic(AREA, alarm), _event(alarm), qos=1)
    await _heard(witness, 2)
    witness.subscribed.clear()
    broker.stop(kill=True)
    broker.start()
    await witness.subscribed.wait()
    async with aiomqtt.Client("127.0.0.1", broker.port) as hub:
        await hub.publish(hub_status_topic("hub-1"), _status(told=True, t_us=old_us), qos=1)
        await hub.publish(hub_status_topic("hub-1"), _status(told=False, t_us=CLOCK.wall_us()), qos=1)
        await hub.publish(alarm_topic(AREA, "b"), _event("b"), qos=1)
        await _heard(witness, 3)
        assert sorted(witness.open_alarms()) == ["a", "b"]
        await hub.publish(hub_status_topic("hub-1"), _status(told=True, t_us=CLOCK.wall_us()), qos=1)
        await _heard(witness, 4)
    assert sorted(witness.open_alarms()) == ["b"]
    task.cancel()
    await asyncio.wait({task})
    broker.stop()


async def test_what_is_retained_from_an_earlier_story_is_forgotten(centre: Witness, broker_port: int) -> None:
    """After forget_past() the old alarm is no word of this story, a new one is."""
    async with aiomqtt.Client("127.0.0.1", broker_port) as hub:
        await hub.publish(alarm_topic(AREA, "old"), _event("old"), qos=1)
        await _heard(centre, 1)
        centre.forget_past()
        await hub.publish(alarm_topic(AREA, "old"), _event("old", active=False), qos=1)
        await hub.publish(alarm_topic(AREA, "new"), _event("new"), qos=1)
    await _heard(centre, 1)
    assert [word.id for word in centre.words] == ["new"]


class _Noting:
    """An observing path that tells when a word has gone through it."""

    def __init__(self, path: ObservingPath) -> None:
        self.passed = asyncio.Event()
        self._path = path

    def pass_on(self, word: AlarmWord) -> Iterable[tuple[float, AlarmWord]]:
        """Return what the path returns."""
        self.passed.set()
        return self._path.pass_on(word)


@pytest.mark.parametrize(("path", "pending"), [(WithholdingPath(), 0), (SlowPath(), 1)])
async def test_a_sabotaged_path_keeps_words_back(broker_port: int, path: ObservingPath, pending: int) -> None:
    """A withheld word never arrives; a slow one is still under way."""
    noting = _Noting(path)
    witness = Witness(Account("127.0.0.1", broker_port), CLOCK, path=noting)
    task = asyncio.create_task(witness.listen_loop())
    await witness.subscribed.wait()
    async with aiomqtt.Client("127.0.0.1", broker_port) as hub:
        await hub.publish(alarm_topic(AREA, "a"), _event("a"), qos=1)
        async with asyncio.timeout(10):
            await noting.passed.wait()
        await asyncio.sleep(0)
    assert (witness.words, witness.pending) == ([], pending)
    task.cancel()
    await asyncio.wait({task})

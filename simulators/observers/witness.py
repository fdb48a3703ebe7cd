"""The command centre's client: it hears alarms over MQTT and writes down when."""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Protocol

import aiomqtt
import msgspec
from paho.mqtt.client import topic_matches_sub

from device_profiles.clock import Clock
from device_profiles.topics import ALARM_FILTER, HUB_STATUS_FILTER, alarm_topic

logger = logging.getLogger(__name__)

RECONNECT_S = 0.2  # a test's client, alone on loopback: no jitter needed


class Account(msgspec.Struct, frozen=True):
    """Where the broker is and as whom it is asked."""

    host: str
    port: int
    username: str = ""
    password: str = ""


class AlarmWord(msgspec.Struct, frozen=True):
    """One message about an alarm, as it arrived."""

    id: str
    rule: str
    subject: str
    active: bool
    t_fact_us: int  # of the fact that opened it
    t_raised_us: int  # when the hub opened it
    t_delivered_us: int  # city time of its arrival
    kind: str = ""  # of the transition: raised, reminded, acked, joined, cleared …
    folded: bool = False  # another alarm explains it
    keys: tuple[tuple[str, str], ...] = ()  # of a site's: which spoke for it, of which device
    evidence: dict[str, dict[str, str]] = {}  # device → what was kept of it → sha256


class ObservingPath(Protocol):
    """What lies between the broker and the one who writes down; a sabotage is one that lies."""

    def pass_on(self, word: AlarmWord) -> Iterable[tuple[float, AlarmWord]]:
        """Return (real seconds to wait, word) for each word that arrives because of ``word``."""
        ...


class HonestPath:
    """Every word arrives, once, at once."""

    def pass_on(self, word: AlarmWord) -> Iterable[tuple[float, AlarmWord]]:
        """Return the word."""
        return [(0.0, word)]


def parse_word(payload: bytes, *, now_us: int) -> AlarmWord | None:
    """Return the word in a CloudEvents message of the alarm channel; None for the empty one that ends its retention."""
    if not payload:
        return None
    event = json.loads(payload)
    data = event["data"]
    return AlarmWord(
        id=data["id"],
        rule=data["rule"],
        subject=data["subject"],
        active=bool(data["active"]),
        t_fact_us=int(data["t_fact_us"]),
        t_raised_us=int(data["t_raised_us"]),
        t_delivered_us=now_us,
        kind=str(data.get("transition", {}).get("kind", "")),
        folded=bool(data.get("suppressed_by")),
        keys=tuple((str(key["key"]), str(key["device"])) for key in data.get("keys", ())),
        evidence=data.get("evidence", {}),
    )


def _at_home(topic: str, word: AlarmWord) -> bool:
    """Return whether a word came on its alarm's topic of its own area; an asset may belong to several."""
    kind, _, of = word.subject.rpartition(":")
    return kind not in ("", "site") or topic == alarm_topic(of.rpartition("/")[0], word.id)


def _all_told(payload: bytes, *, since_us: int) -> bool:
    """Return whether the hub says that every open alarm stands on the broker; not from before ``since_us``."""
    status = json.loads(payload or b"{}")
    return bool(status.get("alarms_told")) and int(status.get("t_us", 0)) >= since_us


class Witness:
    """A client that stays connected and keeps every word."""

    def __init__(self, account: Account, clock: Clock, *, path: ObservingPath | None = None) -> None:
        self.words: list[AlarmWord] = []
        self.strange: list[str] = []  # topics of messages that could not be read, or are of another area
        self.on_word: Callable[[AlarmWord], None] | None = None
        self.subscribed = asyncio.Event()
        self.pending = 0  # words under way on the observing path
        self._doubtful: set[str] = set()  # ids that were open on the last connection and not heard on this one
        self._past: set[str] = set()  # ids of alarms of an earlier story
        self._account = account
        self._clock = clock
        self._path = path or HonestPath()

    def open_alarms(self) -> dict[str, AlarmWord]:
        """Return id → last word of the alarms that are open."""
        last = {word.id: word for word in self.words}
        return {word.id: word for word in last.values() if word.active}

    def forget_past(self) -> None:
        """Ignore the alarms heard so far: they are retained from an earlier story on the same broker."""
        self._past |= {word.id for word in self.words}
        self.words.clear()
        self.strange.clear()

    async def listen_loop(self) -> None:
        """Listen until cancelled; a lost broker is called again."""
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                await self._listen()
            self.subscribed.clear()
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        account = self._account
        async with aiomqtt.Client(
            account.host,
            account.port,
            username=account.username or None,
            password=account.password or None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        ) as client:
            self._doubtful = set(self.open_alarms())
            await client.subscribe([(ALARM_FILTER, 1), (HUB_STATUS_FILTER, 1)])
            since_us = self._clock.wall_us()
            self.subscribed.set()
            async for message in client.messages:
                topic, payload = str(message.topic), bytes(message.payload or b"")
                if not topic_matches_sub(HUB_STATUS_FILTER, topic):
                    self._hear(topic, payload)
                elif not message.retain and _all_told(payload, since_us=since_us):
                    self._give_up()

    def _give_up(self) -> None:
        """Take an alarm for cleared whose end was said while we were away: the hub has told all that is open."""
        for alarm, word in self.open_alarms().items():
            if alarm in self._doubtful:
                self._keep(msgspec.structs.replace(word, active=False, t_delivered_us=self._clock.wall_us()))
        self._doubtful.clear()

    def _hear(self, topic: str, payload: bytes) -> None:
        try:
            word = parse_word(payload, now_us=self._clock.wall_us())
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("%s: not an alarm: %r", topic, error)
            self.strange.append(topic)
            return
        if word is None:
            self._let_go(topic.rpartition("/")[2])
        else:
            self._doubtful.discard(word.id)
            if not _at_home(topic, word):
                self.strange.append(topic)
        if word is not None and word.id not in self._past:
            for delay_s, passed in self._path.pass_on(word):
                self._keep_after(delay_s, passed)

    def _let_go(self, alarm: str) -> None:
        """Take an alarm for ended whose topic was emptied: a broker that crashed had brought an old word back."""
        word = self.open_alarms().get(alarm)
        if word is not None:
            self._keep(msgspec.structs.replace(word, active=False, kind="", t_delivered_us=self._clock.wall_us()))

    def _keep_after(self, delay_s: float, word: AlarmWord) -> None:
        if delay_s <= 0:
            self._keep(word)
            return
        self.pending += 1
        asyncio.get_running_loop().call_later(delay_s, self._keep_late, word)

    def _keep_late(self, word: AlarmWord) -> None:
        self.pending -= 1
        self._keep(msgspec.structs.replace(word, t_delivered_us=self._clock.wall_us()))

    def _keep(self, word: AlarmWord) -> None:
        self.words.append(word)
        if self.on_word is not None:
            self.on_word(word)

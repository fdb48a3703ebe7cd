"""The hub's own life: a retained status with a last will, said again so often that its absence is noticed in 10 s."""

import contextlib
import logging
import secrets
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from device_profiles.clock import Clock
from device_profiles.link import BrokerConfig, Inbound, Link, Will
from device_profiles.topics import hub_status_topic
from device_profiles.wire import Id, Micros
from hub.journal.journal import Journal
from hub.life import process_name
from hub.namesakes import Namesakes
from hub.periodic import Periodic

logger = logging.getLogger(__name__)

PERIOD_S = 3.0  # real seconds; two may be late before a client calls the hub absent
SOON_S = 0.5  # until every alarm is told: a client that has lost the broker waits for that word
ABSENT_S = 10.0
Name = Annotated[str, msgspec.Meta(max_length=300)]
_KEEPALIVE_S = 5  # the broker says the will after one and a half of it


class HubStatus(msgspec.Struct, frozen=True):
    """What the hub says of itself."""

    hub: Id
    online: bool
    t_us: Micros
    journal: int  # offset of the newest record
    version: str
    alarms_told: bool = False  # what is retained on alarm topics is what is open: a client may forget the rest
    boot: Name = ""  # random for each start: two hubs of one name differ in it
    process: Name = ""  # host:pid
    others: tuple[str, ...] = ()  # processes of other hubs that are alive under its name: each spoils the others' work
    v: Literal[1] = 1


class Heartbeat:
    """Says the hub's status on a link of its own, and hears there who else goes by its name."""

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        hub: str,
        folder: Path,
        clock: Clock,
        journal: Journal,
        all_told: Callable[[], bool],
    ) -> None:
        self._hub = hub
        self._all_told = all_told
        self._clock = clock
        self._journal = journal
        self._topic = hub_status_topic(hub)
        self.boot = secrets.token_hex(8)  # of this start
        self._namesakes = Namesakes(self.boot)
        self._others: tuple[str, ...] = ()  # as said last
        self._periodic = Periodic("heartbeat", self._beat, period_s=PERIOD_S, at_once=True)
        self._link = Link(
            msgspec.structs.replace(broker, keepalive_s=_KEEPALIVE_S),
            client_id=f"hub-{hub}-status-{self.boot}",  # one that two shared would let neither hear the other
            folder=folder,
            persistent=False,
            subscriptions=(self._topic,),
            will=Will(self._topic, self._status(online=False)),
            on_message=self._hear,
            on_connected=self._periodic.wake,
        )

    def start(self) -> None:
        """Begin to connect and to say it."""
        self._link.start()
        self._periodic.start()

    def stop(self) -> None:
        """Say goodbye: the status is offline at once."""
        self._periodic.stop()
        self._link.publish(self._topic, self._status(online=False), retain=True)
        self._link.stop()

    def namesakes(self) -> int:
        """Return how many other hubs of this name are alive."""
        return len(self._namesakes.present(now_s=self._clock.real_s()))

    def _beat(self) -> float | None:
        now_s = self._clock.real_s()
        if not self._link.subscribed.is_set():
            self._namesakes.deaf(now_s=now_s)
        self._note(self._namesakes.present(now_s=now_s))
        told = self._all_told()
        # what is retained may be what another hub of this name has open, and what it has cleared of ours
        self._link.publish(self._topic, self._status(online=True, told=told and not self._others), retain=True)
        return None if told else SOON_S

    def _hear(self, message: Inbound) -> None:
        if message.retain:  # said before we listened: by an earlier start perhaps, or where the hub was once
            return
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):  # anybody may have written there
            status = msgspec.json.decode(message.payload, type=HubStatus)
            now_s = self._clock.real_s()
            # a goodbye, or the will of another start: this one is alive, and whoever looks must not believe otherwise
            if not status.online or self._namesakes.hear(status.boot, status.process, now_s=now_s):
                self._periodic.wake()

    def _note(self, others: tuple[str, ...]) -> None:
        for process in sorted(set(others) - set(self._others)):
            logger.error(
                "another hub named %r is alive at the broker, in process %r: each takes the other's packs, receipts "
                "and alarms. Stop one of them, or give it a name of its own (`hub` in its hub.toml)",
                self._hub,
                process or "unknown",
            )
        if self._others and not others:
            logger.info("no other hub named %r is heard any more", self._hub)
        self._others = others

    def _status(self, *, online: bool, told: bool = False) -> bytes:
        now_us, last = self._clock.wall_us(), self._journal.last_offset()
        said = HubStatus(self._hub, online, now_us, last, version("citynerve"), told, self.boot, process_name())
        return msgspec.json.encode(msgspec.structs.replace(said, others=self._others))

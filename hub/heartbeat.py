"""The hub's own life: a retained status with a last will, said again so often that its absence is noticed in 10 s."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from device_profiles.clock import Clock
from device_profiles.link import BrokerConfig, Link, Will
from device_profiles.topics import hub_status_topic
from device_profiles.wire import Id, Micros
from hub.journal.journal import Journal
from hub.periodic import Periodic

PERIOD_S = 3.0  # real seconds; two may be late before a client calls the hub absent
SOON_S = 0.5  # until every alarm is told: a client that has lost the broker waits for that word
ABSENT_S = 10.0
_KEEPALIVE_S = 5  # the broker says the will after one and a half of it


class HubStatus(msgspec.Struct, frozen=True):
    """What the hub says of itself."""

    hub: Id
    online: bool
    t_us: Micros
    journal: int  # offset of the newest record
    version: str
    alarms_told: bool = False  # what is retained on alarm topics is what is open: a client may forget the rest
    v: Literal[1] = 1


class Heartbeat:
    """Says the hub's status on a link of its own."""

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
        self._periodic = Periodic("heartbeat", self._beat, period_s=PERIOD_S, at_once=True)
        self._link = Link(
            msgspec.structs.replace(broker, keepalive_s=_KEEPALIVE_S),
            client_id=f"hub-{hub}-status",
            folder=folder,
            persistent=False,
            will=Will(self._topic, self._status(online=False)),
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

    def _beat(self) -> float | None:
        told = self._all_told()
        self._link.publish(self._topic, self._status(online=True, told=told), retain=True)
        return None if told else SOON_S

    def _status(self, *, online: bool, told: bool = False) -> bytes:
        now_us, last = self._clock.wall_us(), self._journal.last_offset()
        status = HubStatus(self._hub, online, now_us, last, version("citynerve"), told)
        return msgspec.json.encode(status)

"""A command centre that hears alarms, and transitions for it to hear."""

import json
import queue
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.topics import ALARM_FILTER
from hub.alarms.kept.store import store_transitions
from hub.alarms.transitions import Alarm, Kind, Reason, Transition
from tests.hub.made import AREA, T0_US

WAIT_S = 30.0


def alarm(number: int = 1, **changes: Any) -> Alarm:
    """Return an open alarm of lift ``number``."""
    made = Alarm(
        id=f"alarm-{number}",
        rule="lift.entrapment",
        subject=f"{AREA}/lift-{number}",
        severity="life",
        title="Passenger trapped in a lift",
        area=AREA,
        device=f"lift-{number}",
        asset="asset-1",
        digest="d",
        opened_offset=number,
        t_fact_us=T0_US,
        t_raised_us=T0_US + 250_000,
        reason=Reason.EVENT,
        sounded=True,
        latched=False,
    )
    return msgspec.structs.replace(made, **changes)


def raised(offset: int, number: int = 1, *, kind: Kind = Kind.RAISED, n: int = 0) -> Transition:
    """Return a transition after which alarm ``number`` is open."""
    return Transition(offset, n, kind, Reason.EVENT, T0_US, T0_US + offset, alarm(number), "lift.stuck_occupied")


def cleared(offset: int, number: int = 1, *, n: int = 0) -> Transition:
    """Return the end of alarm ``number``."""
    ended = alarm(number, t_cleared_us=T0_US + offset)
    return Transition(offset, n, Kind.CLEARED, Reason.CLEAR_EVENT, T0_US, T0_US + offset, ended, "lift.released")


def store(engine: sa.Engine, *transitions: Transition) -> None:
    """Commit transitions, as the alarm reader does."""
    with engine.begin() as connection:
        store_transitions(connection, transitions)


class Listener:
    """A client of the broker that keeps its session and hears every alarm."""

    def __init__(self, url: str, folder: Path, *, client_id: str = "centre", persistent: bool = True) -> None:
        self.inbox: queue.Queue[Inbound] = queue.Queue()
        self.link = Link(
            BrokerConfig(url=url),
            client_id=client_id,
            folder=folder,
            persistent=persistent,
            subscriptions=(ALARM_FILTER,),
            on_message=self.inbox.put,
        )
        self.link.start()
        assert self.link.subscribed.wait(WAIT_S)

    def hear(self) -> Inbound:
        """Wait for the next message."""
        return self.inbox.get(timeout=WAIT_S)

    def hear_ids(self, count: int) -> list[str]:
        """Return the CloudEvents ids of the next messages, ``""`` for an empty one."""
        return [event_id(self.hear()) for _ in range(count)]

    def stop(self) -> None:
        """Leave."""
        self.link.stop()


def event_id(message: Inbound) -> str:
    """Return the CloudEvents id of a message, empty when it has no payload."""
    return str(json.loads(message.payload)["id"]) if message.payload else ""

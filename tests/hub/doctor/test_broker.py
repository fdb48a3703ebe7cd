"""The hub is heard on its broker, or is said not to be; and so is another one of its name."""

import contextlib
import threading
import time
from collections.abc import Iterator
from importlib.metadata import version

import msgspec
import pytest

from device_profiles.link import Link
from device_profiles.topics import hub_status_topic
from hub.config import Settings
from hub.doctor import Level
from hub.heartbeat import HubStatus
from hub.life import locked, process_name
from tests.hub.doctor.rig import look
from tests.servers import Mosquitto

HERE = process_name()


@contextlib.contextmanager
def said(mosquitto: Mosquitto, settings: Settings, payload: bytes) -> Iterator[Settings]:
    """Yield the hub with a broker at which ``payload`` is the last word of its name."""
    there = msgspec.structs.replace(settings.config.broker, url=mosquitto.url)
    written = threading.Event()
    writer = Link(
        there, client_id="writer", folder=settings.folder, persistent=False, on_puback=lambda _: written.set()
    )
    writer.start()
    assert writer.connected.wait(30)
    writer.publish(hub_status_topic("hub-1"), payload, retain=True)
    assert written.wait(30)
    yield msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, broker=there))
    writer.stop()


def status(process: str, *others: str, age_s: int = 0, online: bool = True) -> bytes:
    """Return what a hub named hub-1 says of itself."""
    said_us = time.time_ns() // 1000 - age_s * 1_000_000
    made = HubStatus("hub-1", online, said_us, 1, version("citynerve"), process=process, others=others)
    return msgspec.json.encode(made)


def test_garbage_in_place_of_the_hubs_word_is_not_the_hub(mosquitto: Mosquitto, settings: Settings) -> None:
    """Somebody wrote it there, and it is retained."""
    with said(mosquitto, settings, b"\xff{") as asked, locked(settings):
        found = look(asked, "broker")
    assert (found.level, "the hub is not heard there" in found.says) == (Level.FAIL, True)


@pytest.mark.parametrize(
    ("processes", "other"),
    [
        ((HERE,), ""),
        ((HERE, "far:1"), "far:1"),
        (("far:1", HERE), "far:1"),
        (("far:1",), "far:1"),  # ours cannot reach the broker: what is heard is not it
        (("",), ""),  # of a version that did not say so
    ],
)
def test_another_hub_of_its_name_fails(
    mosquitto: Mosquitto, settings: Settings, processes: tuple[str, ...], other: str
) -> None:
    """It is named with the process in which it runs, whoever of the two is heard."""
    with said(mosquitto, settings, status(*processes)) as asked, locked(settings):
        found = look(asked, "broker")
    wanted = (Level.FAIL, True) if other else (Level.OK, False)
    assert (found.level, found.says.endswith(f" alive there, in {other}")) == wanted


@pytest.mark.parametrize(("age_s", "online", "level"), [(0, True, "fail"), (60, True, "ok"), (0, False, "ok")])
def test_before_a_hub_is_started_its_name_may_be_taken(
    mosquitto: Mosquitto, settings: Settings, age_s: int, online: bool, level: Level
) -> None:
    """One that lives elsewhere is a fault; what it left retained when it moved or ended is none."""
    with said(mosquitto, settings, status("far:1", age_s=age_s, online=online)) as asked:
        assert look(asked, "broker").level == level

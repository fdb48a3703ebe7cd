"""The hub is heard on its broker, or is said not to be."""

import threading

import msgspec

from device_profiles.link import Link
from device_profiles.topics import hub_status_topic
from hub.config import Settings
from hub.doctor import Level
from hub.life import locked
from tests.hub.doctor.rig import look
from tests.servers import Mosquitto


def test_garbage_in_place_of_the_hubs_word_is_not_the_hub(mosquitto: Mosquitto, settings: Settings) -> None:
    """Somebody wrote it there, and it is retained."""
    there = msgspec.structs.replace(settings.config.broker, url=mosquitto.url)
    asked = msgspec.structs.replace(settings, config=msgspec.structs.replace(settings.config, broker=there))
    written = threading.Event()
    writer = Link(
        there, client_id="writer", folder=settings.folder, persistent=False, on_puback=lambda _: written.set()
    )
    writer.start()
    assert writer.connected.wait(30)
    writer.publish(hub_status_topic("hub-1"), b"\xff{", retain=True)
    assert written.wait(30)
    with locked(settings):
        found = look(asked, "broker")
    writer.stop()
    assert (found.level, "the hub is not heard there" in found.says) == (Level.FAIL, True)

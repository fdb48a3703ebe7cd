"""The embedded broker asks for the same passwords and rights as Mosquitto does."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from simulators.broker import parse_access, password_matches, topic_matches
from simulators.stage.process import Program

# mosquitto_passwd -b FILE bob secret
BOB = "$7$101$n7Q+WlknFBDE5YYr$HL/USfwMx8u3aVdOuseKcQVUJayBie1UFVX4lZVUKOnvAaQC01jnlLAq1WYfyMbnkhnnAyeOONBvcUexxUmKpw=="
ACCESS = """
# a comment
user bob
topic read city/alarm/#
topic write city/+/fact
topic city/both
pattern readwrite own/%u/#
"""


def test_mosquittos_password_hashes_are_checked() -> None:
    """The right password matches, a wrong one and a broken entry do not."""
    assert password_matches("secret", BOB)
    assert not password_matches("wrong", BOB)
    assert not password_matches("secret", "$6$old$form")
    assert not password_matches("secret", "plain")


def test_an_access_list_is_read() -> None:
    """User and rights of each line; a pattern is everybody's."""
    found = parse_access(ACCESS)
    assert [(entry.user, entry.read, entry.write) for entry in found] == [
        ("bob", True, False),
        ("bob", False, True),
        ("bob", True, True),
        ("", True, True),
    ]


@pytest.mark.parametrize(
    ("pattern", "topic", "inside"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a/#", True),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/#", "#", False),
    ],
)
def test_topics_lie_inside_filters(pattern: str, topic: str, inside: bool) -> None:
    """Wildcards as in MQTT 3.1.1."""
    assert topic_matches(pattern, topic) is inside


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    """An embedded broker with one user."""
    (tmp_path / "passwords").write_text(f"bob:{BOB}\n", encoding="utf-8")
    (tmp_path / "acl").write_text("user bob\ntopic readwrite city/#\n", encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "simulators.broker",
        str(number),
        *(str(tmp_path / n) for n in ("passwords", "acl")),
    ]
    broker = Program("broker", command, log=tmp_path / "broker.log")
    await broker.start({"PYTHONPATH": str(Path(__file__).parents[2])})
    await broker.until_ready()
    yield number
    assert await broker.stop() == 0


async def test_the_embedded_broker_serves_who_may(port: int) -> None:
    """A user with password is served inside his rights; a wrong password and a foreign topic are refused."""
    async with aiomqtt.Client("127.0.0.1", port, username="bob", password="secret") as client:
        await client.subscribe("city/#", qos=1)
        await client.publish("city/a", b"hello", qos=1, retain=True)
        await client.publish("village/a", b"no", qos=1)
        async with asyncio.timeout(10):
            message = await anext(client.messages)
        assert (str(message.topic), message.payload) == ("city/a", b"hello")
        assert list(await client.subscribe("village/#", qos=1)) == [128]  # refused
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", port, username="bob", password="wrong"):
            pass

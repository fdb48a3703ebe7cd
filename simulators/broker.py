"""The embedded broker for a try-out without Mosquitto: amqtt with Mosquitto's password file and access list.

It keeps no session and nothing retained over a restart; what depends on it is safe because of receipts, not of it.
"""

import asyncio
import base64
import hashlib
import hmac
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from device_profiles.errors import ConfigError

logger = logging.getLogger(__name__)

_PBKDF2_SHA512 = "7"  # what mosquitto_passwd writes since 2.0: $7$iterations$salt$hash, salt and hash in base64


class Access(msgspec.Struct, frozen=True):
    """One line of an access list."""

    user: str  # empty: everybody
    read: bool
    write: bool
    filter: str  # may hold %u, the user's name


def password_matches(password: str, entry: str) -> bool:
    """Return whether ``password`` is the one whose hash is ``entry`` (of mosquitto_passwd)."""
    try:
        _, kind, iterations, salt, digest = entry.split("$")
        found = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
        return kind == _PBKDF2_SHA512 and hmac.compare_digest(found, base64.b64decode(digest))
    except ValueError:
        return False


def topic_matches(pattern: str, topic: str) -> bool:
    """Return whether ``topic`` (or a filter) lies inside the filter ``pattern`` (OASIS MQTT 3.1.1, 4.7)."""
    have = topic.split("/")
    for index, level in enumerate(pattern.split("/")):
        if level == "#":
            return True
        if index >= len(have) or (level != "+" and level != have[index]):
            return False
    return len(have) == len(pattern.split("/"))


def parse_access(text: str) -> list[Access]:
    """Return the lines of a Mosquitto ACL file: user, topic [read|write|readwrite] and pattern."""
    user, found = "", []
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "user":
            user = rest.strip()
        elif word in ("topic", "pattern"):
            right, _, tail = rest.strip().partition(" ")
            known = right in ("read", "write", "readwrite")
            right, topic = (right, tail.strip()) if known else ("readwrite", rest.strip())
            found.append(Access("" if word == "pattern" else user, "read" in right, "write" in right, topic))
    return found


class PasswordFile(BaseAuthPlugin):  # type: ignore[misc]  # amqtt is untyped here
    """Lets in who is in the password file."""

    @dataclass
    class Config:
        """Settings from the broker's config."""

        path: str = ""

    async def authenticate(self, *, session: Session) -> bool | None:
        """Return whether name and password match; the file is read each time, as after a reload."""
        if not self.config.path:
            return True
        lines = Path(self.config.path).read_text(encoding="utf-8").splitlines()  # noqa: ASYNC240  a line for each agent
        entries = dict(line.split(":", 1) for line in lines if ":" in line)
        entry = entries.get(session.username or "")
        return entry is not None and password_matches(session.password or "", entry)


class AccessList(BaseTopicPlugin):  # type: ignore[misc]
    """Lets a user publish and subscribe only where the access list says."""

    @dataclass
    class Config:
        """Settings from the broker's config."""

        path: str = ""

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        """Return whether the session may do that there."""
        if not self.config.path or session is None or topic is None:
            return True
        user = session.username or ""
        entries = parse_access(Path(self.config.path).read_text(encoding="utf-8"))  # noqa: ASYNC240
        return any(
            (entry.write if action is Action.PUBLISH else entry.read)
            and entry.user in ("", user)
            and topic_matches(entry.filter.replace("%u", user), topic)
            for entry in entries
        )


async def serve(port: int, *, passwords: Path | None = None, access: Path | None = None) -> None:
    """Serve MQTT on loopback until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                f"{__name__}.PasswordFile": {"path": str(passwords or "")},
                f"{__name__}.AccessList": {"path": str(access or "")},
            },
        }
    )
    await broker.start()
    logger.info("ready")
    await stop.wait()
    await broker.shutdown()


def main(arguments: list[str]) -> int:
    """Run ``PORT [PASSWORDS [ACCESS]]`` and return the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    files = [Path(argument) for argument in arguments[1:]]
    for path in files:
        if not path.is_file():
            raise ConfigError("is no file", file=str(path))
    asyncio.run(
        serve(int(arguments[0]), passwords=files[0] if files else None, access=files[1] if len(files) > 1 else None)
    )
    return 0


if __name__ == "__main__":
    from simulators import broker  # the plugins are found by their module's name, which must not be __main__

    sys.exit(broker.main(sys.argv[1:]))

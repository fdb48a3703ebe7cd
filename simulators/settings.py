"""The files that the programs of a stage are started with: broker's accounts, hub.toml, agent.toml."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from simulators.scenario import Scenario
from simulators.witness import Account

HUB = "xiacheng"
FIRST_UNIT = 1  # Modbus address of the first lift


class Secret(msgspec.Struct, frozen=True):
    """A user of the broker; without a name nobody is asked for one."""

    username: str = ""
    password_file: Path | None = None

    def account(self, host: str, port: int) -> Account:
        """Return what a client needs."""
        password = self.password_file.read_text(encoding="utf-8").partition("\n")[0] if self.password_file else ""
        return Account(host, port, self.username, password)


class BrokerPlace(msgspec.Struct, frozen=True):
    """Where the broker is, and as whom hub, agent and command centre go there."""

    name: str  # mosquitto, embedded or the given URL: what the score names
    host: str
    port: int
    hub: Secret = Secret()
    agent: Secret = Secret()
    centre: Secret = Secret()


def given_broker(url: str, *, username: str, password: str, folder: Path) -> BrokerPlace:
    """Return the place of a broker that runs already. Raises ValueError."""
    parts = urlsplit(url if "://" in url else f"mqtt://{url}")
    if parts.scheme != "mqtt" or not parts.hostname:
        raise ValueError(f"{url!r} is not mqtt://host:port")
    secret = Secret()
    if username:
        path = folder / "broker.password"
        path.write_text(password + "\n", encoding="utf-8")
        path.chmod(0o600)
        secret = Secret(username, path)
    return BrokerPlace(url, parts.hostname, parts.port or 1883, secret, secret, secret)


def hub_toml(place: BrokerPlace) -> str:
    """Return the hub's config; it talks to the broker directly."""
    return f'hub = "{HUB}"\ndata = "data"\n\n{_broker(place.hub, place.host, place.port)}'


def box_link(line: Path, device: str) -> Path:
    """Return where the line of a lift's box comes out, beside the RS-485 ``line``."""
    return line.with_name(f"{line.name}-{device}")


def agent_toml(scenario: Scenario, place: BrokerPlace, *, line: Path, tap_port: int, platforms: str = "") -> str:
    """Return the agent's config; it talks to the broker through the tap."""
    head = f'agent = {_text(scenario.agent)}\narea = {_text(scenario.area)}\ndata = "data"\n\n'
    head += _broker(place.agent, "127.0.0.1", tap_port)
    others = scenario.boxes | scenario.pushed
    slaves = [(unit, lift) for unit, lift in enumerate(scenario.lifts, FIRST_UNIT) if lift.device not in others]
    if slaves:
        head += f'\n[[lines]]\nname = "rs485-1"\nport = {_text(str(line))}\nbaud = {scenario.baud}\n'
    for unit, lift in slaves:
        head += f'\n[[lines.slaves]]\nunit = {unit}\ndevice = {_text(lift.device)}\nprofile = "lift_terminal"\n'
        head += f"asset = {_text(lift.asset or lift.device.upper())}\n"
    for lift in scenario.lifts:
        if lift.device in scenario.boxes:
            head += f"\n[[boxes]]\nport = {_text(str(box_link(line, lift.device)))}\ndevice = {_text(lift.device)}\n"
            head += f"asset = {_text(lift.asset or lift.device.upper())}\n"
    return head + platforms


def _broker(secret: Secret, host: str, port: int) -> str:
    text = f'[broker]\nurl = "mqtt://{host}:{port}"\n'
    if secret.username:
        text += f"username = {_text(secret.username)}\n"
    if secret.password_file is not None:
        text += f"password_file = {_text(str(secret.password_file))}\n"
    return text


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string

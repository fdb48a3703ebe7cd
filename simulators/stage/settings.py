"""The files that the programs of a stage are started with: broker's accounts, hub.toml, agent.toml."""

import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from device_profiles.profile import load_profiles
from simulators.fleet.packs import KIND, PROFILE
from simulators.observers.witness import Account
from simulators.play.scenario import Scenario

HUB = "xiacheng"
POLICY = "policy.toml"  # beside the hub's config
TERMINAL = "lift_terminal"  # the profile of terminals on RS-485
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
    agents: Mapping[str, Secret] = {}
    centre: Secret = Secret()


def given_broker(url: str, agents: Iterable[str], *, username: str, password: str, folder: Path) -> BrokerPlace:
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
    return BrokerPlace(url, parts.hostname, parts.port or 1883, secret, dict.fromkeys(agents, secret), secret)


def hub_toml(
    place: BrokerPlace, *, profiles: Path | None = None, influx_url: str = "", policy: bool = False, receivers: str = ""
) -> str:
    """Return the hub's config; it talks to the broker directly, and archives in an InfluxDB if there is one."""
    head = f'hub = "{HUB}"\ndata = "data"\n{_profiles(profiles)}'
    head += f"policy = {_text(POLICY)}\n\n" if policy else "\n"
    archive = f'[archive]\nkind = "influx"\nurl = "{influx_url}"\n\n' if influx_url else ""
    return head + archive + _broker(place.hub, place.host, place.port) + receivers


def units(scenario: Scenario) -> dict[str, int]:
    """Return the Modbus address of each lift that has a terminal on a line."""
    others = scenario.boxes | scenario.pushed
    counts = {lift.line: itertools.count(FIRST_UNIT) for lift in scenario.lifts}
    numbered = {lift.device: next(counts[lift.line]) for lift in scenario.lifts}
    return {device: unit for device, unit in numbered.items() if device not in others}


def line_link(line: Path, number: int) -> Path:
    """Return where the RS-485 line of a number comes out; ``line`` is the first."""
    return line if number == 1 else line.with_name(f"{line.name}{number}")


def box_link(line: Path, device: str) -> Path:
    """Return where the line of a lift's box comes out, beside the RS-485 ``line``."""
    return line.with_name(f"{line.name}-{device}")


def agent_toml(
    scenario: Scenario,
    place: BrokerPlace,
    *,
    agent: str,
    line: Path,
    tap_port: int,
    platforms: str = "",
    profiles: Path | None = None,
) -> str:
    """Return an agent's config; it talks to the broker through the tap."""
    head = f'agent = {_text(agent)}\narea = {_text(scenario.area)}\ndata = "data"\n{_profiles(profiles)}\n'
    head += _broker(place.agents[agent], "127.0.0.1", tap_port)
    addresses, mine = units(scenario), scenario.served_by(agent)
    slaves = [lift for lift in mine if lift.device in addresses]
    for number in sorted({lift.line for lift in slaves}):
        head += f'\n[[lines]]\nname = "rs485-{number}"\n'
        head += f"port = {_text(str(line_link(line, number)))}\nbaud = {scenario.baud}\n"
        for lift in (lift for lift in slaves if lift.line == number):
            head += f"\n[[lines.slaves]]\nunit = {addresses[lift.device]}\ndevice = {_text(lift.device)}\n"
            head += f"profile = {_text(terminal_kind(scenario))}\nasset = {_text(lift.asset or lift.device.upper())}\n"
    for lift in mine:
        if lift.device in scenario.boxes:
            head += f"\n[[boxes]]\nport = {_text(str(box_link(line, lift.device)))}\ndevice = {_text(lift.device)}\n"
            head += f"asset = {_text(lift.asset or lift.device.upper())}\n"
    return head + platforms


def terminal_kind(scenario: Scenario) -> str:
    """Return the profile of the terminals: the built-in one, or that of ``terminal_profile``."""
    return TERMINAL if scenario.test_every is None else f"{TERMINAL}_tested"


def terminal_profile(scenario: Scenario) -> str:
    """Return the text of the built-in profile under another name, with the scenario's time between two test calls."""
    text = load_profiles()[TERMINAL].text
    for old, new in (
        (f'kind = "{TERMINAL}"', f'kind = "{terminal_kind(scenario)}"'),
        ('every = "3d"', f'every = "{scenario.test_every}"'),
    ):
        if text.count(old) != 1:
            raise ValueError(f"profile {TERMINAL}: {old!r} is there {text.count(old)} times")
        text = text.replace(old, new)
    return text


def write_profiles(scenario: Scenario, folder: Path) -> Path | None:
    """Write the scenario's own profiles into ``folder``, if it has any; return where they are."""
    texts = {} if scenario.test_every is None else {terminal_kind(scenario): terminal_profile(scenario)}
    texts |= {} if scenario.storm is None else {KIND: PROFILE}
    for kind, text in texts.items():
        folder.mkdir(exist_ok=True)
        (folder / f"{kind}.toml").write_text(text, encoding="utf-8")
    return folder if texts else None


def _profiles(folder: Path | None) -> str:
    return "" if folder is None else f"profiles = [{_text(str(folder))}]\n"


def _broker(secret: Secret, host: str, port: int) -> str:
    text = f'[broker]\nurl = "mqtt://{host}:{port}"\n'
    if secret.username:
        text += f"username = {_text(secret.username)}\n"
    if secret.password_file is not None:
        text += f"password_file = {_text(str(secret.password_file))}\n"
    return text


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string

"""The real chain for adversaries: a simulated line, a real agent, a real broker, a real hub and a command centre."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from device_profiles.link import BrokerConfig, Inbound, Link
from device_profiles.profile import BUILT_IN, ProfileSpec, load_profiles
from device_profiles.topics import ALARM_FILTER
from device_profiles.wire import Value
from hub.database import open_database
from hub.twins.reader import load_twins
from simulators.modbus import Line, RegisterImage, Slave, blank_cells, values_to_image
from tests.edge_agent.agents import AgentProcess
from tests.hub.rig import HubProcess
from tests.servers import Mosquitto

AREA = "hz/xiacheng/chaoming"
WAIT_S = 90.0  # long enough for a loaded machine; nothing here is about speed
COVER, LIFT = "cover-01", "lift-07"
SOUND = {"tilt_deg": 0.0, "water_m": 0.1}
TILTED = {"tilt_deg": 30.0}
RUNNING = {"car_moving": True, "door_zone": False, "door_closed": True, "power_mains": True, "service_mode": 1}
TRAPPED = {"car_moving": False, "passenger": True}
FREED = {"door_zone": True, "door_closed": False, "passenger": False}

COVER_PROFILE = """
kind = "cover"
title = "Manhole cover"
[liveness]
silent_after = "8s"
[modbus.blocks.cover]
table = "input_register"
address = 0
count = 2
every = "500ms"
[values.tilt_deg]
type = "float"
description = "tilt"
modbus = { block = "cover", at = 0, scale = 0.1 }
[values.water_m]
type = "float"
description = "water"
modbus = { block = "cover", at = 1, scale = 0.01 }
[[alarms]]
rule = "cover.moved"
severity = "critical"
title = "Cover tilted"
when = "tilt_deg >= 10"
for = "2s"
clear_when = "tilt_deg < 5"
clear = "2s"
"""
_LIMITS = {'suspect = "10s"': 'suspect = "500ms"', 'confirm_between = "20s"': 'confirm_between = "1s"',
           'clear = "3s"': 'clear = "500ms"', 'silent_after = "15s"': 'silent_after = "8s"'}  # fmt: skip


class Word(msgspec.Struct, frozen=True):
    """One thing that the command centre was told."""

    id: str  # of the transition
    alarm: str
    rule: str
    subject: str
    kind: str  # raised, cleared, …
    open: bool
    sounded: bool
    retained: bool


class Centre:
    """A command centre that hears every alarm, each transition once."""

    def __init__(self, url: str, folder: Path, *, name: str = "centre") -> None:
        self.words: list[Word] = []
        self._changed = threading.Condition()
        self._seen: set[str] = set()
        self.link = Link(
            BrokerConfig(url),
            client_id=name,
            folder=folder,
            persistent=True,
            subscriptions=(ALARM_FILTER,),
            on_message=self._hear,
        )

    def kinds(self, rule: str) -> list[str]:
        """Return what was told of a rule, in order."""
        return [word.kind for word in self.words if word.rule == rule]

    def hears(self, rule: str, *kinds: str, timeout_s: float = WAIT_S) -> bool:
        """Wait until exactly these were told of a rule."""
        return self.until(lambda: self.kinds(rule) == list(kinds), timeout_s)

    def until(self, holds: Callable[[], bool], timeout_s: float = WAIT_S) -> bool:
        """Wait until what was told makes ``holds`` true."""
        with self._changed:
            return self._changed.wait_for(holds, timeout_s)

    def _hear(self, message: Inbound) -> None:
        if not message.payload:
            return
        event = json.loads(message.payload)
        with self._changed:
            if event["id"] not in self._seen:  # at least once, says the contract: the id tells
                self._seen.add(event["id"])
                self.words.append(_word(event, retained=message.retain))
                self._changed.notify_all()


def _word(event: dict[str, Any], *, retained: bool) -> Word:
    data, said = event["data"], event["data"]["transition"]
    return Word(
        event["id"], data["id"], data["rule"], data["subject"], said["kind"], data["active"], data["sounded"], retained
    )


class Chain:
    """A cover and a lift on a line, and everything behind it. Start the parts in the order that a test needs."""

    def __init__(
        self,
        folder: Path,
        broker: Mosquitto,
        *,
        hub_extra: str = "",
        outbox: str = "",
        data: str = "",
        silent: str = "8s",
    ) -> None:
        """``hub_extra`` and ``outbox`` are more lines of the configs, ``data`` is where the agent keeps its outbox."""
        self.folder = folder
        self.broker = broker
        self.stack = ExitStack()
        self._write_profiles(silent)
        self.specs: dict[str, ProfileSpec] = {
            kind: profile.spec for kind, profile in load_profiles([folder / "profiles"]).items()
        }
        self.images = {COVER: self._image("cover"), LIFT: self._image("quick_lift")}
        self.line = Line(
            [Slave(1, self.images[COVER], turn_around_ms=2), Slave(2, self.images[LIFT], turn_around_ms=2)],
            link=folder / "line",
            tcp_port=0,
        )
        self.hub = HubProcess(folder / "hub", broker.url, extra=f'profiles = ["{folder / "profiles"}"]\n{hub_extra}')
        self.agent: AgentProcess
        self.config = folder / "agent.toml"
        self.outbox, self.data = outbox, data or str(folder / "agent")
        self.centre = Centre(broker.url, folder)

    def __enter__(self) -> "Chain":
        self.show(COVER, SOUND)
        self.show(LIFT, RUNNING)
        self.stack.enter_context(self.line)
        self.write_config(self.config)
        self.centre.link.start()
        self.stack.callback(self.centre.link.stop)
        assert self.centre.link.subscribed.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def start(self, *, agent: tuple[str, ...] = ("edge_agent",)) -> "Chain":
        """Start hub and agent, and wait until both devices have spoken."""
        self.start_hub()
        self.start_agent(program=agent)
        assert self.until(lambda: {f"{AREA}/{COVER}", f"{AREA}/{LIFT}"} <= self.twins().keys())
        return self

    def start_hub(self) -> None:
        """Start the hub, also again."""
        self.hub.start()
        self.stack.callback(self._end_hub)

    def start_agent(self, config: Path | None = None, *, program: tuple[str, ...] = ("edge_agent",)) -> AgentProcess:
        """Start the agent (or another one), also again."""
        self.agent = AgentProcess(config or self.config, program=program)
        self.stack.callback(_end_agent, self.agent)
        self.agent.wait_for("ready")
        return self.agent

    def show(self, device: str, values: dict[str, Value]) -> None:
        """Let a device measure ``values``."""
        self.images[device].update(values_to_image(self.specs[_KINDS[device]], values))

    def write_config(self, path: Path, *, port: str = "", data: str = "", url: str = "", device: str = "") -> Path:
        """Write the config of an agent with both devices, or with ``device`` alone."""
        slaves = [
            f'[[lines.slaves]]\nunit = {unit}\ndevice = "{name}"\nprofile = "{kind}"\n'
            for unit, (name, kind) in enumerate(_KINDS.items(), 1)
            if device in ("", name)
        ]
        path.write_text(
            f'agent = "chaoming-01"\narea = "{AREA}"\ndata = "{data or self.data}"\n'
            f'profiles = ["{self.folder / "profiles"}"]\n'
            f'[broker]\nurl = "{url or self.broker.url}"\nkeepalive_s = 5\n[outbox]\n{self.outbox}\n'
            f'[[lines]]\nport = "{port or self.line.port}"\n' + "".join(slaves),
            encoding="utf-8",
        )
        return path

    def twins(self) -> dict[str, dict[str, object]]:
        """Return what the hub knows of each device; empty before there is a database."""
        engine = open_database(self.hub.folder / "data" / "hub.db")
        try:
            return {subject: msgspec.to_builtins(twin) for subject, twin in load_twins(engine).twins.items()}
        finally:
            engine.dispose()

    def until(self, holds: Callable[[], bool], timeout_s: float = WAIT_S) -> bool:
        """Wait for what tells nobody: what stands in a database of another process."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def settled(self) -> bool:
        """Stop the agent politely; return whether the hub then has all that it made, or its word that it is gone."""
        assert self.agent.stop() == 0, self.agent.log
        lanes: Any = self.hub.ledger()["lanes"]
        return sum(lane["missing"] for lane in lanes if lane["agent"] == f"{AREA}/chaoming-01") == 0

    def replays(self) -> bool:
        """Stop the hub and return whether its journal folds to the same transitions."""
        assert self.hub.stop() == 0, "".join(self.hub.log)
        return "same" in self.hub.ask("replay")

    def ends_well(self) -> bool:
        """Free who is trapped, put the cover back; return whether alarms end, nothing misses and it replays."""
        self.show(LIFT, FREED)
        self.show(COVER, SOUND)
        ended = all(self.centre.hears(rule, "raised", "cleared") for rule in ("lift.entrapment", "cover.moved"))
        return ended and self.settled() and self.replays()

    def _image(self, kind: str) -> RegisterImage:
        return RegisterImage(blank_cells(self.specs[kind]))

    def _write_profiles(self, silent: str) -> None:
        folder = self.folder / "profiles"
        folder.mkdir(parents=True)
        (folder / "cover.toml").write_text(COVER_PROFILE.replace("8s", silent), encoding="utf-8")
        text = (BUILT_IN / "lift_terminal.toml").read_text(encoding="utf-8")
        for old, new in {'kind = "lift_terminal"': 'kind = "quick_lift"', **_LIMITS}.items():
            assert old in text
            text = text.replace(old, new.replace("8s", silent))
        (folder / "quick_lift.toml").write_text(text, encoding="utf-8")

    def _end_hub(self) -> None:
        if self.hub.process is not None and self.hub.process.poll() is None:
            self.hub.process.kill()
            self.hub.ended()


_KINDS = {COVER: "cover", LIFT: "quick_lift"}


def _end_agent(agent: AgentProcess) -> None:
    if agent.process.poll() is None:
        agent.kill()

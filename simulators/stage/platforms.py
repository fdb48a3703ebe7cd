"""The platforms of a play, with the brokers of those that talk MQTT, and what the agent must know of them."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.config import duration_us
from device_profiles.profile import load_profiles
from simulators.platforms.dialects import MAKES
from simulators.platforms.platform import Platform, Sender
from simulators.platforms.senders import HttpSender, MqttSender
from simulators.platforms.terminal import Terminal, registration_code
from simulators.play.play import Play, WireFault
from simulators.play.scenario import PlatformSpec
from simulators.stage.brokers import open_broker
from simulators.stage.loop import begin_loop
from simulators.stage.ports import free_port

PREFIX = "lifts/push"
_PATH = "/lifts"


class PlatformCity:
    """An async context manager: inside it the platforms run and push, whatever the play does."""

    def __init__(self, play: Play, clock: Clock, folder: Path, *, mosquitto: str | None) -> None:
        self._play = play
        self._clock = clock
        self._folder = folder
        self._mosquitto = mosquitto
        self._codes = {spec.device: registration_code(n) for n, spec in enumerate(play.scenario.lifts, 1)}
        self._ports = {spec.name: free_port() for spec in play.scenario.platforms}
        self._platforms: dict[str, Platform] = {}  # by device
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "PlatformCity":
        async with self._stack:  # closes what was begun when the rest fails
            for spec in self._play.scenario.platforms:
                await self._begin(spec)
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def __contains__(self, device: str) -> bool:
        return device in self._platforms

    def strike(self, fault: WireFault) -> None:
        """Do to a platform what a scenario's act says: be silent about a lift, be cut off, or be well again."""
        platform = self._platforms[fault.lift]
        match fault.act:
            case "slave_silent":
                platform.silent.add(fault.lift)
            case "slave_back":
                platform.silent.discard(fault.lift)
            case "unplug_line":
                platform.cut = True
            case "plug_line":
                platform.cut = False

    def toml(self, agent: str) -> str:
        """Return the [[platforms]] of an agent's config."""
        scenario = self._play.scenario
        return "".join(self._toml(spec) for spec in scenario.platforms if (spec.agent or scenario.agent) == agent)

    def _toml(self, spec: PlatformSpec) -> str:
        text = f'\n[[platforms]]\nkind = "{spec.kind}"\nname = "{spec.name}"\ndialect = "{spec.dialect}"\n'
        port = self._ports[spec.name]
        if spec.kind == "http":
            text += f'listen = "127.0.0.1:{port}"\npath = "{_PATH}"\n'
        else:
            text += f'topic = "{PREFIX}/+"\nbroker = {{ url = "mqtt://127.0.0.1:{port}" }}\n'
        for device in spec.lifts:
            text += f"\n[platforms.devices.{self._codes[device]}]\ndevice = {json.dumps(device)}\n"
            text += f"asset = {json.dumps(device.upper())}\n"
        return text

    async def _begin(self, spec: PlatformSpec) -> None:
        sender = await self._sender(spec)
        self._stack.push_async_callback(sender.close)
        dialect = load_profiles()["lift_platform"].spec.dialects[spec.dialect]
        terminals: Mapping[str, Terminal] = {
            device: Terminal(self._play.lifts[device], registration_code=self._codes[device]) for device in spec.lifts
        }
        keep_alive_us = duration_us(dialect.keep_alive)
        platform = Platform(
            MAKES[spec.dialect], terminals, sender=sender, keep_alive_us=keep_alive_us, clock=self._clock
        )
        self._platforms |= dict.fromkeys(spec.lifts, platform)
        loops = [("look", platform.look_loop()), ("push", platform.push_loop())]
        loops += [("noise", platform.noise_loop())] if spec.noise else []
        for name, loop in loops:
            begin_loop(self._stack, loop, name=f"{name} of {spec.name}")

    async def _sender(self, spec: PlatformSpec) -> Sender:
        port = self._ports[spec.name]
        if spec.kind == "http":
            return HttpSender(f"http://127.0.0.1:{port}{_PATH}")
        broker = open_broker(spec.name, port, self._folder, mosquitto=self._mosquitto)
        self._stack.push_async_callback(broker.stop)
        await broker.start({})
        await broker.until_ready()
        return MqttSender("127.0.0.1", port, prefix=PREFIX)

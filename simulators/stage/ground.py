"""The ground sensors of a play: a Modbus line and a network server's broker, and what the agent must know of them."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.profile import load_profiles
from simulators.ground.sensor import BUCKET_US, GroundSensor
from simulators.ground.spec import GroundSpec
from simulators.ground.uplink import Radio, device_id
from simulators.modbus import Line, LineTiming, RegisterImage, Silent, Slave, blank_cells, values_to_image
from simulators.platforms.senders import MqttSender
from simulators.play.play import Play
from simulators.stage.brokers import open_broker
from simulators.stage.loop import begin_loop
from simulators.stage.ports import free_port

KIND = "ground_sensor"
BAUD = 19_200
LOOK_S = 0.01  # real
_TENANT = "city"


class GroundCity:
    """An async context manager: inside it the sensors measure and speak, whatever the play does."""

    def __init__(self, play: Play, clock: Clock, folder: Path, *, mosquitto: str | None) -> None:
        self._play = play
        self._clock = clock
        self._folder = folder
        self._mosquitto = mosquitto
        self._spec = load_profiles()[KIND].spec
        wired = [sensor for sensor in play.grounds.values() if sensor.spec.way == "modbus"]
        self.radios = [Radio(sensor) for sensor in play.grounds.values() if sensor.spec.way != "modbus"]
        self._slaves = [(sensor, Slave(n, RegisterImage(blank_cells(self._spec)))) for n, sensor in enumerate(wired, 1)]
        self._ways = sorted({radio.sensor.spec.way for radio in self.radios})
        self._port = free_port() if self.radios else 0
        self._shown: dict[str, tuple[int, bool]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "GroundCity":
        async with self._stack:  # closes what was begun when the rest fails
            if self._slaves:
                self._show()
                slaves = [slave for _, slave in self._slaves]
                self._stack.enter_context(Line(slaves, timing=LineTiming(baud=BAUD), link=self._link))
            if self.radios:
                await self._begin_network()
            if self._slaves or self.radios:
                begin_loop(self._stack, self._live_loop(), name="ground sensors")
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def toml(self) -> str:
        """Return the [[lines]] and [[platforms]] of the agent's config."""
        return (self._line_toml() if self._slaves else "") + "".join(map(self._platform_toml, self._ways))

    @property
    def _link(self) -> Path:
        return self._folder / "line-ground"

    async def _begin_network(self) -> None:
        broker = open_broker("network-server", self._port, self._folder, mosquitto=self._mosquitto)
        self._stack.push_async_callback(broker.stop)
        await broker.start({})
        await broker.until_ready()
        self._senders = {way: MqttSender("127.0.0.1", self._port, prefix=_prefix(way)) for way in self._ways}
        for sender in self._senders.values():
            self._stack.push_async_callback(sender.close)

    async def _live_loop(self) -> None:
        while True:
            self._show()
            for radio in self.radios:
                sensor = radio.sensor.spec
                for body in radio.due(self._clock.wall_us(), self._play.t_us):
                    await self._senders[sensor.way].send(body, registration_code=f"{device_id(sensor.device)}/up")
            await asyncio.sleep(LOOK_S)

    def _show(self) -> None:
        """Write into the registers what is measured now."""
        t_us = self._play.t_us
        for sensor, slave in self._slaves:
            now = (t_us // BUCKET_US, sensor.off)
            if self._shown.get(sensor.spec.device) != now:
                self._shown[sensor.spec.device] = now
                slave.fault = Silent() if sensor.off else None
                slave.image.update(values_to_image(self._spec, _registers(sensor, t_us)))

    def _line_toml(self) -> str:
        text = f'\n[[lines]]\nname = "ground"\nport = {json.dumps(str(self._link))}\nbaud = {BAUD}\n'
        for sensor, slave in self._slaves:
            text += f"\n[[lines.slaves]]\nunit = {slave.unit}\ndevice = {json.dumps(sensor.spec.device)}\n"
            text += f'profile = "{KIND}"\nasset = {json.dumps(_asset(sensor.spec))}\n'
        return text

    def _platform_toml(self, way: str) -> str:
        text = f'\n[[platforms]]\nkind = "mqtt"\nname = "{_name(way)}"\nprofile = "{KIND}"\ndialect = "{way}"\n'
        text += f'feed = "uplink_feed"\ntopic = "{_prefix(way)}/+/up"\n'
        text += f'broker = {{ url = "mqtt://127.0.0.1:{self._port}" }}\n'
        for spec in (radio.sensor.spec for radio in self.radios if radio.sensor.spec.way == way):
            text += f"\n[platforms.devices.{device_id(spec.device)}]\ndevice = {json.dumps(spec.device)}\n"
            text += f"asset = {json.dumps(_asset(spec))}\n"
        return text


def _registers(sensor: GroundSensor, t_us: int) -> dict[str, str | int | float | bool | None]:
    return sensor.values(t_us) | {"frame_counter": sensor.frames(t_us)}


def _name(way: str) -> str:
    return "lorawan-" + way.replace("_", "-")


def _prefix(way: str) -> str:
    return f"v3/{_name(way)}@{_TENANT}/devices"


def _asset(spec: GroundSpec) -> str:
    return spec.asset or spec.device.upper()

"""The stage: broker, hub and agent as processes of their own, with one clock, joined by a real line and real sockets.

lifts ─ pty ─▶ agent ─tcp─▶ Tap ─tcp─▶ broker ◀─tcp─ hub
                                          └─tcp─▶ Witness
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from device_profiles.clock import Clock
from device_profiles.topics import AgentAddress
from simulators.observers.packs import journalled_keys
from simulators.observers.tap import Tap
from simulators.observers.witness import AlarmWord, HonestPath, ObservingPath, Witness
from simulators.play.play import Play
from simulators.receivers.office import Office
from simulators.stage.brokers import city_broker, find_mosquitto
from simulators.stage.cameras import CameraCity
from simulators.stage.evidence import evidence_toml
from simulators.stage.fieldbus import FieldBus
from simulators.stage.ground import GroundCity
from simulators.stage.influx import find_influxd, influx_program
from simulators.stage.loop import begin_loop
from simulators.stage.platforms import PlatformCity
from simulators.stage.ports import free_port
from simulators.stage.process import Program, ProgramDied
from simulators.stage.settings import (
    POLICY,
    BrokerPlace,
    Secret,
    agent_toml,
    given_broker,
    hub_toml,
    write_profiles,
)
from simulators.stage.storm import Storm

USERNAME, PASSWORD = "CITYNERVE_BROKER_USERNAME", "CITYNERVE_BROKER_PASSWORD"
DRAIN_S = 60.0  # real; from the last fact to its row in the journal
_POLL_S = 0.05
_REACH_S = 3.0  # real; to open a connection to a given broker
_HEARD_S = 6.0  # real; the slowest observing path holds a word for so long


class StageOptions(msgspec.Struct, frozen=True):
    """How a stage is set up."""

    broker_url: str = ""  # a broker that runs already; empty: one of our own
    embedded: bool = False  # amqtt even when Mosquitto is there
    influx: bool = False  # the hub archives in an InfluxDB of our own, when influxd is there


class Stage:
    """An async context manager: everything runs inside it, nothing is left after it."""

    def __init__(
        self,
        play: Play,
        clock: Clock,
        folder: Path,
        *,
        options: StageOptions | None = None,
        path: ObservingPath | None = None,
    ) -> None:
        self.play = play
        self.clock = clock
        self.folder = folder
        self.options = options or StageOptions()
        self.journal = folder / "hub" / "data" / "journal.db"
        self.logs = folder / "logs"
        self.hub_config = folder / "hub" / "hub.toml"
        self.hub = self._python("hub", "hub", "run", str(self.hub_config))
        self.agents = {name: self._agent(name) for name in play.scenario.addresses}
        self.agent = self.agents[play.scenario.agent]
        self.broker: Program | None = None  # None: a given one
        self.influx: Program | None = None  # None: the hub's embedded archive
        self._influx_url = ""
        self.place: BrokerPlace
        self.tap: Tap
        self.witness: Witness
        self.bus: FieldBus
        self.platforms: PlatformCity
        self.ground: GroundCity
        self.cameras = CameraCity(play.scenario, play.scenes, folder, self.environment(), seed=play.seed)
        self.office = Office(play.scenario.receivers, [crew.name for crew in play.scenario.responders], clock)
        self.storm: Storm | None = None
        self._path = path or HonestPath()
        self._stack = AsyncExitStack()

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of the programs: ours, the city's clock and ``more``."""
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        return os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | self.clock.environment() | more

    async def __aenter__(self) -> "Stage":
        async with self._stack:  # closes what was set up when the rest fails
            await self._set_up()
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def heard(self) -> list[AlarmWord]:
        """Return what was heard so far, and what is under way."""
        await until(lambda: self.witness.pending == 0, _HEARD_S)
        return list(self.witness.words)

    async def finish(self) -> list[AlarmWord]:
        """End the story: hear what is under way, stop the agent, wait for its packs in the journal, stop the hub.

        Returns what was heard of the story: that an agent which is stopped is offline is no part of it.
        """
        words = await self.heard()
        await asyncio.gather(*(agent.stop() for agent in self.agents.values()))
        await until(self.is_drained, DRAIN_S)
        await self.hub.stop()
        return words

    def is_drained(self) -> bool:
        """Whether every pack that the tap saw is in the journal."""
        return self.tap.packs.keys() <= journalled_keys(self.journal)

    async def start_broker(self) -> None:
        """Start our own broker, again after it died."""
        if self.broker is not None:
            await self.broker.start(self.environment())
            await self.broker.until_ready()

    async def _set_up(self) -> None:
        for name in ("hub", *(agent.name for agent in self.agents.values()), "logs"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.place = await self._broker_place()
        self._stack.push_async_callback(self._stop_broker)
        await self.start_broker()
        await self._start_influx()
        self.tap = await self._stack.enter_async_context(Tap(self.place.host, self.place.port))
        self.bus = self._stack.enter_context(FieldBus(self.play, link=self.folder / "line"))
        mosquitto = None if self.options.embedded else find_mosquitto()
        platforms = PlatformCity(self.play, self.clock, self.folder, mosquitto=mosquitto)
        self.platforms = await self._stack.enter_async_context(platforms)
        ground = GroundCity(self.play, self.clock, self.folder, mosquitto=mosquitto)
        self.ground = await self._stack.enter_async_context(ground)
        await self._stack.enter_async_context(self.office)
        await self._stack.enter_async_context(self.cameras)
        self._write_configs()
        self._stack.push_async_callback(self.hub.stop)
        for agent in self.agents.values():
            self._stack.push_async_callback(agent.stop)
        for program in (self.hub, *self.agents.values()):
            await program.start(self.environment())
        self.witness = Witness(self.place.centre.account(self.place.host, self.place.port), self.clock, path=self._path)
        begin_loop(self._stack, self.witness.listen_loop(), name="witness")
        ready = [program.until_ready() for program in (self.hub, *self.agents.values())]
        await asyncio.gather(*ready, self.witness.subscribed.wait())
        await self.cameras.until_heard(self.journal)
        await self._brew()

    async def _brew(self) -> None:
        """Connect the storm, which is calm yet; through the tap, so that its packs are counted too."""
        scenario = self.play.scenario
        if scenario.storm is not None:
            address = AgentAddress(scenario.area, scenario.storm.agent)
            account = self.place.agents[scenario.storm.agent].account("127.0.0.1", self.tap.port)
            storm = Storm(scenario.storm, address, account, self.clock)
            self.storm = await self._stack.enter_async_context(storm)

    def _write_configs(self) -> None:
        profiles = write_profiles(self.play.scenario, self.folder / "profiles")
        policy = self.play.scenario.policy
        if policy:
            self.hub_config.with_name(POLICY).write_text(policy, encoding="utf-8")
        text = hub_toml(
            self.place,
            profiles=profiles,
            influx_url=self._influx_url,
            policy=bool(policy),
            receivers=self.office.toml(),
        )
        self.hub_config.write_text(text, encoding="utf-8")
        own = self.cameras.toml() + self.ground.toml()
        if any(camera.place == "road" for camera in self.play.scenario.cameras):
            address = self.play.scenario.addresses[self.play.scenario.agent]
            own += evidence_toml(address, hub_folder=self.hub_config.parent)
        for name, agent in self.agents.items():
            text = agent_toml(
                self.play.scenario,
                self.place,
                agent=name,
                line=self.folder / "line",
                tap_port=self.tap.port,
                platforms=self.platforms.toml(name) + (own if agent is self.agent else ""),
                profiles=profiles,
            )
            (self.folder / agent.name / "agent.toml").write_text(text, encoding="utf-8")

    async def _broker_place(self) -> BrokerPlace:
        if self.options.broker_url:
            username, password = os.environ.get(USERNAME, ""), os.environ.get(PASSWORD, "")
            url, agents = self.options.broker_url, self.play.scenario.accounts
            place = given_broker(url, agents, username=username, password=password, folder=self.folder)
            await _check_reachable(place)
            return place
        folder, port = self.folder / "broker", free_port()
        await self.run_hub("broker", "init", str(folder), "--port", str(port))
        addresses = self.play.scenario.accounts
        for address in addresses.values():
            await self.run_hub("broker", "agent", str(folder), str(address))
        mosquitto = None if self.options.embedded else find_mosquitto()
        self.broker = city_broker(port, folder, mosquitto=mosquitto, log=self.logs / "broker.log")
        secrets = {agent: _secret(folder, str(address).replace("/", ".")) for agent, address in addresses.items()}
        name, hub, centre = "mosquitto" if mosquitto else "embedded", _secret(folder, "hub"), _secret(folder, "centre")
        return BrokerPlace(name, "127.0.0.1", port, hub, secrets, centre)

    async def run_hub(self, *arguments: str) -> str:
        """Run a hub command to its end and return what it printed. Raises ProgramDied."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment(),
        )
        output, errors = await process.communicate()
        if process.returncode:
            raise ProgramDied(f"hub {arguments[0]}", code=process.returncode, log=errors.decode())
        return output.decode()

    async def _start_influx(self) -> None:
        influxd = find_influxd() if self.options.influx else None
        if influxd is None:
            return
        port, log = free_port(), self.logs / "influxdb.log"
        self.influx = influx_program(influxd, self.folder / "influxdb", port=port, log=log)
        self._influx_url = f"http://127.0.0.1:{port}"
        self._stack.push_async_callback(self.influx.stop)
        await self.influx.start(self.environment())
        await self.influx.until_ready()

    async def _stop_broker(self) -> None:
        if self.broker is not None:
            await self.broker.stop()

    def _agent(self, name: str) -> Program:
        """Return the program of an agent; that of the scenario's own is called so whatever its id is."""
        name = "agent" if name == self.play.scenario.agent else name
        return self._python(name, "edge_agent", "run", str(self.folder / name / "agent.toml"))

    def _python(self, name: str, module: str, *arguments: str) -> Program:
        return Program(name, [sys.executable, "-m", module, *arguments], log=self.logs / f"{name}.log")


async def until(holds: Callable[[], bool], within_s: float) -> bool:
    """Wait until ``holds()``, at most ``within_s`` real seconds; return whether it does. For what tells nobody."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + within_s
    while not holds():
        if loop.time() >= end_s:
            return False
        await asyncio.sleep(_POLL_S)
    return True


def _secret(folder: Path, user: str) -> Secret:
    return Secret(user, folder / "secrets" / f"{user}.password")


async def _check_reachable(place: BrokerPlace) -> None:
    """Raise ValueError when nobody listens at a given broker's place."""
    try:
        async with asyncio.timeout(_REACH_S):
            _, writer = await asyncio.open_connection(place.host, place.port)
    except (OSError, TimeoutError) as error:
        raise ValueError(f"broker {place.name}: cannot be reached: {error or 'no answer'}") from error
    writer.close()

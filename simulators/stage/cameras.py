"""The cameras of a play: a program that draws them, what the agent must know of them, and what befalls them."""

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from device_profiles.config import duration_s
from simulators.camera.places.road import PIECE_M
from simulators.camera.places.street import ZONE
from simulators.camera.plan import Plan, Task, Word
from simulators.camera.scene.happenings import Happening
from simulators.camera.scene.scene import Scene
from simulators.camera.serving.faults import Fault
from simulators.camera.spec import HEIGHT, WIDTH, CameraSpec, RoadSpec, zones_of
from simulators.observers.packs import journalled_facts
from simulators.play.acts import CAMERA_FAULTS
from simulators.play.scenario import Scenario
from simulators.stage.ports import free_port
from simulators.stage.process import Program

HEARD_S = 90.0  # real; a busy machine starts Python slowly
_POLL_S = 0.3


class CameraCity:
    """An async context manager: inside it the cameras are on the network."""

    def __init__(
        self,
        scenario: Scenario,
        scenes: Mapping[str, Scene],
        folder: Path,
        environment: Mapping[str, str],
        *,
        seed: int,
    ) -> None:
        self._scenes = scenes
        self._specs, self._roads = scenario.cameras, scenario.roads
        self._folder = folder / "cameras"
        self._environment = environment
        self._tasks = [Task(spec, free_port(), free_port()) for spec in self._specs]
        self._plan = Plan(seed, duration_s(scenario.duration), free_port(), tuple(self._tasks))
        self._writer: asyncio.StreamWriter | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "CameraCity":
        if self._specs:
            async with self._stack:
                await self._start()
                self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def until_heard(self, journal: Path) -> None:
        """Wait until every camera, zone and road has said something that is in the hub's journal. Raises ValueError."""
        missing = self._devices()
        try:
            async with asyncio.timeout(HEARD_S):
                while missing:
                    await asyncio.sleep(_POLL_S)
                    missing -= {str(fact.get("device")) for fact in journalled_facts(journal)}
        except TimeoutError:
            raise ValueError(f"nothing was heard of {', '.join(sorted(missing))}") from None

    def begin(self, t_us: int) -> None:
        """Let the story begin at a city time."""
        self._say(Word(begin_us=t_us))

    def strike(self, camera: str, act: str) -> None:
        """Do to a camera what a scenario's act says."""
        if act in CAMERA_FAULTS:
            name = CAMERA_FAULTS[act]
            self._say(Word(camera, Fault(name) if name else None))

    def happens(self, camera: str, what: Happening) -> None:
        """Let something befall the road that a camera sees, and whoever else looks at the same one."""
        scene = next(spec.scene for spec in self._specs if spec.device == camera)
        for spec in self._specs:
            if spec.device == camera or (scene and spec.scene == scene):
                self._say(Word(spec.device, happening=what))

    def port(self, camera: str) -> int:
        """Return the port at which the agent reads a camera."""
        task = next(task for task in self._tasks if task.spec.device == camera)
        return task.rtsp_port if task.spec.way == "rtsp" else task.http_port

    def toml(self) -> str:
        """Return the [[cameras]] of an agent's config."""
        return "".join(self._toml(spec) for spec in self._specs) + "".join(map(self._road_toml, self._roads))

    def _toml(self, spec: CameraSpec) -> str:
        port = self.port(spec.device)
        url = f"rtsp://127.0.0.1:{port}/camera" if spec.way == "rtsp" else f"http://127.0.0.1:{port}/stream.mjpeg"
        text = f"\n[[cameras]]\ndevice = {json.dumps(spec.device)}\nprofile = {json.dumps(spec.profile)}\n"
        text += f"url = {json.dumps(url)}\nasset = {json.dumps(spec.device.upper())}\n"
        text += f"zones = {json.dumps(str(self._zones(spec)))}\n" if spec.judged else ""
        return text + (f'\n[cameras.assets]\n"{ZONE}" = {json.dumps(spec.asset)}\n' if spec.asset else "")

    def _devices(self) -> set[str]:
        judged = [spec for spec in self._specs if spec.judged]
        zones = {f"{spec.device}-{zone['id']}" for spec in judged for zone in zones_of(spec, self._scenes[spec.device])}
        return zones | {spec.device for spec in self._specs} | {road.device for road in self._roads}

    def _road_toml(self, road: RoadSpec) -> str:
        lanes = [
            f'{{ camera = {json.dumps(spec.device)}, zone = "{spec.view}", at_m = {(spec.view - 1) * PIECE_M} }}'
            for spec in self._specs
            if spec.device in road.cameras
        ]
        return f"\n[[roads]]\ndevice = {json.dumps(road.device)}\nlanes = [{', '.join(lanes)}]\n"

    def _zones(self, spec: CameraSpec) -> Path:
        return self._folder / f"{spec.device}.zones.json"

    async def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for spec in self._specs:
            zones = {"width": WIDTH, "height": HEIGHT, "zones": zones_of(spec, self._scenes[spec.device])}
            self._zones(spec).write_text(json.dumps(zones, indent=1), encoding="utf-8")
        plan = self._folder / "plan.json"
        plan.write_bytes(msgspec.json.encode(self._plan))
        command = [sys.executable, "-m", "simulators.camera.program", str(plan)]
        program = Program("cameras", command, log=self._folder / "cameras.log")
        self._stack.push_async_callback(program.stop)
        await program.start(self._environment)
        await program.until_ready()
        _, self._writer = await asyncio.open_connection("127.0.0.1", self._plan.control_port)
        self._stack.callback(self._writer.close)

    def _say(self, word: Word) -> None:
        if self._writer is not None:
            self._writer.write(msgspec.json.encode(word) + b"\n")

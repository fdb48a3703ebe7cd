"""Scenarios: what happens to a small city's lifts and cameras, and which alarms it must raise; all else is false."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from device_profiles.clock import MAX_SPEED
from device_profiles.config import Duration, duration_us, read_toml
from device_profiles.errors import ConfigError, TopicError
from device_profiles.topics import AgentAddress, check_area
from device_profiles.wire import Id, Name
from simulators.camera.spec import CameraSpec, RoadSpec
from simulators.ground.spec import GroundSpec, ground_faults
from simulators.lifts.spec import LiftSpec
from simulators.play.act import Act
from simulators.play.acts import (
    BOX_ACTS,
    CAMERA_ACTS,
    GROUND_ACTS,
    LINE_ACTS,
    NODE_ACTS,
    PERSON_ACTS,
    REPORT,
    SLAVE_ACTS,
    TOWN_ACTS,
)
from simulators.receivers.spec import STORM_RULE, ReceiverSpec, StormSpec
from simulators.responders.spec import ResponderSpec

FOLDER = Path(__file__).parents[1] / "scenarios"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alarm that must come, once; the window of its fact counts from the moment at which ``after`` took hold."""

    rule: Name
    after: Id
    not_before: Duration
    not_after: Duration
    lift: str = ""  # or a platform; neither that nor a camera: the agent itself
    camera: str = ""  # or a zone of one, <camera>-<zone>; or a road, or a ground sensor
    site: bool = False  # of a place at which several devices stand, whatever the hub calls it
    clears_after: Id | None = None  # the act after which it must clear
    clears_within: Duration = "30s"
    stays_until: Id | None = None  # the act before which it must not clear
    told: dict[str, int] = {}  # kind of word (or `folded`: by another alarm) → at least so many are heard


class PlatformSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lift platform, to which the terminals of some lifts report and which pushes to the agent."""

    name: Id
    kind: Literal["http", "mqtt"]
    dialect: Name
    lifts: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1)]
    noise: bool = False  # now and then it also sends what must be refused
    agent: Id | Literal[""] = ""  # to which it pushes; "": the scenario's own


class Draw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Several acts of which only one happens, each at its turn of the seeds; it bears the draw's name."""

    name: Id
    acts: Annotated[tuple[Id, ...], msgspec.Meta(min_length=2)]


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One story with its truth."""

    name: Id
    title: str
    seed: Annotated[int, msgspec.Meta(ge=0)]
    duration: Duration  # city time
    lifts: Annotated[tuple[LiftSpec, ...], msgspec.Meta(min_length=1, max_length=200)]
    spare: Id  # the lift to which nothing happens, so that a sabotage can use it
    cameras: tuple[CameraSpec, ...] = ()  # all of the scenario's own agent
    roads: tuple[RoadSpec, ...] = ()
    ground: tuple[GroundSpec, ...] = ()  # sensors, all of the scenario's own agent
    platforms: tuple[PlatformSpec, ...] = ()  # a lift of none of them has its terminal, or its box, on a line
    speed: Annotated[float, msgspec.Meta(gt=0, le=MAX_SPEED)] = MAX_SPEED  # city seconds in a real one, unless told
    long: bool = False  # takes minutes: `make city-day` plays it, not every test
    test_every: Duration | None = None  # how often a terminal must make a test call, in place of the profile's days
    acts: tuple[Act, ...] = ()
    draws: tuple[Draw, ...] = ()
    expected: tuple[Expected, ...] = ()
    allowed: tuple[Name, ...] = ()  # rules whose alarms are neither asked for nor false
    policy: str = ""  # text of the hub's policy: ladders, causes
    receivers: tuple[ReceiverSpec, ...] = ()  # who is told, and what must have been told
    responders: tuple[ResponderSpec, ...] = ()  # crews that ladders call
    storm: StormSpec | None = None
    shuffle: tuple[tuple[Id, ...], ...] = ()  # lifts that stand in for each other: the seed draws whose acts are whose
    rhythm: tuple[Annotated[float, msgspec.Meta(ge=0, le=1)], ...] = ()  # share of the people that come, hour by hour
    area: str = "hz/xiacheng/chaoming"
    agent: Id = "chaoming-01"
    agents: tuple[Id, ...] = ()  # of further street nodes, which lifts and platforms name
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 19200

    @property
    def addresses(self) -> dict[str, AgentAddress]:
        """The agents that serve the lifts, the scenario's own first."""
        return {agent: AgentAddress(self.area, agent) for agent in (self.agent, *self.agents)}

    @property
    def accounts(self) -> dict[str, AgentAddress]:
        """Whoever speaks to the broker as an agent: those, and the storm."""
        storm = {} if self.storm is None else {self.storm.agent: AgentAddress(self.area, self.storm.agent)}
        return self.addresses | storm

    def served_by(self, agent: str) -> tuple[LiftSpec, ...]:
        """Return the lifts that an agent has on its lines and boxes."""
        return tuple(lift for lift in self.lifts if (lift.agent or self.agent) == agent)

    @property
    def boxes(self) -> frozenset[str]:
        """The lifts that a box senses."""
        return frozenset(lift.device for lift in self.lifts if lift.sensed_by == "box")

    @property
    def pushed(self) -> frozenset[str]:
        """The lifts of which a platform tells."""
        return frozenset(lift for platform in self.platforms for lift in platform.lifts)

    def subject(self, device: str) -> str:
        """Return the hub's key of a lift, a platform or a camera; of the agent without one."""
        return f"{self.area}/{device or self.agent}"


def load_scenario(path: Path) -> Scenario:
    """Return the scenario in a TOML file. Raises ConfigError with file and key."""
    scenario = read_toml(path, Scenario)
    for key, message in _faults(scenario):
        raise ConfigError(message, file=str(path), key=key)
    return scenario


def load_scenarios(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Return name → scenario of a folder. Raises ConfigError."""
    found = [load_scenario(path) for path in sorted(folder.glob("*.toml"))]
    return {scenario.name: scenario for scenario in found}


def cast(scenario: Scenario, *, seed: int) -> Scenario:
    """Return the scenario with its acts, and what is expected of them, at the lifts that ``seed`` draws for them."""
    places: dict[str, str] = {}
    for group in scenario.shuffle:
        drawn = random.Random(f"{seed}/cast/{group[0]}").sample(group, len(group))
        places |= dict(zip(group, drawn, strict=True))
    acts = tuple(replace(act, lift=places.get(act.lift, act.lift)) for act in scenario.acts)
    expected = tuple(replace(alarm, lift=places.get(alarm.lift, alarm.lift)) for alarm in scenario.expected)
    for draw in scenario.draws:
        taken = draw.acts[seed % len(draw.acts)]
        acts = tuple(
            replace(act, name=draw.name if act.name == taken else act.name)
            for act in acts
            if act.name == taken or act.name not in draw.acts
        )
    cameras = tuple(_under_a_sky(camera, seed=seed) for camera in scenario.cameras)
    return replace(scenario, acts=acts, cameras=cameras, expected=expected + _of_storm(scenario))


def _under_a_sky(camera: CameraSpec, *, seed: int) -> CameraSpec:
    rng = random.Random(f"{seed}/sky/{camera.scene or camera.device}")
    return replace(camera, sky=rng.choice(camera.skies)) if camera.skies else camera


def _of_storm(scenario: Scenario) -> tuple[Expected, ...]:
    """Return one alarm for each meter of a storm."""
    storms = [act.name for act in scenario.acts if act.act == "storm"]
    devices = [] if scenario.storm is None or not storms else scenario.storm.devices
    return tuple(Expected(STORM_RULE, storms[0], "4s", "10s", device) for device in devices) if storms else ()


def _faults(scenario: Scenario) -> Iterable[tuple[str, str]]:
    try:
        check_area(scenario.area)
    except TopicError as error:
        yield "area", str(error)
    lifts = [lift.device for lift in scenario.lifts]
    if len(set(lifts)) < len(lifts):
        yield "lifts", "a device is there twice"
    if scenario.spare not in lifts or any(act.lift == scenario.spare for act in scenario.acts):
        yield "spare", f"{scenario.spare!r} must be one of the lifts, and no act may use it"
    yield from _agent_faults(scenario)
    yield from _shuffle_faults(scenario, lifts)
    yield from _platform_faults(scenario, lifts)
    yield from _act_faults(scenario, lifts)
    yield from _camera_faults(scenario)
    yield from ground_faults(scenario.ground, scenario.acts)
    yield from _expected_faults(scenario, lifts)


def _agent_faults(scenario: Scenario) -> Iterable[tuple[str, str]]:
    lines: dict[int, str] = {}
    for index, lift in enumerate(scenario.lifts):
        agent = lift.agent or scenario.agent
        if agent not in scenario.addresses:
            yield f"lifts[{index}].agent", f"{agent!r} is not in agents"
        if lift.agent and lift.device in scenario.pushed:
            yield f"lifts[{index}].agent", "it is its platform's agent that serves it"
        if lift.device not in scenario.pushed | scenario.boxes and lines.setdefault(lift.line, agent) != agent:
            yield f"lifts[{index}].line", f"line {lift.line} goes to {lines[lift.line]}"
    for index, platform in enumerate(scenario.platforms):
        if (platform.agent or scenario.agent) not in scenario.addresses:
            yield f"platforms[{index}].agent", f"{platform.agent!r} is not in agents"


def _camera_faults(scenario: Scenario) -> Iterable[tuple[str, str]]:
    cameras = [camera.device for camera in scenario.cameras]
    if len(set(cameras)) < len(cameras):
        yield "cameras", "a device is there twice"
    for index, road in enumerate(scenario.roads):
        if not set(road.cameras) <= set(cameras) or road.device in cameras:
            yield f"roads[{index}]", "its cameras must be in cameras, and it must not be one"
    for index, act in enumerate(scenario.acts):
        of_camera = act.act in CAMERA_ACTS and not (act.act == REPORT and act.sensor)
        if of_camera is not bool(act.camera) or (act.camera and act.camera not in cameras):
            yield f"acts[{index}].camera", f"{act.camera!r} is not in cameras, or that befalls no camera"


def _shuffle_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    taken: set[str] = {scenario.spare}
    for index, group in enumerate(scenario.shuffle):
        for lift in group:
            if lift not in lifts or lift in taken:
                yield f"shuffle[{index}]", f"{lift!r} is not in lifts, is the spare one, or is there twice"
            taken.add(lift)
        if len({(lift in scenario.boxes, lift in scenario.pushed) for lift in group}) > 1:
            yield f"shuffle[{index}]", "lifts that are sensed in different ways cannot stand in for each other"


def _platform_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    taken: set[str] = set(scenario.boxes)
    for index, platform in enumerate(scenario.platforms):
        for lift in platform.lifts:
            if lift not in lifts or lift in taken:
                yield f"platforms[{index}].lifts", f"{lift!r} is not in lifts, or is sensed otherwise too"
            taken.add(lift)


_OF_NO_LIFT = NODE_ACTS | TOWN_ACTS | CAMERA_ACTS | GROUND_ACTS | PERSON_ACTS  # of people: about a site's alarm


def _act_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    before: set[str] = {draw.name for draw in scenario.draws}
    for index, act in enumerate(scenario.acts):
        key = f"acts[{index}]"
        if act.name in before:
            yield f"{key}.name", f"{act.name!r} is there twice"
        if act.lift not in lifts and (act.lift or act.act not in _OF_NO_LIFT):
            yield f"{key}.lift", f"{act.lift!r} is not in lifts"
        elif act.act in BOX_ACTS and act.lift not in scenario.boxes:
            yield f"{key}.act", f"{act.lift!r} has no box that could feel it"
        elif act.act in LINE_ACTS and act.lift in scenario.pushed:
            yield f"{key}.act", f"{act.lift!r} is on no line"
        elif act.act in SLAVE_ACTS and act.lift in scenario.boxes:
            yield f"{key}.act", f"{act.lift!r} is no slave"
        if (act.at is not None) + (act.after is not None) + act.by_responder != 1:
            yield f"{key}.at", "an act has either `at` or `after`, or is done by a responder"
        if act.by_responder and not scenario.responders:
            yield f"{key}.by_responder", "there are no responders"
        if act.act == "storm" and scenario.storm is None:
            yield f"{key}.act", "there is no [storm]"
        if act.act in ("receiver_off", "receiver_on") and act.receiver not in {r.name for r in scenario.receivers}:
            yield f"{key}.receiver", f"{act.receiver!r} is not in receivers"
        if act.after is not None and act.after not in before:
            yield f"{key}.after", f"{act.after!r} is no earlier act"
        if act.at is not None and duration_us(act.at) >= duration_us(scenario.duration):
            yield f"{key}.at", "is after the end of the scenario"
        before.add(act.name)


def _expected_faults(scenario: Scenario, lifts: list[str]) -> Iterable[tuple[str, str]]:
    acts = {act.name for act in scenario.acts} | {draw.name for draw in scenario.draws}
    for index, draw in enumerate(scenario.draws):
        if not set(draw.acts) <= acts or draw.name in {act.name for act in scenario.acts}:
            yield f"draws[{index}]", "its acts must be in acts, and its name must be none of theirs"
    devices = {*lifts, *(platform.name for platform in scenario.platforms)}
    for index, alarm in enumerate(scenario.expected):
        key = f"expected[{index}]"
        if alarm.lift and alarm.lift not in devices:
            yield f"{key}.lift", f"{alarm.lift!r} is neither in lifts nor a platform"
        if duration_us(alarm.not_after) <= duration_us(alarm.not_before):
            yield f"{key}.not_after", "must be later than not_before"
        seeing = [spec.device for specs in (scenario.cameras, scenario.roads, scenario.ground) for spec in specs]
        if alarm.camera and not any(f"{alarm.camera}-".startswith(f"{one}-") for one in seeing):
            yield f"{key}.camera", f"{alarm.camera!r} is neither in cameras nor a zone of one nor in roads"
        for field in ("after", "clears_after", "stays_until"):
            name = getattr(alarm, field)
            if name is not None and name not in acts:
                yield f"{key}.{field}", f"{name!r} is not in acts"

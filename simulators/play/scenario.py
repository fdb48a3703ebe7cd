"""Scenarios: what happens to a small city's lifts and cameras, and which alarms it must raise; all else is false."""

import random
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from device_profiles.clock import MAX_SPEED
from device_profiles.config import Duration
from device_profiles.topics import AgentAddress
from device_profiles.wire import Id, Name
from simulators.camera.spec import CameraSpec, RoadSpec
from simulators.ground.spec import GroundSpec
from simulators.lifts.spec import LiftSpec
from simulators.play.act import Act
from simulators.receivers.spec import STORM_RULE, ReceiverSpec, StormSpec
from simulators.responders.spec import ResponderSpec


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

"""The agent's config: one TOML file that says who it is, where its broker is and what hangs on its lines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration, Size, duration_us, read_toml, size_bytes
from device_profiles.errors import ConfigError, TopicError
from device_profiles.link import BrokerConfig, broker_faults
from device_profiles.profile import Profile, load_profiles
from device_profiles.topics import AgentAddress, check_area
from device_profiles.wire import Binding, Id, Name
from edge_agent.evidence.config import EvidenceConfig, evidence_faults
from edge_agent.floors import read_floors
from edge_agent.judge import Judge, judge_of, ride_limits_of
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.state import Floor
from edge_agent.judge.zone_limits import judged_by_sight, queue_limits_of, zone_limits_of
from edge_agent.outbox import Bounds
from edge_agent.sources.camera.config import CameraConfig, camera_faults, zone_bindings, zone_faults
from edge_agent.sources.camera.road_config import RoadConfig, road_faults
from edge_agent.sources.platforms.config import PlatformConfig, platform_faults
from edge_agent.sources.port import check_port
from edge_agent.vision.zones import Zones, read_zones

MIN_OUTBOX_BYTES = 64_000  # room for some packs at least
MIN_RESERVE_BYTES = 1_000_000  # of it, half a megabyte is the write-ahead log's


class OutboxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the agent may keep on disk while the hub has not receipted it."""

    max_bytes: Size = "256MB"  # of packs; beyond it readings are evicted, events never
    max_age: Duration = "7d"  # readings older than this are evicted
    reserve_bytes: Size = "4MB"  # given up when the disk is full, so that events can still be written

    @property
    def bounds(self) -> Bounds:
        """The same in numbers."""
        return Bounds(size_bytes(self.max_bytes), duration_us(self.max_age), size_bytes(self.reserve_bytes))


class SlaveConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device on a line."""

    unit: Annotated[int, msgspec.Meta(ge=1, le=247)]  # its Modbus address
    device: Id
    profile: Name
    asset: Annotated[str, msgspec.Meta(max_length=128)] = ""  # the register's id of what it watches


class LineConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One serial line and the slaves on it."""

    port: Annotated[str, msgspec.Meta(min_length=1)]  # /dev/ttyUSB0, socket://host:port, rfc2217://host:port
    slaves: Annotated[tuple[SlaveConfig, ...], msgspec.Meta(min_length=1)]
    name: str = ""  # in logs; default: the port
    baud: Annotated[int, msgspec.Meta(ge=1_200, le=1_000_000)] = 19_200
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1

    @property
    def label(self) -> str:
        """What logs call this line."""
        return self.name or self.port


class BoxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One retrofit box, which speaks by itself on a serial line of its own."""

    port: Annotated[str, msgspec.Meta(min_length=1)]  # /dev/ttyUSB0, socket://host:port, rfc2217://host:port
    device: Id
    profile: Name = "lift_retrofit_box"
    asset: Annotated[str, msgspec.Meta(max_length=128)] = ""  # the register's id of what it watches
    baud: Annotated[int, msgspec.Meta(ge=1_200, le=1_000_000)] = 115_200
    serial: Annotated[str, msgspec.Meta(max_length=12)] = ""  # the box that must be there; empty: whichever is
    floors: str = ""  # file with the heights of the floors; relative to this file's folder; empty: they are learned


class AgentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    agent: Id
    area: str  # city/district/street
    data: str  # folder for the outbox; relative to this file's folder
    lines: tuple[LineConfig, ...] = ()
    boxes: tuple[BoxConfig, ...] = ()
    platforms: tuple[PlatformConfig, ...] = ()
    cameras: tuple[CameraConfig, ...] = ()
    roads: tuple[RoadConfig, ...] = ()
    profiles: tuple[str, ...] = ()  # folders with profiles of your own; relative to this file's folder
    broker: BrokerConfig = BrokerConfig()
    outbox: OutboxConfig = OutboxConfig()
    evidence: EvidenceConfig = EvidenceConfig()

    @property
    def address(self) -> AgentAddress:
        """Where the agent stands."""
        return AgentAddress(self.area, self.agent)

    @property
    def slaves(self) -> tuple[SlaveConfig, ...]:
        """The devices of all lines."""
        return tuple(slave for line in self.lines for slave in line.slaves)

    @property
    def devices(self) -> tuple[SlaveConfig | BoxConfig | CameraConfig, ...]:
        """All that senses, however it is read."""
        return (*self.slaves, *self.boxes, *self.cameras)

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """What a birth says of the devices that stand in this file."""
        read = tuple(Binding(one.device, one.profile, one.asset) for one in self.devices)
        roads = tuple(road.binding for road in self.roads)
        return (*read, *roads, *(binding for platform in self.platforms for binding in platform.bindings))


class LoadedConfig(msgspec.Struct, frozen=True):
    """A config that was checked, with what it refers to."""

    file: str  # as it was named
    config: AgentConfig
    folder: Path  # of the file: what its relative paths are relative to
    data: Path
    profiles: dict[str, Profile]  # those in use
    judges: dict[str, Judge]  # by profile; a profile without one is not here
    rides: dict[str, RideLimits] = {}  # limits of the judge of rides, by profile of a box
    floors: dict[str, tuple[Floor, ...]] = {}  # by box; one whose floors are to be learned is not here
    zones: dict[str, Zones] = {}  # by camera; one that watches only itself is not here

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """What a birth says of the devices, those drawn on pictures too."""
        drawn = (zone_bindings(one, self.zones[one.device]) for one in self.config.cameras if one.device in self.zones)
        return (*self.config.bindings, *(binding for bindings in drawn for binding in bindings))


def load_config(path: Path) -> LoadedConfig:
    """Return the checked config in ``path``. Raises ConfigError with file and key."""
    config = read_toml(path, AgentConfig)
    folder = path.resolve().parent
    known = load_profiles(_profile_folders(config, folder, file=str(path)))
    for key, message in _faults(config, known, folder=folder):
        raise ConfigError(message, file=str(path), key=key)
    zones = {one.device: read_zones(folder / one.zones) for one in config.cameras if one.zones}
    taken = [one.device for one in config.bindings]
    others = [*(one.device for one in config.devices), *(one.device for p in config.platforms for one in p.bindings)]
    drawn = zone_faults(config.cameras, zones, known, taken=taken)
    for key, message in (*drawn, *road_faults(config.roads, zones, known, taken=others)):
        raise ConfigError(message, file=str(path), key=key)
    kinds = {one.profile for one in config.bindings} | {one.zone_profile for one in config.cameras if one.zones}
    used = {kind: known[kind] for kind in sorted(kinds)}
    _check_sight(config, used)
    valued = {kind: one for kind, one in used.items() if one.spec.box is None and not judged_by_sight(one)}
    judges = {kind: judge for kind, profile in valued.items() if (judge := judge_of(profile)) is not None}
    rides = {kind: ride_limits_of(profile) for kind, profile in used.items() if profile.spec.box is not None}
    floors = {box.device: read_floors(folder / box.floors) for box in config.boxes if box.floors}
    return LoadedConfig(str(path), config, folder, folder / config.data, used, judges, rides, floors, zones)


def _check_sight(config: AgentConfig, used: dict[str, Profile]) -> None:
    """Check the limits of the judges of pictures. Raises ConfigError with the profile's file and key."""
    for kind in {one.zone_profile for one in config.cameras if one.zones}:
        zone_limits_of(used[kind])
    for kind in {road.profile for road in config.roads}:
        queue_limits_of(used[kind])


def _profile_folders(config: AgentConfig, folder: Path, *, file: str) -> list[Path]:
    folders = [folder / name for name in config.profiles]
    for index, path in enumerate(folders):
        if not path.is_dir():
            raise ConfigError(f"{path} is not a folder", file=file, key=f"profiles[{index}]")
    return folders


def _faults(config: AgentConfig, known: dict[str, Profile], *, folder: Path) -> Iterable[tuple[str, str]]:
    try:
        check_area(config.area)
    except TopicError as error:
        yield "area", str(error)
    yield from ((f"broker.{key}", message) for key, message in broker_faults(config.broker, folder))
    if size_bytes(config.outbox.max_bytes) < MIN_OUTBOX_BYTES:
        yield "outbox.max_bytes", f"must be at least {MIN_OUTBOX_BYTES // 1000}kB"
    if size_bytes(config.outbox.reserve_bytes) < MIN_RESERVE_BYTES:
        yield "outbox.reserve_bytes", f"must be at least {MIN_RESERVE_BYTES // 1_000_000}MB"
    if duration_us(config.outbox.max_age) <= 0:
        yield "outbox.max_age", "must be longer than 0"
    if not (config.lines or config.boxes or config.platforms or config.cameras):
        yield "lines", "neither lines nor boxes nor platforms nor cameras: there is nothing to listen to"
    yield from ((f"evidence.{key}", message) for key, message in evidence_faults(config.evidence, folder=folder))
    yield from _line_faults(config, known)
    yield from _box_faults(config, known)
    taken = [*(one.device for one in config.slaves), *(one.device for one in config.boxes)]
    yield from camera_faults(config.cameras, known, folder=folder, taken=taken)
    taken = [one.device for one in config.devices]
    yield from platform_faults(config.platforms, known, folder=folder, taken=taken)


def _box_faults(config: AgentConfig, known: dict[str, Profile]) -> Iterable[tuple[str, str]]:
    ports = {line.port for line in config.lines}
    devices = {slave.device for slave in config.slaves}
    serials: set[str] = set()
    for number, box in enumerate(config.boxes):
        key = f"boxes[{number}]"
        yield from _port_faults(f"{key}.port", box.port)
        for field, taken, value in (("port", ports, box.port), ("device", devices, box.device)):
            if value in taken:
                yield f"{key}.{field}", f"{value!r} is used twice"
            taken.add(value)
        if box.serial and box.serial in serials:
            yield f"{key}.serial", f"{box.serial!r} is used twice"
        serials.add(box.serial)
        if box.profile not in known:
            yield f"{key}.profile", f"unknown profile {box.profile!r}; known: {', '.join(sorted(known))}"
        elif known[box.profile].spec.box is None:
            yield f"{key}.profile", f"{box.profile!r} has no [box]"


def _port_faults(key: str, port: str) -> Iterable[tuple[str, str]]:
    try:
        check_port(port)
    except ValueError as error:
        yield key, str(error)


def _line_faults(config: AgentConfig, known: dict[str, Profile]) -> Iterable[tuple[str, str]]:
    ports: set[str] = set()
    devices: set[str] = set()
    for number, line in enumerate(config.lines):
        yield from _port_faults(f"lines[{number}].port", line.port)
        if line.port in ports:
            yield f"lines[{number}].port", f"{line.port!r} is used twice"
        ports.add(line.port)
        units: set[int] = set()
        for index, slave in enumerate(line.slaves):
            key = f"lines[{number}].slaves[{index}]"
            if slave.unit in units:
                yield f"{key}.unit", f"unit {slave.unit} is used twice on this line"
            if slave.device in devices:
                yield f"{key}.device", f"{slave.device!r} is used twice"
            if slave.profile not in known:
                yield f"{key}.profile", f"unknown profile {slave.profile!r}; known: {', '.join(sorted(known))}"
            elif known[slave.profile].spec.modbus is None:
                yield f"{key}.profile", f"{slave.profile!r} has no [modbus]"
            elif judged_by_sight(known[slave.profile]):
                yield (
                    f"{key}.profile",
                    f"the judge of {slave.profile!r} sees pictures: of a slave it would judge nothing",
                )
            units.add(slave.unit)
            devices.add(slave.device)

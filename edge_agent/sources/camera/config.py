"""[[cameras]] of the agent's config: where pictures come from, what is drawn on them, and what a worker may take."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from device_profiles.config import Duration, Size, duration_us, size_bytes
from device_profiles.profile import Profile
from device_profiles.wire import ID_PATTERN, Binding, Id, Name
from edge_agent.infer.registry import REGISTRY
from edge_agent.sources.camera.streams.address import Way, way_of
from edge_agent.vision.zones import Zones

ZONE = "camera_zone"  # profile of a zone
LEAST_MEMORY = 150_000_000  # bytes; Python, OpenCV and ONNX Runtime alone take 120 MB
LEAST_STALL_US = 200_000
ZONE_SPEAKS = "observed_s"  # a value that every zone's profile has
SPEAKS = "seeing"  # a value that every camera's profile has


class CameraConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One camera."""

    device: Id
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]  # rtsp://, http:// (MJPEG), a file, a folder
    profile: Name = "street_camera"
    asset: Annotated[str, msgspec.Meta(max_length=128)] = ""  # the register's id of what it watches
    username: Annotated[str, msgspec.Meta(max_length=200)] = ""
    password_file: str = ""  # its first line; relative to this file's folder
    zones: str = ""  # JSON file with the zones; empty: the camera watches itself only
    assets: dict[str, Annotated[str, msgspec.Meta(max_length=128)]] = {}  # zone id → the register's id of the berth
    zone_profile: Name = ZONE  # kind of its zones: a profile with other limits
    model: Name = "berth"  # in models.toml
    models: str = ""  # folder with a models.toml of your own; empty: ours
    looks: Annotated[float, msgspec.Meta(ge=0.2, le=30)] = 5.0  # pictures a second that are judged, at most
    interval: Duration = "200ms"  # between two stills of a folder
    loop: bool = False  # a file or folder begins again at its end
    reference: str = ""  # picture of where it is to look; empty: it is learned and kept beside the outbox
    stall: Duration = "1500ms"  # no picture for so long: stalled
    frozen: Duration = "1200ms"  # the same pixels for so long: frozen
    memory: Size = "600MB"  # of its worker; above it, it is started again

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """What a birth says of the camera; its zones are in a file."""
        return (Binding(self.device, self.profile, self.asset),)

    def way(self, folder: Path) -> Way:
        """Return how its pictures are fetched. Raises ValueError."""
        return way_of(self.address(folder))

    def models_in(self, folder: Path) -> Path | None:
        """Return the folder of its model, None: ours."""
        return folder / self.models if self.models else None

    def address(self, folder: Path) -> str:
        """Return its address, a path from ``folder`` on."""
        return self.url if "://" in self.url else str(folder / self.url)


def zone_bindings(camera: CameraConfig, zones: Zones) -> tuple[Binding, ...]:
    """Return what a birth says of a camera's zones."""
    via = (camera.device,)  # all of them see with the same eye: what two of them say is one witness
    kind = camera.zone_profile
    return tuple(Binding(f"{camera.device}-{one.id}", kind, camera.assets.get(one.id, ""), via) for one in zones.zones)


def camera_faults(
    cameras: tuple[CameraConfig, ...], known: Mapping[str, Profile], *, folder: Path, taken: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of each fault; ``taken`` are the devices that others read."""
    devices = set(taken)
    for number, camera in enumerate(cameras):
        key = f"cameras[{number}]"
        faults = kind_faults(camera.profile, known, noun="camera", speaks=SPEAKS)
        if camera.device in devices:
            yield f"{key}.device", f"{camera.device!r} is used twice"
        devices.add(camera.device)
        yield from ((f"{key}.profile", message) for message in faults)
        yield from ((f"{key}.{field}", message) for field, message in _way_faults(camera, folder))
        yield from ((f"{key}.{field}", message) for field, message in _limit_faults(camera))


def kind_faults(profile: str, known: Mapping[str, Profile], *, noun: str, speaks: str) -> Iterable[str]:
    """Yield what is wrong with a device's profile; of a ``noun`` it has the value ``speaks`` and no Modbus map."""
    if profile not in known:
        yield f"unknown profile {profile!r}; known: {', '.join(sorted(known))}"
    elif speaks not in known[profile].spec.values or known[profile].spec.modbus is not None:
        yield f"{profile!r} is no {noun}: it has no value {speaks!r}"


def zone_faults(
    cameras: tuple[CameraConfig, ...],
    zones: Mapping[str, Zones],
    known: Mapping[str, Profile],
    *,
    taken: Iterable[str],
) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of what zones and the config say of each other; ``zones`` by camera."""
    devices = set(taken)
    for number, camera in enumerate(cameras):
        if camera.device not in zones:
            continue
        faults = kind_faults(camera.zone_profile, known, noun="zone", speaks=ZONE_SPEAKS)
        yield from ((f"cameras[{number}].zone_profile", message) for message in faults)
        names = [one.id for one in zones[camera.device].zones]
        for name in names:
            device = f"{camera.device}-{name}"
            if re.match(ID_PATTERN, device) is None:
                message = f"zone {name!r} gives no name of a device: use a-z, 0-9 and '-', 63 with the camera's"
                yield f"cameras[{number}].zones", message
            if device in devices:
                yield f"cameras[{number}].zones", f"{device!r}, the device of zone {name!r}, is used twice"
            devices.add(device)
        for name in camera.assets.keys() - set(names):
            yield f"cameras[{number}].assets.{name}", "is no zone of this camera"


def _way_faults(camera: CameraConfig, folder: Path) -> Iterable[tuple[str, str]]:
    try:
        camera.way(folder)
    except ValueError as error:
        yield "url", str(error)
    if "@" in camera.url and camera.username:
        yield "username", "the address names a user already"
    if camera.password_file and not camera.username:
        yield "username", "is missing beside password_file"
    for field in ("password_file", "reference", "zones"):
        name = getattr(camera, field)
        if name and not (folder / name).is_file():
            yield field, f"{folder / name} is not a file"
    if (models := camera.models_in(folder)) is not None and not (models / REGISTRY).is_file():
        yield "models", f"{models / REGISTRY} is not a file"
    if camera.assets and not camera.zones:
        yield "assets", "are those of zones: name a file with `zones`"


def _limit_faults(camera: CameraConfig) -> Iterable[tuple[str, str]]:
    if size_bytes(camera.memory) < LEAST_MEMORY:
        yield "memory", f"must be at least {LEAST_MEMORY // 1_000_000}MB"
    for field in ("stall", "frozen"):
        if duration_us(getattr(camera, field)) < LEAST_STALL_US:
            yield field, f"must be at least {LEAST_STALL_US // 1000}ms"
    if not 0 < duration_us(camera.interval) <= 3_600_000_000:
        yield "interval", "must be longer than 0 and at most an hour"

"""One camera of a scenario: what it looks at, under which sky, and how it is read."""

import zlib
from typing import Annotated, Literal

import msgspec

from device_profiles.wire import Id, Name
from simulators.camera import car_park, kerb, road
from simulators.camera.lens import Lens
from simulators.camera.scene import Scene
from simulators.camera.weather import Skies

Place = Literal["car-park", "kerb", "hospital"]
WIDTH, HEIGHT = 640, 360
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class CameraSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A camera that is not there."""

    device: Id
    place: Place = "kerb"
    way: Literal["rtsp", "mjpeg"] = "rtsp"  # how the agent reads it
    sky: Skies = "overcast"
    fps: _Positive = 5.0  # pictures in a real second
    profile: Name = "street_camera"
    view: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1  # which piece of the hospital's road, 1 at the gate
    berths: Annotated[int, msgspec.Meta(ge=1, le=16)] = 5
    busy: _Positive = 1.0  # how fast vehicles come and go
    judged: bool = True  # whether its zones are
    scored: bool = True  # whether what is said of them is compared with the truth
    scene: str = ""  # cameras with the same word look at one scene; "": it has its own
    flow: road.Flow = road.Flow()


class RoadSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A road whose queue several cameras of a hospital see."""

    device: Id
    cameras: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1)]


def scene_of(spec: CameraSpec, *, seed: int, duration_s: float, views: int = 1) -> Scene:
    """Return what a camera looks at; ``views`` cameras share a road."""
    key = zlib.crc32((spec.scene or spec.device).encode()) % 100_000
    match spec.place:
        case "car-park":
            return car_park.car_park(seed * 7 + key, duration_s=duration_s, berths=spec.berths, busy=spec.busy)
        case "kerb":
            return kerb.kerb(seed * 7 + key, duration_s=duration_s, berths=spec.berths, busy=spec.busy)
        case "hospital":
            return road.hospital(seed * 7 + key, duration_s=duration_s, cameras=views, flow=spec.flow)


def lens_of(spec: CameraSpec) -> Lens:
    """Return through what it looks."""
    return {"car-park": car_park.LENS, "kerb": kerb.LENS}.get(spec.place) or road.lens_of(spec.view)


def zones_of(spec: CameraSpec, scene: Scene) -> list[dict[str, object]]:
    """Return its zones as they stand in a zones file, with what is known of the ground below lanes."""
    lens = lens_of(spec)
    berths: list[dict[str, object]] = [
        {"id": one.id, "kind": "berth", "polygon": lens.on_ground(one.corners)} for one in scene.berths
    ]
    lanes = [lane for lane in scene.lanes if lane.id == str(spec.view)]
    return [*berths, *({"id": one.id, "kind": "lane", **road.on_picture(one, lens)} for one in lanes)]

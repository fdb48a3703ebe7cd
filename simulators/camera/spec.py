"""One camera of a scenario: what it looks at, under which sky, and how it is read."""

import zlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from device_profiles.wire import Id, Name
from simulators.camera.drawing.backdrop import Image
from simulators.camera.drawing.photographs import PhotographRenderer
from simulators.camera.places import aisle, car_park, kerb, lot, road, street
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Scene
from simulators.camera.scene.weather import Skies

Place = Literal["car-park", "kerb", "hospital", "road"]
WIDTH, HEIGHT = 640, 360
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class CameraSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A camera that is not there."""

    device: Id
    place: Place = "kerb"
    way: Literal["rtsp", "mjpeg"] = "rtsp"  # how the agent reads it
    sky: Skies = "overcast"
    skies: tuple[Skies, ...] = ()  # in place of it: of which the seed draws one
    fps: _Positive = 5.0  # pictures in a real second
    profile: Name = "street_camera"
    view: Annotated[int, msgspec.Meta(ge=1, le=20)] = 1  # which piece of a road, 1 at a hospital's gate
    photographs: bool = False  # a road or a car park over real ones, when they are there; else it is drawn
    folder: str = ""  # of those; "": where real data lies
    asset: str = ""  # of the road, in the register
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
        case "car-park" if is_real(spec):
            return lot.scene_of(lot_of(spec, seed=seed, duration_s=duration_s), seed)
        case "car-park":
            return car_park.car_park(seed * 7 + key, duration_s=duration_s, berths=spec.berths, busy=spec.busy)
        case "kerb":
            return kerb.kerb(seed * 7 + key, duration_s=duration_s, berths=spec.berths, busy=spec.busy)
        case "hospital":
            return road.hospital(seed * 7 + key, duration_s=duration_s, cameras=views, flow=spec.flow)
        case "road" if is_real(spec):
            every_s = aisle.TRAFFIC_S / spec.busy
            return aisle.aisle(seed * 7 + key, view=spec.view, duration_s=duration_s, traffic_s=every_s)
        case "road":
            return street.street(seed * 7 + key, duration_s=duration_s, traffic_s=street.TRAFFIC_S / spec.busy)


def is_real(spec: CameraSpec) -> bool:
    """Return whether it shows photographs, which are there."""
    there = lot.have_photographs if spec.place == "car-park" else aisle.have_photographs
    return spec.photographs and there(folder_of(spec))


def lot_of(spec: CameraSpec, *, seed: int, duration_s: float) -> PhotographRenderer:
    """Return the car park that a camera sees on photographs. Raises ValueError without any."""
    key = zlib.crc32((spec.scene or spec.device).encode()) % 100_000
    return lot.lot(seed * 7 + key, duration_s=duration_s, folder=folder_of(spec), busy=spec.busy)


def folder_of(spec: CameraSpec) -> Path:
    """Return where its photographs are to be."""
    return Path(spec.folder) if spec.folder else aisle.photographs_folder()


def ground_of(spec: CameraSpec, scene: Scene) -> Image | None:
    """Return the photograph of the empty road; None: it is drawn. Raises ValueError when it cannot be read."""
    real = spec.place == "road" and is_real(spec)
    return aisle.photograph(spec.view, seed=scene.seed, folder=folder_of(spec)) if real else None


def lens_of(spec: CameraSpec) -> Lens:
    """Return through what it looks."""
    if spec.place == "road":
        return aisle.lens_of(spec.view) if is_real(spec) else street.LENSES[(spec.view - 1) % len(street.LENSES)]
    return {"car-park": car_park.LENS, "kerb": kerb.LENS}.get(spec.place) or road.lens_of(spec.view)


def zones_of(spec: CameraSpec, scene: Scene) -> list[dict[str, object]]:
    """Return its zones as they stand in a zones file, with what is known of the ground below lanes."""
    if scene.kind == "lot":
        return lot.zones_of(lot_of(spec, seed=scene.seed, duration_s=0.0))
    lens = lens_of(spec)
    berths: list[dict[str, object]] = [
        {"id": one.id, "kind": "berth", "polygon": lens.on_ground(one.corners)} for one in scene.berths
    ]
    lanes = [lane for lane in scene.lanes if lane.id == str(spec.view)]
    queues = [{"id": one.id, "kind": "lane", **road.on_picture(one, lens)} for one in lanes]
    return berths + queues + [{"id": one.id, "kind": "road", **street.on_picture(one, lens)} for one in scene.surfaces]

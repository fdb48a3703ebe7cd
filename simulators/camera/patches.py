"""Pictures of berths with their truth, of every place, lens, weather and hour: for the training of a classifier."""

import math
import random
from collections.abc import Callable, Iterator

import cv2
import msgspec
import numpy as np

from simulators.camera.drawing.backdrop import Image
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.places import car_park, kerb, road
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Point, Scene, rectangle
from simulators.camera.scene.weather import NIGHT, OVERCAST, Weather

_DURATION_S = 900.0
_MOMENTS = 6  # pictures of one scene
_WHOLE = 0.45  # of a piece of lane: covered so far it is occupied
_EMPTY = 0.02  # covered less it is free; between the two nobody knows


class Labelled(msgspec.Struct, frozen=True):
    """A picture and what stands where in it."""

    picture: Image
    zones: tuple[tuple[tuple[Point, ...], bool], ...]  # outline in pixels, whether a vehicle stands there


def labelled(seed: int, count: int) -> Iterator[Labelled]:
    """Yield ``count`` pictures of 640 × 360 or more; the same seed gives the same ones."""
    rng = random.Random(f"{seed}/labelled")
    made = 0
    while made < count:
        renderer, outlines = _place(rng)
        for _ in range(min(_MOMENTS, count - made)):
            t_s = rng.uniform(30, _DURATION_S - 60)
            zones = tuple(
                (tuple(pixels), stands)
                for pixels, ground in outlines
                if (stands := _stands(renderer.scene, ground, t_s)) is not None
            )
            yield Labelled(renderer.frame(t_s), zones)
            made += 1


def patches(seed: int, count: int, *, size: int = 64, margin: float = 0.1) -> Iterator[tuple[Image, bool]]:
    """Yield ``count`` patches, ``size`` × ``size``, each the box round a zone and ``margin`` more; True: occupied."""
    rng = random.Random(f"{seed}/patches")
    made = 0
    for one in labelled(seed, count):
        zones = list(one.zones)
        rng.shuffle(zones)
        for outline, stands in zones:
            if made == count:
                return
            patch = _cut(one.picture, outline, size=size, margin=margin)
            if patch is not None:
                made += 1
                yield patch, stands


def _place(rng: random.Random) -> tuple[Renderer, list[tuple[list[Point], list[Point]]]]:
    """Return a place seen through some lens under some sky, and the outlines of its zones: pixels, ground."""
    seed = rng.randrange(1 << 30)
    kind = rng.choice(("car-park", "car-park", "kerb", "hospital"))
    scale = rng.choice((1.0, 1.0, 1.5, 2.0))
    scenes: dict[str, Callable[[], tuple[Scene, Lens]]] = {
        "car-park": lambda: (car_park.car_park(seed, duration_s=_DURATION_S, full=0.55), car_park.LENS),
        "kerb": lambda: (kerb.kerb(seed, duration_s=_DURATION_S), kerb.LENS),
        "hospital": lambda: (road.hospital(seed, duration_s=300.0), road.lens_of(1)),
    }
    scene, lens = scenes[kind]()
    lens = _other(lens, scale, rng)
    renderer = Renderer(scene, lens, sky=((0, _some_weather(rng)),), seed=seed)
    grounds = [berth.corners for berth in scene.berths]
    for lane in scene.lanes:
        grounds += [rectangle(lane.from_x - 2.5 - at, lane.y, 0.0, 5.0, lane.width) for at in np.arange(0, 30, 5.0)]
    return renderer, [(lens.on_ground(ground), ground) for ground in grounds if _inside(lens, ground)]


def _other(lens: Lens, scale: float, rng: random.Random) -> Lens:
    """Return a lens that stands elsewhere, and looks at about the same."""
    x, y, z = lens.at
    up = rng.uniform(0.75, 1.3)
    side = rng.uniform(-9, 9)
    far = -y + 14.0
    pitch = math.degrees(math.atan2(z * up, far)) + rng.uniform(-2, 2)
    yaw = -math.degrees(math.atan2(side, far)) * rng.uniform(0.8, 1.1)
    return Lens(
        round(lens.width * scale), round(lens.height * scale), lens.focal_px * scale * rng.uniform(0.8, 1.2),
        (x + side, y, z * up), yaw, pitch,
    )  # fmt: skip


def _some_weather(rng: random.Random) -> Weather:
    return rng.choice(
        (
            Weather(sun=rng.uniform(0.3, 1.0), sun_from=rng.uniform(0, math.tau)),
            OVERCAST,
            Weather(rain=rng.uniform(0.2, 1.0), fog=rng.uniform(0, 0.3), dark=rng.uniform(0, 0.3)),
            Weather(fog=rng.uniform(0.2, 0.8)),
            Weather(snow=rng.uniform(0, 0.8), white=rng.uniform(0.1, 0.7), fog=rng.uniform(0, 0.2)),
            Weather(dark=rng.uniform(0.3, 1.0)),
            NIGHT,
        )
    )


def _inside(lens: Lens, ground: list[Point]) -> bool:
    points = np.array([(x, y, 0.0) for x, y in ground])
    if float(lens.depths(points).min()) < 2.0:
        return False
    pixels = lens.project(points)
    return bool((pixels > 2).all() and (pixels[:, 0] < lens.width - 3).all() and (pixels[:, 1] < lens.height - 3).all())


def _stands(scene: Scene, ground: list[Point], t_s: float) -> bool | None:
    """Return whether a vehicle covers a piece of ground; None: a part of it, or it is driving there."""
    piece = np.array(ground, np.float32)
    area = float(cv2.contourArea(piece))
    covered = 0.0
    for one in scene.placed(t_s):
        corners = rectangle(one.spot.x, one.spot.y, one.spot.heading, one.vehicle.size[0], one.vehicle.size[1])
        part = float(cv2.intersectConvexConvex(piece, np.array(corners, np.float32))[0])
        if part > 0.1 and one.moving:
            return None
        covered += part
    if covered < _EMPTY * area:
        return False
    return True if covered > _WHOLE * area else None


def _cut(picture: Image, outline: tuple[Point, ...], *, size: int, margin: float) -> Image | None:
    points = np.array(outline)
    low, high = points.min(axis=0), points.max(axis=0)
    reach = (high - low) * margin
    x0, y0 = (int(value) for value in np.maximum(low - reach, 0))
    x1, y1 = (int(value) + 1 for value in high + reach)
    piece = picture[y0:y1, x0:x1]
    if min(piece.shape[:2]) < 8:
        return None
    return np.asarray(cv2.resize(piece, (size, size), interpolation=cv2.INTER_AREA), np.uint8)

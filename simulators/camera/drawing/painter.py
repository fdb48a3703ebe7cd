"""Paint vehicles and their shadows into a picture, the far ones first."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.camera.drawing.backdrop import Image
from simulators.camera.scene.lens import NEAR_M, Array, Lens
from simulators.camera.scene.scene import Make, Placed, rectangle
from simulators.camera.scene.vehicles import Stuff, faces_of
from simulators.camera.scene.weather import Weather

_SHIFT = 4  # fractions of a pixel, in bits
_COLOURS: dict[Stuff, tuple[float, float, float]] = {
    "paint": (0, 0, 0), "glass": (62, 50, 42), "tyre": (30, 29, 28), "trim": (45, 45, 45),
    "head": (214, 222, 224), "tail": (44, 40, 168), "plate": (208, 150, 70),
}  # fmt: skip
Colour = tuple[float, float, float]


class _Solid(msgspec.Struct, frozen=True):
    """A vehicle's faces, flat for one multiplication."""

    corners: Array
    ends: tuple[tuple[int, int], ...]  # of each face among the corners, body first
    normals: Array
    stuffs: tuple[Stuff, ...]


@lru_cache(maxsize=512)
def _solid(make: Make, size: tuple[float, float, float]) -> _Solid:
    faces = sorted(faces_of(make, size), key=lambda face: face.part)
    starts = np.cumsum([0, *(len(face.corners) for face in faces)]).tolist()
    normals = np.array([np.cross(f.corners[1] - f.corners[0], f.corners[2] - f.corners[1]) for f in faces])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    corners = np.concatenate([face.corners for face in faces]).astype(np.float64)
    return _Solid(corners, tuple(pairwise(starts)), normals, tuple(face.stuff for face in faces))


def paint(picture: Image, placed: Sequence[Placed], lens: Lens, weather: Weather) -> None:
    """Paint vehicles, far ones first, so that near ones stand before them."""
    eye = lens.at
    for one in sorted(placed, key=lambda one: -math.hypot(one.spot.x - eye[0], one.spot.y - eye[1])):
        _paint_one(picture, one, lens, weather)


def shade(picture: Image, placed: Sequence[Placed], lens: Lens, weather: Weather) -> Image:
    """Return the picture of the ground with the shadows of vehicles: soft below each, hard where the sun shines."""
    mask = np.full(picture.shape[:2], 255, np.uint8)
    if weather.sun > 0.05:
        tone = 255 - round(130 * weather.sun)
        for one in placed:
            _fill(mask, _hull(_cast(one, weather), lens), (tone, tone, tone))
    for one in placed:
        _fill(mask, _hull(_under(one), lens), (88, 88, 88))
    soft = cv2.blur(mask, (3, 3))
    return np.asarray(cv2.multiply(picture, cv2.merge([soft, soft, soft]), scale=1 / 255), np.uint8)


def _under(one: Placed) -> Array:
    length, width, _ = one.vehicle.size
    corners = rectangle(one.spot.x, one.spot.y, one.spot.heading, length * 0.99, width * 1.06)
    return np.array([(x, y, 0.0) for x, y in corners])


def _cast(one: Placed, weather: Weather) -> Array:
    """Return where the corners of a vehicle's box throw their shadows."""
    length, width, height = one.vehicle.size
    base = rectangle(one.spot.x, one.spot.y, one.spot.heading, length, width)
    roof = rectangle(one.spot.x, one.spot.y, one.spot.heading, length * 0.7, width * 0.9)
    reach = height * 1.1
    dx, dy = reach * math.cos(weather.sun_from), reach * math.sin(weather.sun_from)
    return np.array([*((x, y, 0.0) for x, y in base), *((x + dx, y + dy, 0.0) for x, y in roof)])


def _hull(points: Array, lens: Lens) -> Array | None:
    if float(lens.depths(points).min()) < NEAR_M:
        return None
    hull: Array = cv2.convexHull(lens.project(points).astype(np.float32))[:, 0].astype(np.float64)
    return hull


def _fill(picture: NDArray[np.uint8], polygon: Array | None, colour: Colour) -> None:
    if polygon is None or np.abs(polygon).max() > 8_000:
        return
    cv2.fillConvexPoly(picture, np.round(polygon * (1 << _SHIFT)).astype(np.int32), colour, cv2.LINE_AA, _SHIFT)


def _paint_one(picture: Image, one: Placed, lens: Lens, weather: Weather) -> None:
    solid = _solid(one.vehicle.make, one.vehicle.size)
    c, s = math.cos(one.spot.heading), math.sin(one.spot.heading)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    corners = solid.corners @ turn + np.array([one.spot.x, one.spot.y, 0.0])
    if float(lens.depths(corners).min()) < NEAR_M:
        return
    pixels = lens.project(corners)
    if pixels[:, 0].max() < 0 or pixels[:, 0].min() > lens.width or pixels[:, 1].max() < 0:
        return
    lit = _lit(solid.normals @ turn, weather)
    for (start, end), stuff, light in zip(solid.ends, solid.stuffs, lit, strict=True):
        face = pixels[start:end]
        if _faces_us(face):
            base = one.vehicle.colour if stuff == "paint" else _COLOURS[stuff]
            strength = float(light) if stuff != "glass" else 0.7 + 0.5 * float(light)
            _fill(picture, face, _toned(base, strength))


def _toned(colour: Sequence[float], strength: float) -> Colour:
    blue, green, red = (min(255.0, channel * strength) for channel in colour)
    return blue, green, red


def _lit(normals: Array, weather: Weather) -> Array:
    """Return how bright each face is: the sky from above, the sun from its side."""
    sun = np.array([-math.cos(weather.sun_from), -math.sin(weather.sun_from), 1.2])
    facing = np.maximum(0.0, normals @ (sun / np.linalg.norm(sun)))
    light: Array = 0.62 + 0.33 * np.maximum(0.0, normals[:, 2]) + 0.35 * weather.sun * facing
    return light


def _faces_us(face: Array) -> bool:
    """Return whether a face is seen from outside: its corners go anticlockwise on the screen."""
    x, y = face[:, 0], face[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) < 0

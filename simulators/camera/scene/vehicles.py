"""Vehicles as solids: faces with corners in metres, colours, and what each is made of."""

import random
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np

from simulators.camera.scene.lens import Array
from simulators.camera.scene.scene import SIZES, Make, Vehicle

Stuff = Literal["paint", "glass", "tyre", "trim", "head", "tail", "plate"]
_COLOURS = (  # blue, green, red; as often as streets show them
    *[(205, 206, 208)] * 5, *[(160, 162, 165)] * 4, *[(40, 38, 38)] * 5, *[(85, 82, 80)] * 3,
    *[(38, 36, 150)] * 2, *[(120, 70, 40)] * 2, (90, 110, 60), (60, 120, 160), (150, 190, 205),
)  # fmt: skip
_MOSTLY: Make = "car"
_MAKES: tuple[Make, ...] = (*([_MOSTLY] * 7), "van")


class Face(msgspec.Struct, frozen=True):
    """One flat piece; its corners go anticlockwise as seen from outside."""

    corners: Array  # n×3, the vehicle's own metres: x ahead, y to its left, z up
    stuff: Stuff
    part: int  # painted in this order: body, then what stands on it


def draw_vehicle(rng: random.Random, *, make: Make | None = None) -> Vehicle:
    """Return some vehicle."""
    what: Make = rng.choice(_MAKES) if make is None else make
    base = rng.choice(_COLOURS) if what != "lorry" else rng.choice(_COLOURS[:9])
    tone = rng.randint(-22, 22)
    blue, green, red = (max(8, min(245, channel + tone + rng.randint(-5, 5))) for channel in base)
    length, width, height = (side * rng.uniform(0.94, 1.06) for side in SIZES[what])
    return Vehicle(what, (blue, green, red), (length, width, height))


@lru_cache(maxsize=512)
def faces_of(make: Make, size: tuple[float, float, float]) -> tuple[Face, ...]:
    """Return the faces of a vehicle that stands at the origin and looks along x."""
    length, width, height = size
    if make == "lorry":
        cab = _solid((0.5, 0.30), (0.49, 0.31), (0.45, height * 0.85), length=length, width=width)
        box = _solid((0.28, -0.5), (0.28, -0.5), (0.7, height), length=length, width=width * 1.02)
        return (*_wheels(length, width, 0.45), *cab, *_screen(0.495, 0.5, length, width, height), *box, *_lamps(size))
    if make == "van":
        body = _solid((0.5, -0.5), (0.47, -0.5), (0.3, 1.1), length=length, width=width)
        top = _solid(
            (0.38, -0.5), (0.26, -0.48), (1.1, height), length=length, width=width * 0.98, part=1, front="glass"
        )
        return (*_wheels(length, width, 0.33), *body, *top, *_van_windows(size), *_lamps(size))
    body = _solid((0.5, -0.5), (0.47, -0.48), (0.22, 0.86), length=length, width=width)
    cabin = _cabin(length, width, height)
    return (*_wheels(length, width, 0.31), *body, *cabin, *_lamps(size))


def _solid(
    bottom: tuple[float, float],
    top: tuple[float, float],
    z: tuple[float, float],
    *,
    length: float,
    width: float,
    part: int = 0,
    front: Stuff = "paint",
    inset: float = 0.94,
) -> tuple[Face, ...]:
    """Return the six-sided body between two heights; ``bottom`` and ``top`` are (front, rear) in lengths."""
    half = width / 2
    low = _ring(bottom, half, z[0], length)
    high = _ring(top, half * inset, z[1], length)
    sides = []
    for number, stuff in enumerate((front, "paint", "paint", "paint")):
        other = (number + 1) % 4
        sides.append(Face(np.array([low[number], low[other], high[other], high[number]]), stuff, part))
    return (*sides, Face(np.array(high), "paint", part))


def _ring(ends: tuple[float, float], half: float, z: float, length: float) -> list[tuple[float, float, float]]:
    """Return four corners: front right, front left, rear left, rear right, anticlockwise from above."""
    front, rear = ends[0] * length, ends[1] * length
    return [(front, -half, z), (front, half, z), (rear, half, z), (rear, -half, z)]


def _cabin(length: float, width: float, height: float) -> tuple[Face, ...]:
    """Return windscreens, side windows and roof of a car."""
    half = width / 2
    low = _ring((0.27, -0.40), half * 0.93, 0.86, length)
    high = _ring((0.08, -0.25), half * 0.76, height, length)
    sides = [Face(np.array([low[n], low[(n + 1) % 4], high[(n + 1) % 4], high[n]]), "glass", 1) for n in range(4)]
    pillars = [Face(_strip(low, high, side, at), "paint", 2) for side in (1, 3) for at in (0.0, 0.47, 0.95)]
    return (*sides, *pillars, Face(np.array(high), "paint", 2))


def _strip(
    low: list[tuple[float, float, float]], high: list[tuple[float, float, float]], side: int, at: float
) -> Array:
    """Return a pillar: a narrow piece of a side window."""
    other = (side + 1) % 4
    a, b, c, d = (np.array(corner) for corner in (low[side], low[other], high[other], high[side]))
    return np.array([a + (b - a) * at, a + (b - a) * (at + 0.06), d + (c - d) * (at + 0.06), d + (c - d) * at])


def _screen(bottom: float, top: float, length: float, width: float, height: float) -> tuple[Face, ...]:
    half = width / 2 * 0.9
    low, high = height * 0.45, height * 0.75
    corners = [
        (bottom * length, -half, low),
        (bottom * length, half, low),
        (top * length, half, high),
        (top * length, -half, high),
    ]
    return (Face(np.array(corners), "glass", 1),)


def _van_windows(size: tuple[float, float, float]) -> tuple[Face, ...]:
    """Return the windows of doors and rear, and the seam between the rear's two doors."""
    length, width, height = size
    low, high = height * 0.60, height * 0.85
    faces = [_panel(-0.502 * length, side * width * 0.22, height * 0.74, (0.62, 0.45), "glass") for side in (-1, 1)]
    faces.append(_panel(-0.502 * length, 0.0, height * 0.5, (0.05, height * 0.6), "trim"))
    for side in (-1, 1):
        y = side * width * 0.487
        ends = (0.10 * length, 0.27 * length) if side < 0 else (0.27 * length, 0.10 * length)
        corners = [(ends[0], y, low), (ends[1], y, low), (ends[1], y, high), (ends[0], y, high)]
        faces.append(Face(np.array(corners), "glass", 3))
    return tuple(faces)


def _wheels(length: float, width: float, radius: float) -> tuple[Face, ...]:
    """Return four discs, a little outside the body."""
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    faces = []
    for x in (0.31 * length, -0.31 * length):
        for side in (-1, 1):
            turn = side * -1
            disc = [
                (x + radius * np.cos(turn * a), side * width * 0.505, radius * (1 + np.sin(turn * a))) for a in angles
            ]
            faces.append(Face(np.array(disc), "tyre", 1))
    return tuple(faces)


def _lamps(size: tuple[float, float, float]) -> tuple[Face, ...]:
    """Return bumpers, headlights, tail lights and plates, just outside the ends."""
    length, width, _ = size
    faces = [_panel(end * length, 0.0, 0.36, (width * 0.94, 0.20), "trim") for end in (-0.501, 0.501)]  # bumpers
    for side in (-1, 1):
        y = side * width * 0.36
        faces.append(_panel(0.502 * length, y, 0.62, (0.34, 0.18), "head"))
        faces.append(_panel(-0.502 * length, y, 0.68, (0.30, 0.20), "tail"))
    faces.append(_panel(0.503 * length, 0.0, 0.40, (0.44, 0.12), "plate"))
    faces.append(_panel(-0.503 * length, 0.0, 0.55, (0.44, 0.12), "plate"))
    return tuple(faces)


def _panel(x: float, y: float, z: float, size: tuple[float, float], stuff: Stuff) -> Face:
    """Return an upright piece that looks ahead or back."""
    w, h = size[0] / 2 * (1 if x > 0 else -1), size[1] / 2
    return Face(np.array([(x, y - w, z - h), (x, y + w, z - h), (x, y + w, z + h), (x, y - w, z + h)]), stuff, 3)

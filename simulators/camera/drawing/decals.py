"""What a happening looks like on the ground, seen from above: how much of the road shows through, and what is added."""

import math

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.camera.scene.happenings import Happening, Kind

PX_M = 40.0
_MARGIN_M = 0.8  # cracks and a wet edge reach beyond
_DEEP_M = 0.9  # so far below the road lies what one sees of a hole's wall
_CRUST_M = 0.16  # of that: asphalt
_TARPAULINS = ((150, 92, 40), (70, 98, 52), (62, 60, 58), (40, 42, 44))  # blue, green, two greys
_MUD, _SKY = (74.0, 98.0, 118.0), (196.0, 190.0, 182.0)
Plane = NDArray[np.float32]


class Decal(msgspec.Struct, frozen=True):
    """A square of ground round a happening: road × gain + add; x to the right, y ahead is up in the array's rows."""

    gain: Plane
    add: Plane
    metres: float  # side


def decal(what: Happening, *, grown: float, road: tuple[float, float, float], towards: tuple[float, float]) -> Decal:
    """Return it, on a road of a colour, seen by a camera that stands ``towards`` (a unit vector on the ground)."""
    rng = np.random.default_rng(what.seed)
    area_m2 = what.area_m2 * grown
    match what.kind:
        case Kind.HOLE | Kind.GANG:
            return _hole(what, area_m2, road, towards, rng)
        case Kind.FLOOD | Kind.PUDDLE:
            return _water(what, area_m2, rng)
        case Kind.SHADOW | Kind.PASSING_SHADOW:
            return _shadow(area_m2, rng)
        case Kind.TARPAULIN:
            return _tarpaulin(area_m2, rng)
    raise ValueError(f"{what.kind} does not lie on the ground")


def _hole(
    what: Happening,
    area_m2: float,
    road: tuple[float, float, float],
    towards: tuple[float, float],
    rng: np.random.Generator,
) -> Decal:
    """Return a pit: the wall that looks at us, asphalt above earth, darkness below; cracks and crumbs round it."""
    round_m = 0.02 if what.kind is Kind.GANG else 0.17  # a manhole is round, a pit is ragged
    side_m = 2 * math.sqrt(what.area_m2 / math.pi) * 1.5 + 2 * _MARGIN_M
    mask = _blot(side_m, area_m2, rng, rough=round_m, fine=0.0 if what.kind is Kind.GANG else 0.05)
    side = mask.shape[0]
    tone = np.array(road, np.float32)
    tall = max(0.25, float(np.dot(tone, (0.11, 0.59, 0.30))) / 110.0)
    grain = _noise(side, rng, cells=3)[..., None]
    add = np.empty((side, side, 3), np.float32)
    add[:] = np.array((15.0, 17.0, 19.0), np.float32) * tall + 5.0 * grain
    earth = np.array((58.0, 74.0, 92.0), np.float32) * tall
    for depth in np.linspace(_DEEP_M, 0.03, 14):
        wall = mask * (1.0 - _moved(mask, towards, depth * 0.75))
        part = depth / _DEEP_M
        colour = tone * 0.72 if depth <= _CRUST_M else earth * (1.0 - 0.75 * part)
        add[:] = add * (1 - wall[..., None]) + (colour + 9.0 * grain) * wall[..., None]
    rim = np.clip(cv2.GaussianBlur(mask, (0, 0), 3.0) - mask, 0, 1)[..., None]
    gain = (1.0 - mask)[..., None] * (1.0 - 0.55 * rim)
    add = add * mask[..., None]
    if what.kind is Kind.HOLE:
        _crack(gain, area_m2, rng)
        _crumble(gain, add, mask, area_m2, tone, rng)
    return Decal(np.repeat(gain, 3, axis=2), add, side_m)


def _water(what: Happening, area_m2: float, rng: np.random.Generator) -> Decal:
    """Return a sheet of water: dark where wet, and what it mirrors of the sky; mud when it burst from below."""
    side_m = 2 * math.sqrt(what.area_m2 / math.pi) * 1.6 + 2 * _MARGIN_M
    mask = _blot(side_m, area_m2, rng, rough=0.26, fine=0.02)
    side = mask.shape[0]
    wet = cv2.GaussianBlur(mask, (0, 0), 0.22 * PX_M)
    waves = _noise(side, rng, cells=60) + 0.15 * _noise(side, rng, cells=9)
    sky = np.clip(0.55 + 0.07 * waves + np.linspace(0.12, -0.12, side, dtype=np.float32)[:, None], 0.2, 0.9)[..., None]
    muddy = 0.75 if what.kind is Kind.FLOOD else 0.0
    sheet = np.array(_MUD, np.float32) * muddy * (0.9 + 0.05 * waves[..., None])
    mirrors = 0.35 if muddy else float(rng.choice((0.25, 0.85)))  # a house's front, or the open sky
    sheet = sheet + np.array(_SKY, np.float32) * sky * mirrors
    clear = 0.12 if muddy else 0.38
    gain = (1 - mask)[..., None] * (1 - 0.28 * wet[..., None]) + mask[..., None] * clear
    return Decal(np.repeat(gain, 3, axis=2), (sheet * mask[..., None]).astype(np.float32), side_m)


def _shadow(area_m2: float, rng: np.random.Generator) -> Decal:
    """Return the shadow of a sign, a crane's load or a tree: the road shows through, its edge is soft."""
    side_m = 2 * math.sqrt(area_m2 / math.pi) * 1.7 + 2 * _MARGIN_M
    leafy = rng.random() < 0.4
    mask = _blot(side_m, area_m2, rng, rough=0.22, fine=0.10) if leafy else _quad(side_m, area_m2, rng)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.09 * PX_M)[..., None]
    depth = np.array((0.42, 0.47, 0.52), np.float32)  # what the sky alone lights is bluish
    return Decal(1 - soft * depth, np.zeros((*mask.shape, 3), np.float32), side_m)


def _tarpaulin(area_m2: float, rng: np.random.Generator) -> Decal:
    """Return a sheet with folds, and the thin shadow of its edge."""
    side_m = 2 * math.sqrt(area_m2 / math.pi) * 1.5 + 2 * _MARGIN_M
    mask = _quad(side_m, area_m2, rng, crumpled=True)
    side = mask.shape[0]
    colour = np.array(_TARPAULINS[int(rng.integers(len(_TARPAULINS)))], np.float32)
    folds = _noise(side, rng, cells=34) + 0.45 * _noise(side, rng, cells=13)
    slope = cv2.Sobel(cv2.GaussianBlur(folds, (0, 0), 1.5), cv2.CV_32F, 1, 0, ksize=3)
    light = np.clip(1.0 + 0.22 * slope / max(1e-3, float(slope.std())), 0.5, 1.8)
    edge = np.clip(_moved(_soft(mask, 2.0), (0.7, -0.7), 0.06) - mask, 0, 1)
    gain = (1 - mask) * (1 - 0.5 * edge)
    return Decal(np.repeat(gain[..., None], 3, axis=2), colour * light[..., None] * mask[..., None], side_m)


def _blot(side_m: float, area_m2: float, rng: np.random.Generator, *, rough: float, fine: float) -> Plane:
    """Return a mask of an irregular round of an area."""
    angles = np.linspace(0, math.tau, 180, endpoint=False)
    reach = np.ones_like(angles)
    for wave in range(2, 7):
        reach += (
            rough / (wave - 0.5) * math.sqrt(2) * np.cos(wave * angles + rng.uniform(0, math.tau)) * rng.uniform(0.4, 1)
        )
    reach += fine * rng.normal(0, 1, angles.size)
    reach = np.maximum(reach, 0.3)
    stretched = rng.uniform(0.8, 1.25)
    turn = rng.uniform(0, math.pi)
    points = np.stack([reach * np.cos(angles) * stretched, reach * np.sin(angles) / stretched], axis=1)
    points = points @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return _filled(side_m, area_m2, points)


def _quad(side_m: float, area_m2: float, rng: np.random.Generator, *, crumpled: bool = False) -> Plane:
    """Return a mask of a rectangle that lies askew."""
    long = rng.uniform(1.2, 1.9)
    turn = rng.uniform(0, math.pi)
    ring = np.array([(-long, -1), (long, -1), (long, 1), (-long, 1)], np.float64)
    ring += rng.normal(0, 0.07, ring.shape)
    if crumpled:
        ring = np.concatenate([np.linspace(ring[n], ring[(n + 1) % 4], 9, endpoint=False) for n in range(4)])
        ring += rng.normal(0, 0.05, ring.shape)
    points = ring @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return _filled(side_m, area_m2, points)


def _filled(side_m: float, area_m2: float, points: NDArray[np.float64]) -> Plane:
    side = round(side_m * PX_M)
    scale = math.sqrt(area_m2 / max(1e-6, float(cv2.contourArea(points.astype(np.float32))))) * PX_M
    pixels = np.round((points * scale + side / 2) * 16).astype(np.int32)
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [pixels], 255, cv2.LINE_AA, 4)
    return np.asarray(mask / 255.0, np.float32)


def _soft(mask: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.float32)


def _noise(side: int, rng: np.random.Generator, *, cells: int) -> Plane:
    small = rng.normal(0, 1, (side // cells + 2, side // cells + 2)).astype(np.float32)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _moved(mask: Plane, way: tuple[float, float], by_m: float) -> Plane:
    """Return a mask moved on the ground; rows go against y."""
    matrix = np.array([[1, 0, way[0] * by_m * PX_M], [0, 1, -way[1] * by_m * PX_M]], np.float64)
    return np.asarray(cv2.warpAffine(mask, matrix, mask.shape[::-1]), np.float32)


def _crack(gain: Plane, area_m2: float, rng: np.random.Generator) -> None:
    """Draw cracks that run from the edge outwards."""
    middle, reach = gain.shape[0] / 2, math.sqrt(area_m2 / math.pi) * PX_M
    lines = np.zeros(gain.shape[:2], np.uint8)
    for angle in rng.uniform(0, math.tau, 9):
        steps = np.linspace(0.85, rng.uniform(1.15, 1.6), 6) * reach
        turns = angle + np.cumsum(rng.normal(0, 0.09, 6))
        points = np.stack([middle + steps * np.cos(turns), middle + steps * np.sin(turns)], axis=1)
        cv2.polylines(lines, [np.round(points).astype(np.int32)], False, 255, 2, cv2.LINE_AA)
    gain *= 1 - 0.55 * (lines.astype(np.float32) / 255)[..., None]


def _crumble(
    gain: Plane, add: Plane, mask: Plane, area_m2: float, tone: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Strew crumbs of asphalt round the edge."""
    middle, reach = gain.shape[0] / 2, math.sqrt(area_m2 / math.pi) * PX_M
    for _ in range(18):
        angle, far = rng.uniform(0, math.tau), reach * rng.uniform(1.02, 1.35)
        at = round(middle + far * math.cos(angle)), round(middle + far * math.sin(angle))
        crumb = np.zeros(mask.shape, np.uint8)
        cv2.circle(crumb, at, int(rng.integers(1, 4)), 255, -1, cv2.LINE_AA)
        part = (crumb.astype(np.float32) / 255 * (1 - mask))[..., None]
        gain *= 1 - part
        add += part * tone * rng.uniform(0.6, 1.25)

"""Cut potholes from photographs and lay them on other roads: by any mask, blend and light that a compositor may use."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
Mask = NDArray[np.float32]
Points = NDArray[np.float64]
Rng = np.random.Generator
HELD_EVERY = 5  # of the photographs by sorted name: these no model has seen
MARGIN = 0.35  # of a box's sides: so much of the road round it is kept
LONGEST = 170  # px of a box that is kept: a road camera sees none larger
SHORTEST = 14


class Outline(StrEnum):
    """Which part of the cut is laid."""

    BOX = "box"
    ELLIPSE = "ellipse"
    RAGGED = "ragged"
    CUT = "cut"  # by GrabCut


class Blend(StrEnum):
    """How it is laid."""

    ALPHA = "alpha"
    NORMAL = "normal"  # Poisson (Pérez 2003)
    MIXED = "mixed"


class Light(StrEnum):
    """How its light is matched."""

    NONE = "none"
    MEAN = "mean"
    SPREAD = "spread"  # mean and standard deviation
    RING = "ring"  # the road round it to the road here, so that it stays as dark as it was


class Style(msgspec.Struct, frozen=True):
    """A way of compositing."""

    outline: Outline
    blend: Blend
    light: Light
    feather: float  # share of the shorter side
    match: float = 1.0  # how far its light is matched


class Hole(msgspec.Struct):
    """A pothole with some road round it."""

    name: str  # of the photograph
    picture: Canvas
    box: tuple[float, float, float, float]  # x0, y0, x1, y1 in the picture
    share: float  # of the photograph's area
    cut: Mask | None = None  # made when it is asked for


def read_holes(data: Path, *, held: bool, least: float = 0.0) -> list[Hole]:
    """Return the potholes of the photographs that are held back, or of the others, from a share of the area on."""
    return [hole for name, picture, boxes in photographs(data, held=held) for box in boxes
            if (hole := _hole(name, picture, box, least)) is not None]  # fmt: skip


def photographs(data: Path, *, held: bool) -> Iterator[tuple[str, Canvas, list[list[float]]]]:
    """Yield the name, the picture and the boxes (middle x, y, width, height as shares) of those held back, or not."""
    for number, path in enumerate(sorted(data.rglob("potholes/images/*.jpg"))):
        labels = path.parents[1] / "labels" / f"{path.stem}.txt"
        if (number % HELD_EVERY == 0) is held and labels.is_file():
            picture = cv2.imread(str(path))
            if picture is not None:
                yield path.name, picture.astype(np.uint8), _boxes(labels)


def _boxes(labels: Path) -> list[list[float]]:
    return [[float(word) for word in line.split()[1:5]] for line in labels.read_text().splitlines() if line.strip()]


def _hole(name: str, photograph: NDArray[np.generic], box: list[float], least: float) -> Hole | None:
    height, width = photograph.shape[:2]
    x, y, w, h = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    if box[2] * box[3] < least or min(w, h) < SHORTEST:
        return None
    left, top = max(0, int(x - w * (0.5 + MARGIN))), max(0, int(y - h * (0.5 + MARGIN)))
    right, bottom = min(width, int(x + w * (0.5 + MARGIN)) + 1), min(height, int(y + h * (0.5 + MARGIN)) + 1)
    scale = min(1.0, LONGEST / max(w, h))
    picture = cv2.resize(photograph[top:bottom, left:right], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inside = ((x - w / 2 - left) * scale, (y - h / 2 - top) * scale, (x + w / 2 - left) * scale,
              (y + h / 2 - top) * scale)  # fmt: skip
    return Hole(name, picture.astype(np.uint8), inside, box[2] * box[3])


def lay(canvas: Canvas, hole: Hole, quad: Points, style: Style, rng: Rng) -> tuple[Canvas, Mask]:
    """Return the canvas with the hole, its box's corners (upper left first, clockwise) on ``quad``, and where it is."""
    picture, mask = _shrunk(hole, quad, style, rng)
    scale = picture.shape[1] / hole.picture.shape[1]
    x0, y0, x1, y1 = (side * scale for side in hole.box)
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
    size = (canvas.shape[1], canvas.shape[0])
    seen = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    where = cv2.warpPerspective(mask, matrix, size).astype(np.float32)
    ring = _ring(picture, (x0, y0, x1, y1))
    lit = _lit(seen.astype(np.float32), canvas.astype(np.float32), where, ring, style)
    return _blended(canvas, lit, where, style), where


def _shrunk(hole: Hole, quad: Points, style: Style, rng: Rng) -> tuple[Canvas, Mask]:
    """Return picture and mask at about the size that is wanted, so that nothing is skipped when it is warped."""
    mask = outlined(hole, style, rng)
    wide = max(np.ptp(quad[:, 0]), 4) * 1.15 / (hole.box[2] - hole.box[0])
    scale = float(min(1.0, wide))
    size = (max(6, round(mask.shape[1] * scale)), max(6, round(mask.shape[0] * scale)))
    small = cv2.resize(hole.picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return small, cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def outlined(hole: Hole, style: Style, rng: Rng) -> Mask:
    """Return which part of the hole's picture is laid, 0 to 1."""
    x0, y0, x1, y1 = hole.box
    w, h = x1 - x0, y1 - y0
    mask = np.zeros(hole.picture.shape[:2], np.float32)
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    soft = max(0.6, style.feather * min(w, h))
    if style.outline is Outline.CUT:
        mask = _grabbed(hole).copy()
    elif style.outline is Outline.BOX:
        inset = min(soft, 0.2 * min(w, h))
        mask[round(y0 + inset) : round(y1 - inset), round(x0 + inset) : round(x1 - inset)] = 1
    else:
        rough = 0.0 if style.outline is Outline.ELLIPSE else rng.uniform(0.05, 0.2)
        points = middle + ragged(rng, rough) * np.array([w, h]) / 2
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1.0)
    return cv2.GaussianBlur(mask, (0, 0), soft / 2).astype(np.float32)


def ragged(rng: Rng, rough: float, *, count: int = 40) -> Points:
    """Return an outline round the origin, of radius 1 or so."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radius = np.ones(count)
    for wave in range(2, 9):
        radius += rough * rng.normal(0, 2 / wave) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    radius = radius.clip(0.3, 1.6)
    return np.column_stack([np.cos(angles), np.sin(angles)]) * radius[:, None]


def _grabbed(hole: Hole) -> Mask:
    if hole.cut is None:
        x0, y0, x1, y1 = (round(side) for side in hole.box)
        labels = np.full(hole.picture.shape[:2], cv2.GC_BGD, np.uint8)
        labels[y0:y1, x0:x1] = cv2.GC_PR_FGD
        inner = ((x1 - x0) // 4, (y1 - y0) // 4)
        labels[y0 + inner[1] : y1 - inner[1], x0 + inner[0] : x1 - inner[0]] = cv2.GC_FGD
        cv2.setRNGSeed(1)
        cv2.grabCut(hole.picture, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
        hole.cut = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return hole.cut


def _ring(picture: Canvas, box: tuple[float, ...]) -> NDArray[np.float32]:
    """Return the colour of the road round a hole."""
    around = np.ones(picture.shape[:2], bool)
    around[round(box[1]) : round(box[3]), round(box[0]) : round(box[2])] = False
    pixels = picture[around] if around.sum() > 20 else picture.reshape(-1, 3)
    return np.median(pixels, axis=0).astype(np.float32)


def _lit(
    seen: NDArray[np.float32], ground: NDArray[np.float32], where: Mask, ring: NDArray[np.float32], style: Style
) -> NDArray[np.float32]:
    inside = where > 0.3
    if style.light is Light.NONE or inside.sum() < 4:
        return seen
    here, there = ground[inside], seen[inside]
    if style.light is Light.RING:
        lit = seen * (np.median(here, axis=0) / np.maximum(ring, 8)).clip(0.15, 4)
    elif style.light is Light.MEAN:
        lit = seen + (here.mean(axis=0) - there.mean(axis=0))
    else:
        spread = ((here.std(axis=0) + 1) / (there.std(axis=0) + 1)).clip(0.25, 2.5)
        lit = (seen - there.mean(axis=0)) * spread + here.mean(axis=0)
    matched: NDArray[np.float32] = (seen + (lit - seen) * style.match).clip(0, 255).astype(np.float32)
    return matched


def _blended(canvas: Canvas, lit: NDArray[np.float32], where: Mask, style: Style) -> Canvas:
    if style.blend is not Blend.ALPHA:
        inside = np.zeros(where.shape, np.uint8)
        inside[2:-2, 2:-2] = 255 * (where[2:-2, 2:-2] > 0.25)
        x, y, w, h = cv2.boundingRect(inside)
        if min(w, h) >= 4:
            way = cv2.NORMAL_CLONE if style.blend is Blend.NORMAL else cv2.MIXED_CLONE
            middle = (x + w // 2, y + h // 2)
            return cv2.seamlessClone(lit.astype(np.uint8), canvas, inside, middle, way).astype(np.uint8)
    alpha = where[:, :, None]
    return (canvas * (1 - alpha) + lit * alpha).clip(0, 255).astype(np.uint8)


def some_style(rng: Rng) -> Style:
    """Return some way of compositing."""
    light = rng.choice([Light.RING, Light.SPREAD, Light.MEAN, Light.NONE], p=[0.45, 0.25, 0.17, 0.13])
    return Style(
        Outline(rng.choice(list(Outline), p=[0.3, 0.25, 0.2, 0.25])),
        Blend(rng.choice(list(Blend), p=[0.65, 0.25, 0.1])),
        Light(light),
        float(rng.uniform(0.02, 0.35)),
        float(rng.uniform(0.6, 1.0)),
    )


def quad_of(middle: Points, wide: float, high: float, rng: Rng, *, bent: float = 1.0) -> Points:
    """Return the corners of a box that lies on the ground: narrower far away, turned and leaning a little."""
    half = np.array([wide, high]) / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    corners[:2, 0] *= 1 - bent * rng.uniform(0, 0.3)
    corners[:, 0] += corners[:, 1] * bent * rng.normal(0, 0.25)
    angle = np.deg2rad(bent * rng.normal(0, 8))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    placed: Points = corners @ turn + middle
    return placed

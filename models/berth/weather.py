"""Spoil a patch as cameras, weather and night do."""

import cv2
import numpy as np
from numpy.typing import NDArray

Patch = NDArray[np.uint8]
Rng = np.random.Generator


def spoil(patch: Patch, rng: Rng) -> Patch:
    """Return a patch under other light, seen by another camera; each fault now and then, seldom many."""
    image = patch.astype(np.float32)
    if rng.random() < 0.07:
        image = _branches(image, rng)
    if rng.random() < 0.25:
        image = _shadow(image, rng)
    night = rng.random() < 0.15
    image = _night(image, rng) if night else image
    if not night and rng.random() < 0.8:
        image = _light(image, rng)
    if rng.random() < (0.3 if night else 0.05):
        image = _rain(image, rng)
    if rng.random() < 0.05:
        image = image * 0.6 + rng.uniform(120, 220) * rng.uniform(0.2, 0.5)  # fog
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.4:
        image = image + rng.normal(0, rng.uniform(1, 9), (*image.shape[:2], 1 if rng.random() < 0.5 else 3))
    spoilt: Patch = image.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        spoilt = _jpeg(spoilt, rng)
    return spoilt


def coarse(patch: Patch, rng: Rng) -> Patch:
    """Return a patch as a far camera would give it: a car of 12 pixels and up."""
    size = patch.shape[0]
    small = int(rng.uniform(17, size))
    way = cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_LINEAR
    image = cv2.resize(patch, (small, small), interpolation=way)
    if rng.random() < 0.4:
        image = _jpeg(image.astype(np.uint8), rng)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def junk(patch: Patch, rng: Rng) -> Patch:
    """Return a patch that nobody can tell anything from."""
    size, sort = patch.shape[0], rng.integers(5)
    if sort == 0:
        image = np.full((size, size, 3), rng.uniform(0, 255)) + rng.normal(0, rng.uniform(0, 2), (size, size, 3))
    elif sort == 1:
        image = cv2.GaussianBlur(patch, (0, 0), size / 3.5).astype(np.float32)
    elif sort == 2:
        image = rng.normal(rng.uniform(30, 220), rng.uniform(30, 80), (size, size, 3))
    elif sort == 3:
        image = patch * rng.uniform(0, 0.03) + rng.normal(0, rng.uniform(0.3, 2), (size, size, 3))
    else:
        image = 255 - (255 - patch.astype(np.float32)) * rng.uniform(0, 0.04)
    return image.clip(0, 255).astype(np.uint8)


def _light(image: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    image = 255 * (image / 255).clip(1e-4, 1) ** rng.uniform(0.6, 1.7)
    image = (image - image.mean()) * rng.uniform(0.55, 1.4) + image.mean() * rng.uniform(0.6, 1.4)
    if rng.random() < 0.15:
        return np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.15:  # a cheap camera: gaudy, white and black run over
        grey = image.mean(axis=2, keepdims=True)
        image = grey + (image - grey) * rng.uniform(1, 2.5)
        image = (image - image.mean()) * rng.uniform(1.3, 2.4) + image.mean()
    return image * rng.normal(1, 0.07, 3).astype(np.float32)


def _night(image: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    lamp = rng.normal(0, 1, 2)
    rows, columns = np.mgrid[-1 : 1 : image.shape[0] * 1j, -1 : 1 : image.shape[1] * 1j]
    glow = 0.25 + np.exp(-((rows - lamp[0]) ** 2 + (columns - lamp[1]) ** 2) / rng.uniform(0.5, 3))
    tint = np.array([0.75, 0.95, 1.1]) if rng.random() < 0.6 else np.ones(3)
    if rng.random() < 0.3:
        glow = glow + _headlights(image.shape[0], rng)
    dark = image * (rng.uniform(0.2, 0.7) * glow[:, :, None] * tint) + rng.uniform(0, 12)
    return (dark + rng.normal(0, rng.uniform(2, 8), image.shape)).astype(np.float32)


def _headlights(size: int, rng: Rng) -> NDArray[np.float32]:
    """Return the light of a vehicle that passes: a cone from its lamps."""
    cone = np.zeros((size, size), np.float32)
    x, y, way = *(rng.uniform(-0.3, 1.3, 2) * size), rng.uniform(0, 2 * np.pi)
    ends = [(x + 2 * size * np.cos(way + turn), y + 2 * size * np.sin(way + turn)) for turn in (-0.2, 0.2)]
    cv2.fillConvexPoly(cone, np.array([(x, y), *ends]).astype(np.int32), rng.uniform(0.3, 1.5))
    return cv2.GaussianBlur(cone, (0, 0), rng.uniform(0.8, 4)).astype(np.float32)


def _shadow(image: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Lay a straight or a leafy shadow over it."""
    size = image.shape[0]
    if rng.random() < 0.6:
        rows, columns = np.mgrid[0:size, 0:size] - size * rng.uniform(0.2, 0.8)
        angle = rng.uniform(0, 2 * np.pi)
        mask = (np.cos(angle) * rows + np.sin(angle) * columns > 0).astype(np.float32)
    else:
        cells = rng.random((int(rng.integers(3, 9)), int(rng.integers(3, 9)))).astype(np.float32)
        mask = (cv2.resize(cells, (size, size), interpolation=cv2.INTER_CUBIC) > rng.uniform(0.35, 0.65)).astype(
            np.float32
        )
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 3))[:, :, None]
    return (image * (1 - (1 - rng.uniform(0.3, 0.75)) * mask)).astype(np.float32)


def _branches(image: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Hold twigs, a pole or a wire before it."""
    size = image.shape[0]
    covered = image.copy()
    for _ in range(int(rng.integers(1, 7))):
        ends = [tuple(int(one) for one in rng.uniform(-0.2, 1.2, 2) * size) for _ in range(2)]
        colour = tuple(float(one) for one in np.array([60, 90, 70]) * rng.uniform(0.2, 2.0) + rng.normal(0, 10, 3))
        cv2.line(covered, ends[0], ends[1], colour, int(rng.integers(1, 4)), cv2.LINE_AA)
    return covered


def _rain(image: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    size = image.shape[0]
    drops = (rng.random((size, size)) < rng.uniform(0.002, 0.012)).astype(np.float32) * rng.uniform(30, 110)
    kernel = np.zeros((9, 9), np.float32)
    cv2.line(kernel, (4 - int(rng.integers(-2, 3)), 0), (4, 8), 1.0)
    streaks = cv2.filter2D(drops, -1, kernel)[:, :, None] * (0.2 + image.mean() / 120)
    return (image * rng.uniform(0.6, 0.95) + streaks + rng.uniform(0, 0.25) * image.mean()).astype(np.float32)


def _jpeg(image: Patch, rng: Rng) -> Patch:
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(25, 90))])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.uint8)

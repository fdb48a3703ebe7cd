"""Spoil a pair of pictures as two moments of one camera do: light, noise, a small shift, a codec, night, weather."""

import cv2
import numpy as np
from numpy.typing import NDArray

from berth import weather
from road.paste import Canvas, Rng


def moments(before: Canvas, after: Canvas, rng: Rng) -> tuple[Canvas, Canvas]:
    """Return both as a camera saw them; the earlier one is a mean over time: it has less noise, and may be smeared."""
    frames = [before.astype(np.float32), after.astype(np.float32)]
    if rng.random() < 0.8:
        frames = _light(frames, rng)
    if rng.random() < 0.12:
        frames = _night(frames, rng)
    if rng.random() < 0.6:  # the sun, or the camera's own gain, between the two
        gain, gamma = rng.normal(1, 0.1), rng.normal(1, 0.08)
        frames[1] = 255 * (frames[1] / 255).clip(0, 1) ** max(0.6, gamma) * max(0.6, gain) * rng.normal(1, 0.02, 3)
    if rng.random() < 0.3:
        frames[1] = _moved(frames[1], rng)
    if rng.random() < 0.15:
        frames[0] = frames[0] * (1 - (ghost := rng.uniform(0, 0.3))) + frames[1] * ghost
    for at, share in ((0, 0.4), (1, 0.3)):
        if rng.random() < share:
            frames[at] = cv2.GaussianBlur(frames[at], (0, 0), rng.uniform(0.3, 1.3))
    if rng.random() < 0.06:
        frames = _rain(frames, rng)
    noise = rng.uniform(0, 8) if rng.random() < 0.7 else 0.0
    frames[1] = frames[1] + rng.normal(0, noise + 0.1, frames[1].shape)
    frames[0] = frames[0] + rng.normal(0, noise * rng.uniform(0, 1) + 0.1, frames[0].shape)
    made = [frame.clip(0, 255).astype(np.uint8) for frame in frames]
    quality = int(rng.uniform(25, 92)) if rng.random() < 0.5 else 0
    if quality:
        made = [_jpeg(frame, quality) for frame in made]
    return made[0], made[1]


def junk(pair: Canvas, rng: Rng) -> Canvas:
    """Return a pair of which nobody can tell anything."""
    size = pair.shape[1]
    return np.concatenate([weather.junk(pair[low : low + size], rng) for low in (0, size)])


def _light(frames: list[NDArray[np.float32]], rng: Rng) -> list[NDArray[np.float32]]:
    """Return both under one other light, by one other camera."""
    gamma, contrast, gain = rng.uniform(0.65, 1.6), rng.uniform(0.6, 1.35), rng.uniform(0.65, 1.35)
    tint, grey = rng.normal(1, 0.04, 3), rng.random() < 0.12
    lit = []
    mean = float(np.mean([frame.mean() for frame in frames]))
    for frame in frames:
        other = 255 * (frame / 255).clip(1e-4, 1) ** gamma
        other = ((other - mean) * contrast + mean) * gain * tint
        lit.append(np.repeat(other.mean(axis=2, keepdims=True), 3, axis=2) if grey else other)
    return lit


def _night(frames: list[NDArray[np.float32]], rng: Rng) -> list[NDArray[np.float32]]:
    size = frames[0].shape
    rows, columns = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    lamp = rng.normal(0, 1, 2)
    glow = 0.2 + np.exp(-((rows - lamp[0]) ** 2 + (columns - lamp[1]) ** 2) / rng.uniform(0.5, 3))
    tint = np.array([0.75, 0.95, 1.1]) if rng.random() < 0.6 else np.ones(3)
    dark = rng.uniform(0.25, 0.7) * glow[:, :, None] * tint
    return [frame * dark + rng.normal(0, 4, frame.shape) for frame in frames]


def _rain(frames: list[NDArray[np.float32]], rng: Rng) -> list[NDArray[np.float32]]:
    """Return both in rain: streaks that fall elsewhere each time."""
    dense, bright, long = rng.uniform(0.001, 0.008), rng.uniform(20, 90), int(rng.integers(4, 14))
    kernel = np.zeros((long, 5), np.float32)
    cv2.line(kernel, (int(rng.integers(1, 4)), 0), (2, long - 1), 1.0)
    drops = [(rng.random(frame.shape[:2]) < dense).astype(np.float32) * bright for frame in frames]
    return [frame + cv2.filter2D(one, -1, kernel)[:, :, None] for frame, one in zip(frames, drops, strict=True)]


def _moved(frame: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Return a frame of a camera that shook a little."""
    shift = rng.normal(0, 0.9 if rng.random() < 0.75 else 2.5, 2).clip(-5, 5)
    to = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    size = (frame.shape[1], frame.shape[0])
    return cv2.warpAffine(frame, to, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def worn(frame: Canvas, rng: Rng) -> Canvas:
    """Return a frame whose grain is seen more or less than before, on a road that dries or gets damp in blots."""
    grain = cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.8, 3)).astype(np.float32)
    worn = grain + (frame - grain) * rng.uniform(0.3, 1.9)
    cells = rng.normal(0, 1, (int(rng.integers(4, 30)), int(rng.integers(4, 30)), 1))
    blots = cv2.resize(cells, frame.shape[1::-1], interpolation=cv2.INTER_CUBIC)[:, :, None]
    return (worn + blots * rng.uniform(0, 6)).clip(0, 255).astype(np.uint8)


def swayed(frame: Canvas, rng: Rng) -> Canvas:
    """Return a frame of which parts moved a little: leaves in the wind, air that shimmers, a lens that warms."""
    height, width = frame.shape[:2]
    flow = [cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), rng.uniform(5, 30)) for _ in range(2)]
    far = rng.uniform(0, 4)
    across, down = (far * one / max(1e-9, float(np.abs(one).max())) for one in flow)
    rows, columns = np.mgrid[0:height, 0:width]
    maps = ((columns + across).astype(np.float32), (rows + down).astype(np.float32))
    return cv2.remap(frame, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def _jpeg(frame: Canvas, quality: int) -> Canvas:
    _, packed = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.uint8)

"""Spoil a pair of pictures as two moments of one camera do: light, noise, a small shift, a codec, night, weather."""

import berth_weather
import cv2
import numpy as np
from numpy.typing import NDArray
from road_paste import Canvas, Rng


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
    return np.concatenate([berth_weather.junk(pair[low : low + size], rng) for low in (0, size)])


def _light(frames: list[NDArray[np.float32]], rng: Rng) -> list[NDArray[np.float32]]:
    """Return both under one other light, by one other camera."""
    gamma, contrast, gain = rng.uniform(0.65, 1.6), rng.uniform(0.6, 1.35), rng.uniform(0.65, 1.35)
    tint, grey = rng.normal(1, 0.06, 3), rng.random() < 0.12
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


def _moved(frame: NDArray[np.float32], rng: Rng) -> NDArray[np.float32]:
    """Return a frame of a camera that shook a little."""
    shift = rng.normal(0, 0.9, 2).clip(-2.5, 2.5)
    to = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    size = (frame.shape[1], frame.shape[0])
    return cv2.warpAffine(frame, to, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def _jpeg(frame: Canvas, quality: int) -> Canvas:
    _, packed = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.uint8)

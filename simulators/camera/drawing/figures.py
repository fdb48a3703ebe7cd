"""People and cones: upright outlines that look at the camera."""

import math

import cv2
import numpy as np

from simulators.camera.drawing.backdrop import Image
from simulators.camera.scene.happenings import Happening
from simulators.camera.scene.lens import NEAR_M, Lens
from simulators.camera.scene.scene import Point

Part = tuple[tuple[Point, ...], tuple[int, int, int]]  # (across, up) in m, colour
_ROUND = tuple((0.13 * math.cos(a), 1.64 + 0.14 * math.sin(a)) for a in np.linspace(0, math.tau, 9)[:-1])
_VEST, _STRIPE, _HELMET = (20, 140, 250), (215, 235, 235), (40, 200, 235)
_TROUSERS = ((70, 48, 36), (60, 58, 60), (95, 70, 45))
_CONE: tuple[Part, ...] = (
    (((-0.22, 0.0), (0.22, 0.0), (0.20, 0.06), (-0.20, 0.06)), (30, 60, 210)),
    (((-0.15, 0.05), (0.15, 0.05), (0.04, 0.75), (-0.04, 0.75)), (30, 80, 235)),
    (((-0.115, 0.22), (0.115, 0.22), (0.09, 0.36), (-0.09, 0.36)), (235, 238, 240)),
    (((-0.075, 0.46), (0.075, 0.46), (0.055, 0.58), (-0.055, 0.58)), (235, 238, 240)),
)
_PEOPLE, _CONES = 3, 6


def paint_gang(picture: Image, gang: Happening, lens: Lens, *, t_s: float) -> None:
    """Paint cones round a manhole, its cover, and the people who work there, the far ones first."""
    rng = np.random.default_rng(gang.seed)
    reach = math.sqrt(gang.area_m2 / math.pi)
    shown: list[tuple[Point, tuple[Part, ...]]] = []
    for number in range(_CONES):
        angle = math.tau * number / _CONES + rng.uniform(-0.15, 0.15)
        far = reach + 1.3
        shown.append(((gang.x + far * math.cos(angle), gang.y + 0.8 * far * math.sin(angle)), _CONE))
    for number in range(_PEOPLE):
        at = _walk(gang, t_s, phase=float(rng.uniform(0, math.tau)), number=number, reach=reach + 0.55)
        shown.append((at, _person(t_s, _TROUSERS[number % len(_TROUSERS)], phase=number)))
    for at, parts in sorted(shown, key=lambda one: -math.dist(one[0], lens.at[:2])):
        _paint(picture, at, parts, lens)


def _walk(gang: Happening, t_s: float, *, phase: float, number: int, reach: float) -> Point:
    """Return where somebody is: round the hole to and fro, never quite still."""
    angle = phase + 0.9 * math.sin(t_s * (0.35 + 0.08 * number) + phase) + 2.1 * number
    far = reach + 0.35 * (1 + math.sin(t_s * 0.53 + 2 * phase))
    return gang.x + far * math.cos(angle), gang.y + far * math.sin(angle)


def _person(t_s: float, trousers: tuple[int, int, int], *, phase: int) -> tuple[Part, ...]:
    """Return somebody in a vest who swings legs and arms."""
    swing = 0.14 * math.sin(t_s * 4.2 + phase)
    return (
        (((-0.16, 0.82), (0.0, 0.82), (swing, 0.0), (swing - 0.13, 0.0)), trousers),
        (((0.0, 0.82), (0.16, 0.82), (0.13 - swing, 0.0), (-swing, 0.0)), trousers),
        (((-0.24, 1.45), (-0.16, 1.47), (-0.18 - swing, 0.85), (-0.30 - swing, 0.87)), _VEST),
        (((0.24, 1.45), (0.16, 1.47), (0.18 + swing, 0.85), (0.30 + swing, 0.87)), _VEST),
        (((-0.19, 0.80), (0.19, 0.80), (0.23, 1.48), (-0.23, 1.48)), _VEST),
        (((-0.20, 1.02), (0.20, 1.02), (0.21, 1.12), (-0.21, 1.12)), _STRIPE),
        (_ROUND, (120, 150, 190)),
        (((-0.15, 1.68), (0.15, 1.68), (0.09, 1.82), (-0.09, 1.82)), _HELMET),
    )


def _paint(picture: Image, at: Point, parts: tuple[Part, ...], lens: Lens) -> None:
    right = lens.axes[0]
    for outline, colour in parts:
        points = np.array([(at[0] + u * right[0], at[1] + u * right[1], v) for u, v in outline], np.float64)
        if float(lens.depths(points).min()) < NEAR_M:
            return
        pixels = np.round(lens.project(points) * 16)
        if np.abs(pixels).max() < 1e5:
            cv2.fillPoly(picture, [pixels.astype(np.int32)], colour, cv2.LINE_AA, 4)

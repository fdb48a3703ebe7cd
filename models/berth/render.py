"""Render berths and lane cells with simple solid cars, seen from anywhere: patches that no camera has to give."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
Points = NDArray[np.float64]
Rng = np.random.Generator
SIZE = 160  # px of a canvas
PAINTS = [(225, 225, 225)] * 4 + [(170, 170, 172)] * 4 + [(35, 35, 35)] * 5 + [(80, 80, 82)] * 3 + [
    (45, 40, 150), (40, 40, 185), (120, 60, 30), (150, 95, 50), (70, 90, 50), (60, 130, 170), (40, 170, 210),
]  # fmt: skip


class Camera:
    """Looks at the origin of the ground from a height, x to the right, z up."""

    def __init__(self, rng: Rng, *, reach_m: float) -> None:
        """``reach_m`` fills about two thirds of the canvas."""
        elevation, azimuth = np.deg2rad(rng.uniform(14, 85)), rng.uniform(0, 2 * np.pi)
        roll, away = np.deg2rad(rng.normal(0, 4)), reach_m * rng.uniform(2.5, 14)
        look = -np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0]) * -1
        down = np.cross(look, right)
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        self._axes = np.vstack([turn @ np.vstack([right, down]), look])
        self.place = -look * away
        self._focal = SIZE * rng.uniform(0.5, 0.66) / reach_m * away

    def see(self, points: Points) -> Points:
        """Return pixels of points in metres."""
        seen = (points - self.place) @ self._axes.T
        return seen[:, :2] / np.maximum(seen[:, 2:], 0.5) * self._focal + SIZE / 2


class Fitted:
    """A camera guessed from how a berth's four corners lie in a picture: the ground by homography, up is up."""

    def __init__(self, polygon: Points, rng: Rng, *, length: float, width: float) -> None:
        """Corners go round; the longer pair of sides is taken for the berth's length."""
        sides = np.linalg.norm(np.roll(polygon, -1, axis=0) - polygon, axis=1)
        turned = polygon if sides[0] + sides[2] >= sides[1] + sides[3] else np.roll(polygon, -1, axis=0)
        half = np.array([length, width]) / 2
        corners = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half).astype(np.float32)
        self._ground = cv2.getPerspectiveTransform(corners, turned.astype(np.float32))
        middle, ahead, aside = self._flat(np.array([[0, 0], [0.1, 0], [0, 0.1]]))
        linear = np.column_stack([ahead - middle, aside - middle]) * 10
        nearer = _unit(np.linalg.lstsq(linear, np.array([0.0, 1.0]), rcond=None)[0])
        elevation = np.deg2rad(rng.uniform(25, 60))
        self.place = np.array([*(nearer * np.cos(elevation)), np.sin(elevation)]) * 40
        self._rise = float(np.sqrt(abs(np.linalg.det(linear)) / np.sin(elevation)) * np.cos(elevation))

    def see(self, points: Points) -> Points:
        """Return pixels of points in metres."""
        return self._flat(points[:, :2]) - points[:, 2:] * [0, self._rise]

    def _flat(self, points: Points) -> Points:
        seen = np.column_stack([points, np.ones(len(points))]) @ self._ground.T
        depth = np.where(np.abs(seen[:, 2:]) < 1e-3, 1e-3, seen[:, 2:])
        flat: Points = seen[:, :2] / depth
        return flat


def park(canvas: Canvas, polygon: Points, rng: Rng, *, own: bool, beside: bool) -> None:
    """Draw cars on a real picture: in the berth of this polygon, and beside it."""
    length, width = rng.uniform(4.6, 5.6), rng.uniform(2.2, 2.9)
    camera = Fitted(polygon, rng, length=length, width=width)
    turn = 0.0 if rng.random() < 0.5 else np.pi
    cars = [(rng.normal(0, 0.2), rng.normal(0, 0.1), turn)] if own else []
    if beside:
        cars += [
            (rng.normal(0, 0.3), side * width * rng.uniform(0.95, 1.3), turn) for side in (-1, 1) if rng.random() < 0.7
        ]
    sun = _unit(np.array([rng.normal(), rng.normal(), rng.uniform(0.3, 2.0)]))
    hard = rng.random() < 0.5
    for x, y, angle in sorted(cars, key=lambda car: -float(np.hypot(*(camera.place[:2] - car[:2])))):
        _car(canvas, camera, (x, y, angle), rng, sun=sun, hard=hard)


def draw_cars(canvas: Canvas, camera: Camera, rng: Rng) -> None:
    """Draw a car in the middle, however it stands, and sometimes one more beside it."""
    turn, sun = rng.uniform(0, 2 * np.pi), _unit(np.array([rng.normal(), rng.normal(), rng.uniform(0.3, 2.0)]))
    cars = [(rng.normal(0, 0.3), rng.normal(0, 0.3), turn)]
    if rng.random() < 0.2:
        cars.append((rng.normal(0, 3), rng.choice([-1.0, 1.0]) * rng.uniform(2.4, 4), turn))
    hard = rng.random() < 0.5
    for x, y, angle in sorted(cars, key=lambda car: -float(np.hypot(*(camera.place[:2] - car[:2])))):
        _car(canvas, camera, (x, y, angle), rng, sun=sun, hard=hard)


def scene(ground: Canvas, rng: Rng) -> tuple[Canvas, Points, float]:
    """Return a canvas, the polygon of its berth or lane cell, and how much of it a vehicle takes: 0 to 1."""
    lane = rng.random() < 0.35
    length, width = (
        (rng.uniform(4, 7), rng.uniform(2.6, 3.7)) if lane else (rng.uniform(4.4, 5.6), rng.uniform(2.2, 2.9))
    )
    camera = Camera(rng, reach_m=length)
    canvas = ground.copy()
    half = np.array([length, width]) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    _marks(canvas, camera, half, rng, lane=lane)
    taken, cars = _traffic(rng, length, width, lane=lane)
    sun = _unit(np.array([rng.normal(), rng.normal(), rng.uniform(0.3, 2.0)]))
    hard = rng.random() < 0.6
    for x, y, angle in sorted(cars, key=lambda car: -float(np.hypot(*(camera.place[:2] - car[:2])))):
        _car(canvas, camera, (x, y, angle), rng, sun=sun, hard=hard)
    return canvas, camera.see(np.column_stack([corners, np.zeros(4)])), taken


def _traffic(rng: Rng, length: float, width: float, *, lane: bool) -> tuple[float, list[tuple[float, float, float]]]:
    """Return how much of the middle one is taken, and where cars stand: x, y, angle."""
    own, turn = rng.random() < 0.5, 0.0 if rng.random() < 0.5 else np.pi
    if lane:
        return _queue(rng, length, own=own, turn=turn)
    cars = []
    for row in range(-2, 3):
        for opposite in (0, 1):
            if own if (row, opposite) == (0, 0) else rng.random() < 0.5:
                x = opposite * (length + rng.uniform(-0.3, 1.0)) * (1 if turn else -1) + rng.normal(0, 0.25)
                cars.append((x, row * width + rng.normal(0, 0.13), turn + rng.normal(0, 0.04)))
    return float(own), cars


def _queue(rng: Rng, length: float, *, own: bool, turn: float) -> tuple[float, list[tuple[float, float, float]]]:
    """Return how much of a lane's cell is under vehicles that stand anyhow, and where they are."""
    gap = rng.uniform(5.0, 8.0)
    spots = rng.uniform(0, gap) + gap * np.arange(-4, 4) + rng.normal(0, 0.3, 8)
    covers = (np.minimum(spots + 2.1, length / 2) - np.maximum(spots - 2.1, -length / 2)).clip(0) / length
    stays = covers > 0.02 if own else covers <= rng.uniform(0, 0.12)
    stays &= (covers > 0) | (rng.random(8) < rng.choice([0.3, 0.8]))
    cars = [(float(x), rng.normal(0, 0.2), turn + rng.normal(0, 0.04)) for x in spots[stays]]
    side = [(rng.uniform(-8, 8), s * rng.uniform(3.0, 3.8), turn) for s in (-1, 1) if rng.random() < 0.5]
    return float(covers[stays].sum()), cars + side


def _marks(canvas: Canvas, camera: Camera, half: Points, rng: Rng, *, lane: bool) -> None:
    """Paint lines as they are between berths and lanes, or none; sometimes letters."""
    if rng.random() < 0.3:
        return
    colour = np.array(
        [(235, 235, 235), (60, 190, 230), (200, 150, 90)][rng.choice(3, p=[0.75, 0.2, 0.05])]
    ) * rng.uniform(0.6, 1)
    thick = rng.uniform(0.06, 0.16)
    for row in range(-3, 4):
        y = (row + 0.5) * half[1] * 2
        x = half[0] * (3 if lane else 1)
        _fill(canvas, camera, [(-x, y - thick), (x, y - thick), (x, y + thick), (-x, y + thick)], colour)
    if not lane and rng.random() < 0.5:
        x = half[0]
        _fill(canvas, camera, [(x - thick, -20), (x + thick, -20), (x + thick, 20), (x - thick, 20)], colour)
    if rng.random() < 0.15:
        for _ in range(int(rng.integers(1, 5))):
            x, y, w, h = rng.uniform(-1.2, 1.2), rng.uniform(-0.6, 0.6), rng.uniform(0.1, 0.8), rng.uniform(0.1, 0.4)
            _fill(canvas, camera, [(x, y), (x + w, y), (x + w, y + h), (x, y + h)], colour)


def _fill(canvas: Canvas, camera: Camera, ground: list[tuple[float, float]], colour: Any) -> None:
    seen = camera.see(np.array([(x, y, 0.0) for x, y in ground]))
    if np.abs(seen).max() < 4000:
        cv2.fillConvexPoly(canvas, _fixed(seen), tuple(map(float, colour)), lineType=cv2.LINE_AA, shift=4)


def _car(
    canvas: Canvas, camera: Camera | Fitted, place: tuple[float, float, float], rng: Rng, *, sun: Points, hard: bool
) -> None:
    """Draw one car: its shadow, then the faces that look at the camera, body before cabin."""
    length, width, height = rng.uniform(3.5, 4.9), rng.uniform(1.6, 1.95), rng.uniform(1.38, 1.75)
    tall = rng.random() < 0.14
    if tall:  # a van or a small lorry
        height, length, width = height + rng.uniform(0.4, 1.4), length + rng.uniform(0.2, 1.2), width + 0.15
    paint = np.array(PAINTS[rng.integers(len(PAINTS))], float) * rng.uniform(0.8, 1.1) + rng.normal(0, 6, 3)
    belt = rng.uniform(0.78, 0.95) if not tall else height * rng.uniform(0.55, 0.85)
    x0, x1, t0, t1 = (
        rng.uniform(-0.5, -0.36),
        rng.uniform(0.2, 0.32),
        rng.uniform(-0.42, -0.22),
        rng.uniform(0.02, 0.14),
    )
    body = _box((-0.5, 0.5), (-0.49, 0.47), (0.2, belt), width, width * 0.96, length)
    cabin = _box((x0, x1), (max(t0, x0), t1), (belt, height), width * 0.93, width * 0.76, length)
    cos, sin = np.cos(place[2]), np.sin(place[2])
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    move = np.array([place[0], place[1], 0])
    corners = np.vstack([body, cabin]) @ turn.T + move
    drop = corners - sun * (corners[:, 2:] / max(0.35, sun[2])) * (1.0 if hard else 0.12)
    _shade(canvas, camera.see(drop * [1, 1, 0]), 0.45 if hard else 0.7)
    glass = np.full(3, rng.uniform(20, 75)) + rng.normal(0, 5, 3)
    for part, points in (("body", body), ("cabin", cabin)):
        for number, face in enumerate(_FACES):
            world = points[list(face)] @ turn.T + move
            normal = _unit(np.cross(world[1] - world[0], world[3] - world[0]))
            if normal @ (camera.place - world.mean(axis=0)) <= 0:
                continue
            lit = 0.5 + 0.55 * max(0.0, float(normal @ sun)) * (1 if hard else 0.6) + 0.12 * normal[2]
            window = part == "cabin" and number < 4
            _face(canvas, camera, world, (glass * 0.7 + 45 * lit * (normal[2] > 0.2) if window else paint * lit))
            if window:
                _face(canvas, camera, _inset(world, 0.0, 0.08), paint * lit)
                _face(
                    canvas,
                    camera,
                    _inset(world, 0.48, 0.54) if number % 2 == 0 else _inset(world, 0.92, 1.0),
                    paint * lit,
                )
            elif part == "body" and number in (1, 3):
                _lamps(canvas, camera, world, rear=number == 3)
    for x in (-0.31, 0.31):
        _wheel(canvas, camera, (x * length, width * 0.505), rng, turn=turn, move=move)


_FACES = ((0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7))  # right, front, left, rear, top


def _box(low: Any, high: Any, z: Any, wide: float, narrow: float, length: float) -> Points:
    return np.array([
        (low[0] * length, -wide / 2, z[0]), (low[1] * length, -wide / 2, z[0]),
        (low[1] * length, wide / 2, z[0]), (low[0] * length, wide / 2, z[0]),
        (high[0] * length, -narrow / 2, z[1]), (high[1] * length, -narrow / 2, z[1]),
        (high[1] * length, narrow / 2, z[1]), (high[0] * length, narrow / 2, z[1]),
    ])  # fmt: skip


def _inset(face: Points, begin: float, end: float) -> Points:
    a, b, c, d = face
    return np.array([a + (b - a) * begin, a + (b - a) * end, d + (c - d) * end, d + (c - d) * begin])


def _lamps(canvas: Canvas, camera: Camera | Fitted, face: Points, *, rear: bool) -> None:
    colour = np.array([40, 40, 190]) if rear else np.array([225, 230, 230])
    a, b, c, d = face
    for begin, end in ((0.03, 0.2), (0.8, 0.97)):
        strip = _inset(face, begin, end)
        left, right = strip[3] - strip[0], strip[2] - strip[1]
        lamp = [strip[0] + left * 0.6, strip[1] + right * 0.6, strip[1] + right * 0.85, strip[0] + left * 0.85]
        _face(canvas, camera, np.array(lamp), colour)
    low = [a * 0.7 + d * 0.3, b * 0.7 + c * 0.3, b * 0.95 + c * 0.05, a * 0.95 + d * 0.05]
    _face(canvas, camera, np.array(low), np.array([45, 45, 45]))


def _wheel(canvas: Canvas, camera: Camera | Fitted, at: Any, rng: Rng, *, turn: Points, move: Points) -> None:
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    for side in (-1, 1):
        normal = turn @ np.array([0, side, 0])
        circle = np.column_stack([np.cos(angles), np.zeros(12), np.sin(angles)])
        hub = np.array([at[0], side * at[1], 0.31])
        ring = [(hub + radius * circle) @ turn.T + move for radius in (0.31, 0.18)]
        if normal @ (camera.place - ring[0].mean(axis=0)) > 0:
            _face(canvas, camera, ring[0], np.array([28, 28, 28]))
            _face(canvas, camera, ring[1], np.full(3, rng.uniform(70, 170)))


def _face(canvas: Canvas, camera: Camera | Fitted, world: Points, colour: Points) -> None:
    seen = camera.see(world)
    if np.abs(seen).max() < 2000:
        told = tuple(float(one) for one in np.clip(colour, 0, 255))
        cv2.fillConvexPoly(canvas, _fixed(seen), told, lineType=cv2.LINE_AA, shift=4)


def _shade(canvas: Canvas, seen: Points, strength: float) -> None:
    if np.abs(seen).max() >= 2000:
        return
    mask = np.zeros(canvas.shape[:2], np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(_fixed(seen)), 1.0, shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.5)
    canvas[:] = (canvas * (1 - (1 - strength) * mask[:, :, None])).astype(np.uint8)


def _fixed(points: Points) -> NDArray[np.int32]:
    return np.round(points * 16).astype(np.int32)


def _unit(vector: Points) -> Points:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)

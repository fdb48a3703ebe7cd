"""Draw things that stand or lie on a road and are no hole: cones, boxes, a tarpaulin, a manhole's cover, a barrier."""

import cv2
import numpy as np
from numpy.typing import NDArray

from road.draw import SIZE, Change, as_bytes, filled, rough_of, some_place  # one drawing kit in two files
from road.paste import Canvas, Mask, Points, Rng, ragged

Colour = NDArray[np.float64]


def thing(ground: Canvas, rng: Rng, *, flat: float) -> Change:
    """Draw one thing, or a few cones."""
    after, where = ground.copy(), np.zeros((SIZE, SIZE), np.float32)
    draw = _SORTS[rng.choice(len(_SORTS), p=_OFTEN)]
    count = int(rng.integers(1, 5)) if draw in (_cone, _debris) else 1
    size = rng.uniform(18, 46) / (1 + 0.25 * (count - 1))
    for _ in range(count):
        at = some_place(rng) + (rng.normal(0, 22, 2) * [1, flat] if count > 1 else 0)
        if rng.random() < 0.6:
            _below(after, at, size, flat, rng)
        draw(after, where, at, size, flat, rng)
    return ground, after, where


def _below(canvas: Canvas, at: Points, size: float, flat: float, rng: Rng) -> None:
    """Lay a shadow beside what will stand there."""
    to = at + np.array([rng.normal(0, 0.6), rng.uniform(0.1, 0.6) * flat]) * size
    cast = filled(ragged(rng, 0.05) * [size * 0.8, size * flat * 0.6] + to, soft=rng.uniform(0.8, 4))
    canvas[:] = as_bytes(canvas * (1 - rng.uniform(0.2, 0.6) * cast[:, :, None]))


def _cone(canvas: Canvas, where: Mask, at: Points, size: float, flat: float, rng: Rng) -> None:
    tall, wide = size * 1.5, size * 0.8
    colour = np.array([20, 90, 235]) * rng.uniform(0.6, 1.1)
    foot = np.array([(-0.5, 0), (0, -0.35 * flat), (0.5, 0), (0, 0.35 * flat)]) * wide * 1.2 + at + [0, tall / 2]
    _face(canvas, where, foot, colour * rng.choice([0.25, 0.9]))
    body = np.array([(-0.38, 0.5), (-0.06, -0.5), (0.06, -0.5), (0.38, 0.5)]) * [wide, tall] + at
    _face(canvas, where, body, colour)
    for low, high in ((0.1, 0.28), (0.5, 0.66)):
        left, right = body[0] + (body[1] - body[0]) * [[low], [high]], body[3] + (body[2] - body[3]) * [[low], [high]]
        _face(canvas, where, np.array([left[0], left[1], right[1], right[0]]), np.full(3, rng.uniform(170, 250)))


def _box(canvas: Canvas, where: Mask, at: Points, size: float, flat: float, rng: Rng) -> None:
    """Draw a crate, a carton, a piece of furniture."""
    colour = (np.array([[90, 140, 185], [60, 60, 60], [180, 180, 180], [120, 70, 40], [40, 60, 170]])[rng.integers(5)]
              + rng.normal(0, 15, 3))  # fmt: skip
    turn, tall = rng.uniform(0, np.pi / 2), size * rng.uniform(0.3, 1.3)
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * [size * rng.uniform(0.6, 1), size * 0.6]
    turned = square @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * [1, flat]
    low, high = turned + at + [0, tall / 2], turned + at - [0, tall / 2]
    order = np.argsort(-low[:, 1])[:2]
    for corner in range(4):
        other = (corner + 1) % 4
        if corner in order or other in order:
            side = np.array([low[corner], low[other], high[other], high[corner]])
            _face(canvas, where, side, colour * rng.uniform(0.5, 0.95))
    _face(canvas, where, high, colour * rng.uniform(0.9, 1.25))


def _tarpaulin(canvas: Canvas, where: Mask, at: Points, size: float, flat: float, rng: Rng) -> None:
    """Draw a cloth with folds."""
    colour = np.array([[170, 90, 30], [60, 140, 50], [30, 110, 220], [30, 30, 30], [150, 150, 150], [225, 225, 225],
                       [40, 40, 190], [62, 60, 58]])[rng.integers(8)] * rng.uniform(0.6, 1.15)  # fmt: skip
    if rng.random() < 0.7:
        ring = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * [1, rng.uniform(0.5, 1)] + rng.normal(0, 0.15, (4, 2))
        corners = np.concatenate([np.linspace(ring[n], ring[(n + 1) % 4], 9, endpoint=False) for n in range(4)])
        turn = rng.uniform(0, np.pi)
        corners = (corners + rng.normal(0, rng.uniform(0, 0.06), corners.shape)) @ np.array(
            [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
        )
    else:
        corners = ragged(rng, 0.12)
    outline = corners * [size, max(flat, 0.3) * size] + at
    mask = filled(outline, soft=0.6)
    angle = rng.uniform(0, np.pi)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    folds = np.sin((np.cos(angle) * rows + np.sin(angle) * columns) / rng.uniform(2, 8) + rough_of(rng, 1.0)[:, :, 0])
    if rng.random() < 0.6:  # crumpled: light on what rises and falls
        hills = cv2.GaussianBlur(rough_of(rng, 1.0)[:, :, 0], (0, 0), rng.uniform(1.5, 5))
        folds = np.gradient(hills, axis=int(rng.integers(2)))
        folds = (folds / max(1e-6, float(folds.std()))).clip(-2.5, 2.5)
    cloth = colour * (1 + rng.uniform(0.02, 0.3) * folds[:, :, None]) + rough_of(rng, rng.uniform(1, 14))
    canvas[:] = as_bytes(canvas * (1 - mask[:, :, None]) + cloth * mask[:, :, None])
    np.maximum(where, mask, out=where)


def _cover(canvas: Canvas, where: Mask, at: Points, size: float, flat: float, rng: Rng) -> None:
    """Draw a manhole's cover, a plate or a mat of steel."""
    tone = np.full(3, rng.uniform(40, 170)) * rng.normal(1, 0.05, 3)
    rim = ragged(rng, 0.0) if rng.random() < 0.6 else np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.9
    axes = np.array([size, max(flat, 0.25) * size])
    for offset, share, shade in ((0.06, 1.0, 0.5), (0.0, 1.0, 1.0), (0.0, 0.86, 0.85), (0.0, 0.8, 1.05)):
        _face(canvas, where, rim * axes * share + at + [0, offset * size], tone * shade)
    for line in np.linspace(-0.6, 0.6, int(rng.integers(3, 7))):
        ends = np.array([(-0.6, line), (0.6, line + 0.03), (0.6, line + 0.07), (-0.6, line + 0.05)])
        _face(canvas, where, ends * axes + at, tone * rng.uniform(0.6, 0.9))


def _barrier(canvas: Canvas, where: Mask, at: Points, size: float, _: float, rng: Rng) -> None:
    """Draw a red and white board on two feet."""
    wide, tall = size * 1.3, size * rng.uniform(0.35, 0.6)
    lean = rng.normal(0, 0.15) * wide
    for side in (-0.8, 0.8):
        foot = at + np.array([side * wide, lean * side + tall])
        _face(
            canvas,
            where,
            foot + np.array([(-2, -tall), (2, -tall), (2, tall * 0.6), (-2, tall * 0.6)]),
            np.full(3, 70.0),
        )
    parts = int(rng.integers(4, 9))
    colours = [np.array([40, 40, 200.0]), np.array([225, 225, 225.0])]
    for part in range(parts):
        left, right = (-1 + 2 * part / parts), (-1 + 2 * (part + 1) / parts)
        board = np.array([(left, -0.5), (right, -0.5), (right, 0.5), (left, 0.5)]) * [wide, tall]
        board[:, 1] += lean * board[:, 0] / wide
        _face(canvas, where, board + at, colours[part % 2] * rng.uniform(0.8, 1.05))


def _debris(canvas: Canvas, where: Mask, at: Points, size: float, flat: float, rng: Rng) -> None:
    """Draw a bag, a tyre, a heap of sand, a branch."""
    sort, colour = rng.random(), (rng.uniform(15, 230) + rng.normal(0, 25, 3)).clip(5, 250)
    if sort < 0.35:
        _face(canvas, where, ragged(rng, 0.12) * size * [0.7, 0.55] + at, colour)
        _face(canvas, where, ragged(rng, 0.12) * size * [0.4, 0.25] + at - [size * 0.1, size * 0.2], colour * 1.25)
    elif sort < 0.55:
        axes = np.array([size * 0.7, size * 0.7 * max(flat, 0.3)])
        _face(canvas, where, ragged(rng, 0.0) * axes + at, np.full(3, rng.uniform(15, 45)))
        inner = ragged(rng, 0.0) * axes * 0.5 + at
        _face(canvas, where, inner, np.full(3, rng.uniform(60, 140)))
    elif sort < 0.8:
        heap = filled(ragged(rng, 0.15) * size * [1.0, max(flat, 0.4)] + at, soft=1.5)
        sand = np.array([110, 150, 175]) * rng.uniform(0.5, 1.2)
        top = np.linspace(1.25, 0.7, SIZE)[:, None, None] ** rng.uniform(0.3, 1.5)
        laid = canvas * (1 - heap[:, :, None]) + (sand * top + rough_of(rng, rng.uniform(4, 16))) * heap[:, :, None]
        canvas[:] = as_bytes(laid)
        np.maximum(where, heap, out=where)
    else:
        for _ in range(int(rng.integers(3, 9))):
            ends = (at + rng.normal(0, size * 0.6, (2, 2)) * [1, max(flat, 0.4)]).astype(int).tolist()
            tone = tuple(float(v) for v in np.array([40, 70, 70]) * rng.uniform(0.4, 1.8))
            for target, value in ((canvas, tone), (where, 1.0)):
                cv2.line(target, ends[0], ends[1], value, int(rng.integers(1, 5)), cv2.LINE_AA)


_SORTS = (_cone, _box, _tarpaulin, _cover, _barrier, _debris)
_OFTEN = (0.2, 0.18, 0.24, 0.12, 0.08, 0.18)


def _face(canvas: Canvas, where: Mask, points: Points, colour: Colour) -> None:
    fixed = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], tuple(map(float, np.clip(colour, 0, 255))), cv2.LINE_AA, 4)
    cv2.fillPoly(where, [fixed], 1.0, cv2.LINE_8, 4)

"""Draw what changes a road: holes, puddles, shadows, people and things, each with the picture before it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from road.paste import Canvas, Mask, Points, Rng, ragged

SIZE = 160  # px of a canvas
Change = tuple[Canvas, Canvas, Mask]  # before, after, where (0 to 1)
Colour = NDArray[np.float64]


def hole(ground: Canvas, rng: Rng, *, flat: float) -> Change:
    """Draw a collapse: a dark or earthen inside, its far wall lit, a broken rim, rubble, cracks."""
    middle, axes = some_place(rng), _axes(rng, flat)
    outline = ragged(rng, rng.uniform(0.05, 0.3)) * axes + middle
    where = filled(outline, soft=rng.uniform(0.4, 1.2))
    tone = ground.reshape(-1, 3).mean(axis=0)
    dark = tone * rng.uniform(0.08, 0.6) * rng.choice([[1.0, 1.0, 1.0], [0.7, 0.88, 1.05]], p=[0.5, 0.5])
    inside = np.full(ground.shape, dark) + rough_of(rng, rng.uniform(2, 0.25 * tone.mean() + 3))
    wall = filled(outline + axes * np.array([rng.normal(0, 0.12), rng.uniform(0.15, 0.8)]), soft=1.0)
    lit = (tone * rng.uniform(0.4, 1.1) + rough_of(rng, rng.uniform(4, 22))) * np.array([0.82, 0.93, 1.0])
    inside = inside * wall[:, :, None] + lit * (1 - wall[:, :, None])
    if rng.random() < 0.2:  # water stands at its bottom
        pool = filled(outline * 0.6 + (middle + axes * np.array([0, 0.25])) * 0.4, soft=1.0)[:, :, None]
        inside = inside * (1 - pool) + rng.uniform(30, 190) * pool
    canvas = ground.astype(np.float64)
    if rng.random() < 0.6:
        rim = (filled((outline - middle) * rng.uniform(1.05, 1.25) + middle, soft=1.5) - where).clip(0, 1)[:, :, None]
        canvas = canvas * (1 - rim) + (canvas * rng.uniform(0.6, 1.35) + rough_of(rng, 12)) * rim
    if rng.random() < 0.5:
        _cracks(canvas, middle, axes, rng)
    after = canvas * (1 - where[:, :, None]) + inside * where[:, :, None]
    if rng.random() < 0.5:
        _rubble(after, middle, axes, rng)
    return ground, as_bytes(after), where


def water(ground: Canvas, rng: Rng, *, flat: float) -> Change:
    """Draw a puddle or a wet place: smooth, darker, with the sky or what stands behind it in it."""
    middle, axes = some_place(rng), _axes(rng, flat) * rng.uniform(0.9, 1.5)
    outlines = [ragged(rng, rng.uniform(0.02, 0.16)) * axes + middle]
    outlines += [
        ragged(rng, 0.1) * axes * rng.uniform(0.3, 0.8) + middle + rng.normal(0, 0.5, 2) * axes
        for _ in range(int(rng.integers(0, 3)))
    ]
    where = np.max([filled(one, soft=rng.uniform(0.5, 3.5)) for one in outlines], axis=0)
    smooth = cv2.GaussianBlur(ground, (0, 0), rng.uniform(0.8, 4)).astype(np.float64) * rng.uniform(0.3, 0.8)
    rows = np.linspace(0, 1, SIZE)[:, None, None]
    sky = rng.uniform(70, 250) * np.array([1.05, 1.0, 0.95]) * rng.normal(1, 0.04, 3)
    muddy = rng.random() < 0.25
    if muddy:
        sky = np.array([80.0, 105.0, 125.0]) * rng.uniform(0.5, 1.5) * rng.normal(1, 0.06, 3)
    share = rng.uniform(0.6 if muddy else 0.25, 0.95) * (1 - rng.uniform(0, 0.6) * np.abs(rows - rng.uniform(0.2, 0.8)))
    mirror = cv2.GaussianBlur(cv2.flip(ground, 0), (0, 0), rng.uniform(1, 5)).astype(np.float64)
    seen = sky * (1 - (part := rng.uniform(0, 0.6))) + mirror * part
    inside = smooth * (1 - share) + seen * share
    if rng.random() < 0.3:  # ripples, or wind
        inside = inside * (1 + rough_of(rng, 0.08, tall=0.35))
    after = ground.astype(np.float64)
    if rng.random() < 0.5:  # what is wet round it
        halo = np.max([filled((one - middle) * rng.uniform(1.05, 1.4) + middle, soft=2.5) for one in outlines], axis=0)
        after = after * (1 - halo[:, :, None] * rng.uniform(0.1, 0.45))
    return ground, as_bytes(after * (1 - where[:, :, None]) + inside * where[:, :, None]), where


def shadow(ground: Canvas, rng: Rng, *, flat: float) -> Change:
    """Draw a shadow that came or went: the road in it is the same road, darker and a little bluer."""
    sort = rng.random()
    if sort < 0.25:  # of a house
        angle = rng.uniform(0, 2 * np.pi)
        rows, columns = np.mgrid[0:SIZE, 0:SIZE] - SIZE / 2 + rng.normal(0, 15)
        where = ((np.cos(angle) * rows + np.sin(angle) * columns) > 0).astype(np.float32)
        where[(np.cos(angle) * rows + np.sin(angle) * columns) > rng.uniform(15, 90)] = 0
    elif sort < 0.45:  # of a crown
        cells = rng.random((int(rng.integers(3, 10)), int(rng.integers(3, 10)))).astype(np.float32)
        where = (cv2.resize(cells, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) > 0.5).astype(np.float32)
        where *= filled(ragged(rng, 0.2) * _axes(rng, flat) * 1.2 + some_place(rng), soft=2.0)
    elif sort < 0.6:  # of a pole or a wire
        ends = rng.uniform(0, SIZE, (2, 2)).astype(int)
        where = np.zeros((SIZE, SIZE), np.float32)
        cv2.line(where, ends[0].tolist(), ends[1].tolist(), 1.0, int(rng.integers(2, 14)), cv2.LINE_AA)
    elif sort < 0.8:  # of a vehicle or a person
        points = ragged(rng, 0.0)[:: int(rng.integers(5, 11))] * _axes(rng, flat) * rng.uniform(0.8, 1.5)
        points[:, 0] += points[:, 1] * rng.normal(0, 0.8)
        where = filled(points + some_place(rng), soft=0.5)
    else:
        where = filled(ragged(rng, rng.uniform(0, 0.2)) * _axes(rng, flat) + some_place(rng), soft=0.5)
    where = cv2.GaussianBlur(where, (0, 0), rng.uniform(0.5, 7)).astype(np.float32)
    dark = rng.uniform(0.25, 0.85) * np.array([1.0 + rng.uniform(0, 0.12), 1.0, 1.0 - rng.uniform(0, 0.1)])
    after = as_bytes(ground * (1 - (1 - dark) * where[:, :, None]))
    return (after, ground, where) if rng.random() < 0.25 else (ground, after, where)


def person(ground: Canvas, rng: Rng, *, flat: float) -> Change:
    """Draw people who stand or walk."""
    after, where = ground.copy(), np.zeros((SIZE, SIZE), np.float32)
    tall = rng.uniform(30, 75)
    for _ in range(int(rng.choice([1, 1, 1, 2, 3, 5]))):
        foot = some_place(rng) + np.array([rng.normal(0, 14), tall * 0.5 + rng.normal(0, 6)])
        body = np.zeros((SIZE, SIZE), np.float32)
        _figure(after, body, foot, tall * rng.uniform(0.85, 1.1), rng)
        if rng.random() < 0.6:
            lean = np.array([[1, rng.normal(0, 1.2), 0], [0, -rng.uniform(0.1, 0.7) * max(flat, 0.4), 0]])
            lean[:, 2] = foot - lean[:, :2] @ foot
            cast = cv2.GaussianBlur(cv2.warpAffine(body, lean, (SIZE, SIZE)), (0, 0), 1.2) * (1 - body)
            after = as_bytes(after * (1 - rng.uniform(0.3, 0.6) * cast[:, :, None]))
        where = np.maximum(where, body)
    return ground, after, where


def _figure(canvas: Canvas, body: Mask, foot: Points, tall: float, rng: Rng) -> None:
    """Draw a person of ``tall`` px on a canvas and its mask."""
    turn, wide = rng.normal(0, 0.06), tall * rng.uniform(0.16, 0.26)
    trousers, coat, skin = _dress(rng), _dress(rng), np.array([120, 150, 190]) * rng.uniform(0.3, 1.1)
    stride = rng.uniform(0, 0.22) * tall
    for side in (-1, 1):
        hip = (foot[0] + side * wide * 0.2, foot[1] - tall * 0.48)
        _stroke(canvas, body, hip, (foot[0] + side * stride / 2, foot[1]), wide * 0.42, trousers)
    shoulder = foot + tall * np.array([turn, -0.82])
    _stroke(canvas, body, (foot[0], foot[1] - tall * 0.46), tuple(shoulder), wide, coat)
    for side in (-1, 1):
        hand = shoulder + np.array([side * wide * rng.uniform(0.5, 1.0), tall * rng.uniform(0.25, 0.4)])
        _stroke(canvas, body, tuple(shoulder + np.array([side * wide * 0.4, 0])), tuple(hand), wide * 0.3, coat * 0.9)
    head = shoulder - np.array([0, tall * 0.1])
    hair = skin if rng.random() < 0.4 else np.full(3, rng.uniform(10, 60))
    _stroke(canvas, body, tuple(head), tuple(head), wide * 0.62, hair)


def _dress(rng: Rng) -> Colour:
    if rng.random() < 0.15:  # what road gangs wear
        return np.array([[30, 230, 230], [20, 120, 250]][rng.integers(2)], float)
    grey = rng.uniform(10, 220)
    return (grey + rng.normal(0, 45, 3)).clip(5, 250)


def _stroke(
    canvas: Canvas, body: Mask, a: tuple[float, ...], b: tuple[float, ...], wide: float, colour: Colour
) -> None:
    ends = [tuple(round(float(v) * 8) for v in end) for end in (a, b)]
    thick = max(1, round(wide))
    cv2.line(canvas, ends[0], ends[1], tuple(map(float, colour)), thick, cv2.LINE_AA, 3)
    cv2.line(body, ends[0], ends[1], 1.0, thick, cv2.LINE_8, 3)


def light(ground: Canvas, rng: Rng, *, flat: float) -> Change:
    """Draw what light and weather do to a road that is sound: headlights, a lamp, snow, drizzle, dirt in the air."""
    sort, canvas = rng.random(), ground.astype(np.float64)
    where = filled(ragged(rng, rng.uniform(0, 0.2)) * _axes(rng, flat) + some_place(rng), soft=1.0)
    if sort < 0.35:  # a cone of light, or its spot on the road
        spot = cv2.GaussianBlur(where, (0, 0), rng.uniform(2, 14))[:, :, None]
        canvas = canvas * (1 + spot * rng.uniform(0.3, 2.5)) + spot * rng.uniform(0, 90) * np.array([0.85, 0.97, 1.0])
    elif sort < 0.65:  # snow
        cells = rng.random((int(rng.integers(4, 60)), int(rng.integers(4, 60)))).astype(np.float32)
        cover = (cv2.resize(cells, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) - rng.uniform(0.2, 0.8)) * 4
        cover = cv2.GaussianBlur(cover.clip(0, 1), (0, 0), rng.uniform(0.5, 3))[:, :, None] * rng.uniform(0.4, 1)
        canvas = canvas * (1 - cover) + (rng.uniform(170, 245) + rough_of(rng, 5)) * cover
        if rng.random() < 0.5:
            where = np.ones((SIZE, SIZE), np.float32) * (cover[:, :, 0] > 0.3)
    elif sort < 0.8:  # drops
        drops = cv2.GaussianBlur((rng.random((SIZE, SIZE)) < 0.004).astype(np.float32), (0, 0), 1.2)
        canvas += drops[:, :, None] * rng.uniform(100, 900)
    return ground, as_bytes(canvas), where


def _cracks(canvas: NDArray[np.float64], middle: Points, axes: Points, rng: Rng) -> None:
    for _ in range(int(rng.integers(2, 9))):
        angle = rng.uniform(0, 2 * np.pi)
        at = middle + np.array([np.cos(angle), np.sin(angle)]) * axes * 0.9
        for _ in range(int(rng.integers(2, 6))):
            angle += rng.normal(0, 0.5)
            to = at + np.array([np.cos(angle), np.sin(angle)]) * axes * rng.uniform(0.15, 0.5)
            tone = float(canvas.mean()) * rng.uniform(0.2, 0.6)
            cv2.line(canvas, at.astype(int).tolist(), to.astype(int).tolist(), (tone, tone, tone), 1, cv2.LINE_AA)
            at = to


def _rubble(canvas: NDArray[np.float64], middle: Points, axes: Points, rng: Rng) -> None:
    tone = float(canvas.mean())
    for _ in range(int(rng.integers(3, 25))):
        angle, far = rng.uniform(0, 2 * np.pi), rng.normal(1.0, 0.25)
        at = middle + np.array([np.cos(angle), np.sin(angle)]) * axes * far
        grey = tone * rng.uniform(0.4, 1.4)
        cv2.circle(canvas, at.astype(int).tolist(), int(rng.integers(1, 4)), (grey * 0.9, grey, grey), -1, cv2.LINE_AA)


def some_place(rng: Rng) -> Points:
    """Return a point near the middle."""
    return rng.normal(SIZE / 2, 6, 2)


def _axes(rng: Rng, flat: float) -> Points:
    """Return half the width and height of what lies on the ground."""
    long = rng.uniform(20, 40)
    return np.array([long, max(8.0, long * flat * rng.uniform(0.7, 1.2))])


def filled(outline: Points, *, soft: float) -> Mask:
    """Return an outline's inside, its edge so many pixels soft."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    return cv2.GaussianBlur(mask, (0, 0), max(0.3, soft)).astype(np.float32)


def rough_of(rng: Rng, strength: float, *, tall: float = 1.0) -> NDArray[np.float64]:
    """Return grey noise of several grains, (SIZE, SIZE, 1)."""
    total = np.zeros((SIZE, SIZE))
    for grain in (2, 5, 14):
        cells = rng.normal(0, 1, (max(2, int(SIZE / grain / tall)), SIZE // grain))
        total += cv2.resize(cells, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    noise: NDArray[np.float64] = total[:, :, None] * strength / 1.7
    return noise


def as_bytes(canvas: NDArray[np.generic]) -> Canvas:
    """Return a canvas whose light is cut off at black and white."""
    return np.asarray(canvas, np.float64).clip(0, 255).astype(np.uint8)

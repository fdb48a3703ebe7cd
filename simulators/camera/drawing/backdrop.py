"""What stands still in a camera's picture: asphalt with its lines and spots, a pavement, a front of houses, the sky."""

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.scene.lens import Array, Lens
from simulators.camera.scene.scene import Scene

Image = NDArray[np.uint8]
FAR_M = 120.0
_GROUND = 20.0  # px/m
_FRONT = 16.0  # px/m
_FRONT_M = 14.0  # height of the houses
_FINE = 2  # so much finer is the picture computed: lines that are narrower than a pixel
_SKY = (228, 222, 214)


def backdrop(scene: Scene, lens: Lens) -> Image:
    """Return the picture of the empty place in flat light."""
    rng = np.random.default_rng([scene.seed, 77])
    ground, front = _ground(scene, rng), _front(scene, rng)
    fine = lens.scaled(_FINE)
    on_ground, on_front, maps = _maps(scene, fine)
    picture = np.full((fine.height, fine.width, 3), _SKY, np.uint8)
    for texture, where, (u, v) in ((ground, on_ground, maps[0]), (front, on_front, maps[1])):
        seen = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        picture[where] = seen[where]
    small: Image = cv2.resize(picture, (lens.width, lens.height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return small


def ground_places(lens: Lens) -> tuple[Array, Array]:
    """Return x and y on the ground of each pixel; far away where it is above the horizon."""
    cx, cy = lens.middle
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width]
    rays = np.stack([(columns - cx) / lens.focal_px, (rows - cy) / lens.focal_px, np.ones_like(rows)], -1) @ lens.axes
    reach = np.where(rays[..., 2] < -1e-6, lens.at[2] / np.maximum(-rays[..., 2], 1e-6), 1e4)
    return lens.at[0] + rays[..., 0] * reach, lens.at[1] + rays[..., 1] * reach


def _maps(
    scene: Scene, lens: Lens
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], list[tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    """Return which pixels show ground and front, and where in the textures they look."""
    x, y = ground_places(lens)
    cx, cy = lens.middle
    rows, columns = np.mgrid[0 : lens.height, 0 : lens.width]
    rays = np.stack([(columns - cx) / lens.focal_px, (rows - cy) / lens.focal_px, np.ones_like(rows)], -1) @ lens.axes
    reach = (scene.front_y - lens.at[1]) / np.maximum(rays[..., 1], 1e-6)
    front_x, front_z = lens.at[0] + rays[..., 0] * reach, lens.at[2] + rays[..., 2] * reach
    on_front = (rays[..., 1] > 1e-6) & (front_z >= 0) & (front_z < _FRONT_M)
    on_ground = (rays[..., 2] < -1e-6) & (y < scene.front_y)
    x0, y0, _, _ = scene.bounds
    ground = ((x - x0) * _GROUND).astype(np.float32), ((y - y0) * _GROUND).astype(np.float32)
    front = ((front_x - x0) * _FRONT).astype(np.float32), ((_FRONT_M - front_z) * _FRONT).astype(np.float32)
    return on_ground, on_front, [ground, front]


def _rough(shape: tuple[int, int], rng: np.random.Generator, *, cells: int, strength: float) -> NDArray[np.float32]:
    """Return soft noise whose spots are ``cells`` pixels wide."""
    small = rng.normal(0, strength, (max(2, shape[0] // cells), max(2, shape[1] // cells))).astype(np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _ground(scene: Scene, rng: np.random.Generator) -> Image:
    x0, y0, x1, y1 = scene.bounds
    shape = round((y1 - y0) * _GROUND), round((x1 - x0) * _GROUND)
    tone = np.full(shape, float(rng.uniform(92, 122)), np.float32)
    for cells, strength in ((1, 7.0), (4, 4.0), (30, 5.0), (160, 6.0)):
        tone += _rough(shape, rng, cells=cells, strength=strength)
    ground = np.repeat(tone[..., None], 3, axis=2)
    _spots(ground, rng)
    for (ax, ay), (bx, by) in scene.markings:
        ends = [(round((x - x0) * _GROUND), round((y - y0) * _GROUND)) for x, y in ((ax, ay), (bx, by))]
        cv2.line(ground, ends[0], ends[1], (196.0, 202.0, 202.0), 3, cv2.LINE_AA)
    kerb = round((scene.kerb_y - y0) * _GROUND)
    _pave(ground[kerb:], rng)
    cv2.rectangle(ground, (0, kerb), (shape[1], kerb + 4), (182.0, 184.0, 184.0), -1)
    return np.clip(ground, 0, 255).astype(np.uint8)


def _spots(ground: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Add oil, patches and cracks."""
    rows, columns = ground.shape[:2]
    for _ in range(rows * columns // 9_000):
        at = int(rng.integers(columns)), int(rng.integers(rows))
        axes = int(rng.integers(2, 14)), int(rng.integers(2, 10))
        tone = float(rng.uniform(62, 128))
        cv2.ellipse(ground, at, axes, float(rng.uniform(0, 180)), 0, 360, (tone, tone, tone), -1, cv2.LINE_AA)
    for _ in range(rows * columns // 20_000):
        steps = np.cumsum(rng.normal(0, 9, (12, 2)), axis=0) + rng.uniform(0, (columns, rows))
        cv2.polylines(ground, [steps.astype(np.int32)], False, (70.0, 70.0, 72.0), 1, cv2.LINE_AA)


def _pave(pavement: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Lay slabs."""
    pavement += 28 + _rough(pavement.shape[:2], rng, cells=10, strength=6.0)[..., None]
    pavement[:: round(_GROUND * 0.6)] -= 26
    pavement[:, :: round(_GROUND * 0.6)] -= 26


def _front(scene: Scene, rng: np.random.Generator) -> Image:
    """Return houses with windows and doors, and trees before them."""
    x0, _, x1, _ = scene.bounds
    rows, columns = round(_FRONT_M * _FRONT), round((x1 - x0) * _FRONT)
    front = np.zeros((rows, columns, 3), np.float32)
    left = 0
    while left < columns:
        right = min(columns, left + round(float(rng.uniform(8, 18)) * _FRONT))
        _house(front[:, left:right], rng)
        left = right
    for _ in range(columns // round(7 * _FRONT)):
        _tree(front, int(rng.integers(columns)), rng)
    front += _rough((rows, columns), rng, cells=1, strength=5.0)[..., None]
    return np.clip(front, 0, 255).astype(np.uint8)


def _house(wall: NDArray[np.float32], rng: np.random.Generator) -> None:
    wall[:] = rng.uniform(95, 190) + rng.normal(0, 12, 3)
    rows, columns = wall.shape[:2]
    for top in range(round(0.8 * _FRONT), rows - round(1.5 * _FRONT), round(2.9 * _FRONT)):
        for left in range(round(0.7 * _FRONT), columns - round(1.5 * _FRONT), round(2.1 * _FRONT)):
            glass = float(rng.uniform(35, 95))
            corner = left + round(1.2 * _FRONT), top + round(1.5 * _FRONT)
            cv2.rectangle(wall, (left, top), corner, (glass + 14, glass + 6, glass), -1)
            cv2.rectangle(wall, (left, top), corner, (210.0, 212.0, 212.0), 1)


def _tree(front: NDArray[np.float32], x: int, rng: np.random.Generator) -> None:
    rows = front.shape[0]
    cv2.rectangle(front, (x - 2, rows - round(3 * _FRONT)), (x + 2, rows), (40.0, 52.0, 62.0), -1)
    for _ in range(60):
        at = x + round(float(rng.normal(0, 1.0)) * _FRONT), rows - round(float(rng.uniform(2.4, 5.8)) * _FRONT)
        tone = float(rng.uniform(0.5, 1.3))
        colour = (38 * tone, 82 * tone, 52 * tone)
        cv2.circle(front, at, int(rng.integers(3, 9)), colour, -1, cv2.LINE_AA)

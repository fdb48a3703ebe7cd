"""A road over photographs of a real car park (PKLot, camera UFPR05): its aisles, with a lens fitted to its spaces."""

import math
import os
import random
from pathlib import Path

import cv2
import msgspec
import numpy as np

from simulators.camera.drawing.backdrop import Image
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Point, Scene, Spot, Surface, Track
from simulators.camera.scene.vehicles import draw_vehicle

DATA = "CITYNERVE_DATA"  # environment: where real photographs are; else DEFAULT, from where we run
DEFAULT = Path("..") / "shared" / "data"
_FRAMES = Path("images") / "pklot_ufpr05"
_SIZE = 1280, 720
_PIECE = 640, 360
_FOCAL, _HEIGHT, _PITCH = 930.0, 27.7, 51.5  # px, m, degrees: fitted to 40 spaces of 2.5 × 5 m


class View(msgspec.Struct, frozen=True):
    """A piece of the photographs that a camera of ours shows; pixels count in the whole photograph."""

    corner: tuple[int, int]
    outline: tuple[Point, ...]  # of the aisle
    spots: tuple[Point, ...]
    way: tuple[Point, Point]  # of the traffic
    stems: tuple[str, ...]  # photographs on which it is empty


_MIDDLE = ((740.0, 160.0), (1130.0, 560.0))
_EMPTY = ("2013-03-09_07_45_02", "2013-03-09_08_05_02", "2013-02-22_06_25_00", "2013-02-22_06_55_00")
VIEWS = (
    View(
        (600, 230),
        ((680, 250), (890, 250), (1020, 340), (1110, 440), (1155, 585), (1010, 585), (1000, 470), (860, 415)),
        ((815, 306), (850, 330), (890, 345), (845, 355), (905, 370)),
        _MIDDLE,
        _EMPTY,
    ),
    View(
        (480, 60),
        ((610, 125), (710, 125), (870, 230), (1020, 340), (1060, 400), (890, 414), (740, 330), (680, 225)),
        ((815, 306), (850, 330), (890, 345), (845, 355), (905, 370)),
        _MIDDLE,
        _EMPTY,
    ),
    View(
        (120, 330),
        ((340, 430), (430, 380), (560, 500), (640, 640), (600, 680), (360, 670), (320, 580)),
        ((420, 490), (450, 530), (400, 560), (480, 590), (440, 620)),
        ((360, 330), (560, 760)),
        _EMPTY,
    ),
)  # fmt: skip
TRAFFIC_S = 25.0  # between two vehicles, on average
_LEAST = 0.32  # of that, at the least
_WHOLE = Lens(*_SIZE, _FOCAL, (0.0, 0.0, _HEIGHT), 0.0, _PITCH)


def photographs_folder() -> Path:
    """Return where the photographs lie, or would."""
    return Path(os.environ.get(DATA) or DEFAULT) / _FRAMES


def have_photographs(folder: Path) -> bool:
    """Return whether the photographs are there."""
    return any(_find(stem, folder) is not None for stem in _EMPTY)


def photograph(view: int, *, seed: int, folder: Path) -> Image:
    """Return the piece of a photograph that a view shows; the seed draws the day. Raises ValueError without any."""
    one = VIEWS[view - 1]
    found = [path for stem in one.stems if (path := _find(stem, folder)) is not None]
    whole = cv2.imread(str(random.Random(f"{seed}/day").choice(found))) if found else None
    if whole is None or whole.shape[:2] != (_SIZE[1], _SIZE[0]):
        raise ValueError(f"{folder} holds none of the photographs that are known to be empty")
    left, top = one.corner
    return np.ascontiguousarray(whole[top : top + _PIECE[1], left : left + _PIECE[0]], np.uint8)


def lens_of(view: int) -> Lens:
    """Return the lens of a piece."""
    left, top = VIEWS[view - 1].corner
    shift = _SIZE[0] / 2 - left - _PIECE[0] / 2, _SIZE[1] / 2 - top - _PIECE[1] / 2
    return Lens(*_PIECE, _FOCAL, (0.0, 0.0, _HEIGHT), 0.0, _PITCH, shift)


def aisle(seed: int, *, view: int, duration_s: float = 600.0, traffic_s: float = TRAFFIC_S) -> Scene:
    """Return the road that a view shows, with traffic that is drawn."""
    one = VIEWS[view - 1]
    rng = random.Random(f"{seed}/aisle")
    begin, end = _on_ground(one.way)
    heading = math.atan2(end[1] - begin[1], end[0] - begin[0])
    tracks = []
    t_s = rng.expovariate(1 / traffic_s)  # before the story begins the world stands still: who is there would stay
    while t_s < duration_s:
        took_s = math.dist(begin, end) / rng.uniform(3.5, 6.0)
        spots = Spot(t_s, *begin, heading), Spot(t_s + took_s, *end, heading)
        tracks.append(Track(draw_vehicle(rng), spots))
        t_s += max(_LEAST * traffic_s, rng.expovariate(1 / traffic_s))
    surface = Surface("1", tuple(_on_ground(one.outline)), tuple(_on_ground(one.spots)), heading)
    return Scene("aisle", seed, tracks=tuple(tracks), surfaces=(surface,))


def _find(stem: str, folder: Path) -> Path | None:
    return next(folder.rglob(f"{stem}.png"), None)


def _on_ground(pixels: tuple[Point, ...]) -> list[Point]:
    """Return where on the ground pixels of the whole photograph lie."""
    seen = np.linalg.inv(_WHOLE.ground_matrix()) @ np.column_stack([np.array(pixels), np.ones(len(pixels))]).T
    return [(float(x), float(y)) for x, y in (seen[:2] / seen[2]).T]

"""Make recordings of roads for the evaluation: a quiet real frame, noise, and then a held-back pothole in it."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np

from berth.frames import Labelled
from road.paste import Blend, Canvas, Hole, Light, Outline, Points, Rng, Style, lay, quad_of

M_PER_PX = 0.035
LEAST_M2 = 0.6  # of a hole that is pasted: the judge tells from 0.5 on
WIDE_M = (1.4, 3.4)
QUIET, HOLED = 8, 11  # pictures before, and after: one a second, the last one 10 s after the hole
NOISE = 1.6  # grey levels
QUALITY = 92  # of JPEG
# the aisles of PKLot's camera UFPR05, which are road and where nobody parks
AISLES = (
    ((504, 107), (665, 96), (900, 257), (1200, 622), (1040, 640), (858, 482), (707, 279)),
    ((279, 150), (372, 160), (430, 330), (640, 590), (610, 705), (236, 705), (170, 610), (290, 430)),
)
STYLES = {
    "straight paste, feathered": Style(Outline.ELLIPSE, Blend.ALPHA, Light.RING, 0.15),
    "cut out, light matched": Style(Outline.CUT, Blend.ALPHA, Light.SPREAD, 0.06),
    "whole box, feathered": Style(Outline.BOX, Blend.ALPHA, Light.MEAN, 0.2),
    "Poisson": Style(Outline.RAGGED, Blend.NORMAL, Light.RING, 0.1),
}


class Pasted(msgspec.Struct, frozen=True):
    """A quiet frame and the same with a hole."""

    name: str  # of the photograph
    style: str
    ground: Canvas
    holed: Canvas
    box: tuple[int, int, int, int]


def pasted(holes: list[Hole], grounds: list[Canvas], rng: Rng, *, styles: tuple[str, ...] = ()) -> Iterator[Pasted]:
    """Yield each hole in each style, on some ground, in perspective."""
    for hole in holes:
        for style in styles or tuple(STYLES):
            ground = grounds[rng.integers(len(grounds))]
            quad = _quad(hole, ground, rng)
            holed, where = lay(ground, hole, quad, STYLES[style], rng)
            x, y, w, h = cv2.boundingRect((where > 0.3).astype(np.uint8))
            yield Pasted(hole.name, style, ground, holed, (x, y, x + w, y + h))


def write_story(folder: Path, one: Pasted, rng: Rng) -> None:
    """Write the pictures of a recording: quiet ones, then those with the hole."""
    for number in range(QUIET + HOLED):
        write_picture(folder / f"{number:04d}.jpg", one.holed if number >= QUIET else one.ground, rng)


def write_picture(path: Path, picture: Canvas, rng: Rng) -> None:
    """Write one picture as a camera gives it: noise, a little flicker, JPEG."""
    noisy = picture * rng.normal(1, 0.006) + rng.normal(0, NOISE, picture.shape)
    cv2.imwrite(str(path), noisy.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def zones_of(shape: tuple[int, ...]) -> bytes:
    """Return the zones' file of a frame of UFPR05's size, or of another camera: all but its far edge."""
    height, width = shape[:2]
    polygons = AISLES if (width, height) == (1280, 720) else (
        ((0, height * 0.35), (width, height * 0.35), (width, height), (0, height)),)  # fmt: skip
    zones = [{"id": str(at), "kind": "road", "polygon": polygon, "m_per_px": M_PER_PX}
             for at, polygon in enumerate(polygons, 1)]  # fmt: skip
    return msgspec.json.encode({"width": width, "height": height, "zones": zones})


def quiet_grounds(frames: list[Labelled]) -> list[Canvas]:
    """Return the frames of UFPR05."""
    pictures = [one.read() for one in frames]
    return [picture for picture in pictures if picture.shape[:2] == (720, 1280)]


def _quad(hole: Hole, ground: Canvas, rng: Rng) -> Points:
    """Return where a hole lies on the road: in an aisle, on grey ground, narrower far away, flat."""
    x0, y0, x1, y1 = hole.box
    while True:
        wide = rng.uniform(*WIDE_M) / M_PER_PX
        high = wide * (y1 - y0) / (x1 - x0) * rng.uniform(0.5, 0.95)
        if wide * high * M_PER_PX**2 * 0.75 < LEAST_M2:
            continue
        aisle = np.array(AISLES[rng.integers(len(AISLES))])
        middle = rng.uniform(aisle.min(axis=0), aisle.max(axis=0))
        inside = cv2.pointPolygonTest(aisle.astype(np.float32), tuple(map(float, middle)), True)
        if inside > 0.35 * max(wide, high) and _is_grey(ground, middle, wide):
            return quad_of(middle, wide, high, rng, bent=0.7)


def _is_grey(ground: Canvas, middle: Points, wide: float) -> bool:
    (x, y), reach = middle.astype(int), round(wide)
    part = ground[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
    return bool(np.quantile(cv2.cvtColor(part, cv2.COLOR_BGR2HSV)[:, :, 1], 0.95) < 90)

"""Photographs of real car parks, with cars that are not there: cut from occupied spaces, pasted into free ones."""

import random
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.camera.drawing.backdrop import Image
from simulators.camera.scene.scene import Point

_SOFT = 0.06  # of a space's width: so wide fades a pasted car into the ground
_LARGER = 1.12  # a car reaches beyond its space's outline
_NOISE = 2.0
_STAY_S = (30.0, 240.0)  # shortest, mean


class Space(msgspec.Struct, frozen=True):
    """A labelled space of a photograph."""

    id: str
    outline: tuple[Point, ...]  # four pixels
    occupied: bool | None  # None: its label is missing


class Photograph(msgspec.Struct, frozen=True):
    """A picture of a car park and its spaces (PKLot: a frame and an XML)."""

    picture: Image
    spaces: tuple[Space, ...]


class Cut(msgspec.Struct, frozen=True):
    """A car with the ground below it, straightened."""

    picture: Image
    width_px: float  # of the space it stood in


def read_photographs(folder: Path) -> list[Photograph]:
    """Return the photographs below ``folder`` that have an XML of the same name. Raises ValueError when none has."""
    labels = {path.stem: path for path in sorted(folder.rglob("*.xml"))}
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg") and path.stem in labels):
        picture = cv2.imread(str(path))
        spaces = tuple(_spaces(labels[path.stem]))
        if picture is not None and spaces:
            found.append(Photograph(np.asarray(picture, np.uint8), spaces))
    if not found:
        raise ValueError(f"{folder} holds no photograph with an XML beside it")
    return found


def _spaces(path: Path) -> Iterator[Space]:
    for number, space in enumerate(ET.parse(path).getroot().iter("space")):
        points = [(float(point.get("x", "0")), float(point.get("y", "0"))) for point in space.iter("point")]
        if len(points) == 4:
            label = space.get("occupied")
            occupied = None if label not in ("0", "1") else label == "1"
            yield Space(space.get("id", str(number)), tuple(points), occupied)


class PhotographRenderer:
    """A photograph in whose free spaces cars come and stay, cut from this and other photographs."""

    def __init__(
        self,
        photographs: Sequence[Photograph],
        *,
        seed: int,
        duration_s: float = 600.0,
        mean_s: float = _STAY_S[1],
        shown: Photograph | None = None,
    ) -> None:
        """``mean_s`` is how long a car stays beyond the shortest stay; ``shown`` one of them, else the emptiest."""
        emptiest = max(photographs, key=lambda one: sum(space.occupied is False for space in one.spaces))
        self.photograph = shown or emptiest
        self._seed = seed
        rng = random.Random(f"{seed}/photographs")
        cuts = [cut for one in photographs for space in one.spaces if space.occupied and (cut := _cut(one, space))]
        if not cuts:
            raise ValueError("no photograph has an occupied space to cut a car from")
        self.stays: dict[str, list[tuple[float, float, Cut]]] = {}
        for space in self.photograph.spaces:
            if space.occupied is False:
                self.stays[space.id] = list(_draw(space, cuts, rng, duration_s=duration_s, mean_s=mean_s))

    def occupied(self, space: str, t_s: float) -> float | None:
        """Return since when a car stands in a space; None: none does."""
        for one in self.photograph.spaces:
            if one.id == space and one.occupied:
                return 0.0
        return next((begin for begin, end, _ in self.stays.get(space, []) if begin <= t_s < end), None)

    def frame(self, t_s: float) -> Image:
        """Return the picture at ``t_s`` after the start."""
        picture = self.photograph.picture.copy()
        for space in sorted(self.photograph.spaces, key=lambda one: max(y for _, y in one.outline)):
            for begin, end, cut in self.stays.get(space.id, []):
                if begin <= t_s < end:
                    _paste(picture, cut, space)
        rng = np.random.default_rng([self._seed, abs(round(t_s * 1000))])
        noise = rng.normal(0, _NOISE, picture.shape).astype(np.int16)
        return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)

    def zones(self) -> dict[str, list[Point]]:
        """Return the outline of every space whose truth is known."""
        return {space.id: list(space.outline) for space in self.photograph.spaces if space.occupied is not None}


def _draw(
    space: Space, cuts: Sequence[Cut], rng: random.Random, *, duration_s: float, mean_s: float
) -> Iterator[tuple[float, float, Cut]]:
    """Yield the stays in a space, each of a car that stood in one of about the same size."""
    width = _width(space.outline)
    fitting = sorted(cuts, key=lambda cut: abs(np.log(cut.width_px / width)))[: max(3, len(cuts) // 4)]
    t_s = rng.uniform(-mean_s, mean_s)
    while t_s < duration_s:
        stays_s = _STAY_S[0] + rng.expovariate(1 / mean_s)
        yield t_s, t_s + stays_s, rng.choice(fitting)
        t_s += stays_s + _STAY_S[0] + rng.expovariate(1 / mean_s)


def _ordered(outline: Sequence[Point]) -> NDArray[np.float32]:
    """Return four corners in turn, the first at the upper left, so that like lies on like."""
    points = np.array(outline, np.float64)
    middle = points.mean(axis=0)
    points = points[np.argsort(np.arctan2(points[:, 1] - middle[1], points[:, 0] - middle[0]))]
    first = int(np.argmin(points.sum(axis=1)))
    return np.asarray(np.roll(points, -first, axis=0), np.float32)


def _width(outline: Sequence[Point]) -> float:
    points = _ordered(outline)
    return float(np.sqrt(abs(cv2.contourArea(points))))


def _grown(outline: Sequence[Point]) -> NDArray[np.float32]:
    points = _ordered(outline)
    middle = points.mean(axis=0)
    return np.asarray((points - middle) * _LARGER + middle, np.float32)


def _cut(photograph: Photograph, space: Space) -> Cut | None:
    side = max(8, round(_width(space.outline) * _LARGER))
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    matrix = cv2.getPerspectiveTransform(_grown(space.outline), square)
    straight = cv2.warpPerspective(photograph.picture, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return Cut(np.asarray(straight, np.uint8), _width(space.outline)) if side >= 16 else None


def _paste(picture: Image, cut: Cut, space: Space) -> None:
    """Paste a car into a space; its edge fades into the ground."""
    side = cut.picture.shape[0]
    target = _grown(space.outline)
    low = np.maximum(np.floor(target.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(target.max(axis=0)).astype(int) + 1, (picture.shape[1], picture.shape[0]))
    if (high - low).min() < 4:
        return
    square = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
    matrix = cv2.getPerspectiveTransform(square, (target - low).astype(np.float32))
    size = int(high[0] - low[0]), int(high[1] - low[1])
    car = cv2.warpPerspective(cut.picture, matrix, size, flags=cv2.INTER_AREA)
    fade = max(1, round(side * _SOFT))
    mask = np.zeros((side, side), np.float32)
    mask[fade : side - fade, fade : side - fade] = 1.0
    soft = cv2.warpPerspective(cv2.blur(mask, (2 * fade + 1, 2 * fade + 1)), matrix, size)[..., None]
    ground = picture[low[1] : high[1], low[0] : high[0]]
    ground[:] = (np.asarray(car) * soft + ground * (1 - soft)).astype(np.uint8)

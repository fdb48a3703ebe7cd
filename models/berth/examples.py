"""Make examples for the berth model: real spaces moved about, cars cut out and put elsewhere, rendered scenes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from berth import weather
from berth.frames import Frame, Labelled, read_crops
from berth.render import SIZE, park, scene
from edge_agent.vision.patches import light, square, to_patch

PATCH, CONTEXT, DIM = 64, 0.2, 0.6  # as models.toml says them
Points = NDArray[np.float64]
Rng = np.random.Generator
MIX = {"real": 0.33, "parked": 0.22, "cutout": 0.12, "rendered": 0.22, "ground": 0.07, "junk": 0.04}
CROPS = "crops"  # the car park of the single-berth crops, named like a camera
WEIGHTS = {CROPS: 0.6, "ufpr04": 0.3}  # against 1: the crops are coarse, of one camera there is one frame
FREE_UP_TO, TAKEN_FROM = 0.16, 0.5  # of a rendered cell: in between it is neither


class Example(msgspec.Struct, frozen=True):
    """A patch and its answer."""

    patch: Frame
    answer: float  # how likely it is occupied; 0.5: nobody can tell
    cameras: frozenset[str]  # whose pictures are in it: what leaves a camera out leaves these out


class Place(msgspec.Struct):
    """A polygon in a picture, and whether a vehicle is in it."""

    camera: str
    frame: Frame
    polygon: Points
    occupied: bool


class Cutout(msgspec.Struct):
    """A car with its mask, and the polygon it stands on."""

    camera: str
    image: Frame
    mask: NDArray[np.float32]
    polygon: Points


class Source:
    """All that examples are made of."""

    def __init__(self, frames: list[Labelled], data: Path, *, rng: Rng) -> None:
        """Read the pictures of labelled frames, and crops and roads under ``data``."""
        pictures = [(one, one.read()) for one in frames]
        places = [
            Place(one.camera, picture, np.array(space.polygon), space.occupied)
            for one, picture in pictures for space in one.spaces if space.occupied is not None
        ]  # fmt: skip
        places += [_crop(picture, occupied) for picture, occupied in read_crops(data)]
        self._places = {occupied: _by_camera(places, occupied) for occupied in (True, False)}
        roads = sorted(data.rglob("potholes/images/*.jpg"))
        chosen = rng.permutation(len(roads))[:160]
        self._roads = [_road(picture) for at in chosen if (picture := cv2.imread(str(roads[at]))) is not None]
        cars = self._places[True].values()
        picked = [pool[at] for pool in cars for at in rng.permutation(len(pool))[:60]]
        self._cutouts = _by_camera([cut_out(place) for place in picked])
        self._used: set[str] = set()

    def example(self, rng: Rng) -> Example | None:
        """Return an example, None when the scene was neither free nor occupied."""
        self._used = set()
        made = self._make(str(rng.choice(list(MIX), p=list(MIX.values()))), rng)
        return None if made is None else Example(*made, cameras=frozenset(self._used))

    def _make(self, sort: str, rng: Rng) -> tuple[Frame, float] | None:
        if sort == "rendered":
            canvas, polygon, taken = scene(self._ground(rng), rng)
            if FREE_UP_TO < taken < TAKEN_FROM:
                return None
            return patch(canvas, polygon, rng, moved=0.03), float(taken >= TAKEN_FROM)
        if sort == "ground":
            return patch(self._ground(rng), _quad(rng), rng, moved=0.0), 0.0
        if sort == "cutout":
            return self._cutout(rng)
        if sort == "parked":
            return self._parked(rng)
        place = self._place(bool(rng.random() < 0.5), rng)
        if sort == "junk":
            return patch(place.frame, place.polygon, rng, moved=0.09, junk=True), 0.5
        return patch(place.frame, place.polygon, rng, moved=0.09), float(place.occupied)

    def _place(self, occupied: bool, rng: Rng) -> Place:
        place: Place = self._pick(self._places[occupied], rng)
        return place

    def _pick(self, pools: dict[str, list[Any]], rng: Rng) -> Any:
        """Return one of some camera, by the cameras' weights rather than by how many pictures each gave."""
        weights = np.array([WEIGHTS.get(camera, 1.0) for camera in pools])
        camera = str(rng.choice(list(pools), p=weights / weights.sum()))
        self._used.add(camera)
        return pools[camera][rng.integers(len(pools[camera]))]

    def _cutout(self, rng: Rng) -> tuple[Frame, float]:
        """Put a car on other ground, or beside the space that is asked for."""
        own = bool(rng.random() < 0.5)
        cutout: Cutout = self._pick(self._cutouts, rng)
        canvas, polygon = cv2.resize(self._ground(rng), cutout.image.shape[1::-1]), cutout.polygon
        spans = np.ptp(polygon, axis=0)
        if not own or rng.random() < 0.5:
            paste(canvas, self._pick(self._cutouts, rng), spans, polygon.mean(axis=0) + _aside(polygon, rng), rng)
        if own:
            paste(canvas, cutout, spans, polygon.mean(axis=0), rng)
        elif rng.random() < 0.3:
            _people(canvas, polygon, rng)
        return patch(canvas, polygon, rng, moved=0.06), float(own)

    def _parked(self, rng: Rng) -> tuple[Frame, float]:
        """Put a car on a real free space, or beside it: what was only seen empty is not empty for ever."""
        place, own = self._place(False, rng), bool(rng.random() < 0.6)
        to = to_patch(square(place.polygon.tolist(), context=0.5), size=SIZE)
        canvas = cv2.warpAffine(place.frame, to, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
        polygon = place.polygon @ to[:, :2].T + to[:, 2]
        if own and rng.random() < 0.4:
            cutout = min(
                (self._pick(self._cutouts, rng) for _ in range(3)), key=lambda one: _unlike(one.polygon, polygon)
            )
            paste(canvas, cutout, np.ptp(polygon, axis=0), polygon.mean(axis=0), rng)
        elif len(polygon) == 4:
            park(canvas, polygon, rng, own=own, beside=bool(rng.random() < 0.5))
        return patch(canvas, polygon, rng, moved=0.05), float(own)

    def _ground(self, rng: Rng) -> Frame:
        """Return a canvas of ground: road, a free space, or noise."""
        sort = rng.random()
        if sort < 0.55 and self._roads:
            road = self._roads[rng.integers(len(self._roads))]
            side = int(rng.uniform(0.25, 0.9) * min(road.shape[:2]))
            y, x = (int(rng.integers(0, whole - side + 1)) for whole in road.shape[:2])
            canvas = cv2.resize(road[y : y + side, x : x + side], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        elif sort < 0.8:
            place = self._place(False, rng)
            x, y, side = square(place.polygon.tolist(), context=-0.2)
            canvas = cv2.warpAffine(
                place.frame, to_patch((x, y, side), size=SIZE), (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT
            )
        else:
            rough = rng.normal(rng.uniform(50, 190), rng.uniform(2, 22), (*[int(rng.integers(4, SIZE))] * 2, 1))
            canvas = cv2.resize(np.repeat(rough, 3, axis=2).clip(0, 255).astype(np.uint8), (SIZE, SIZE))
        stain = rng.random() < 0.3
        return _stained(canvas, rng) if stain else canvas.astype(np.uint8)


def patch(frame: Frame, polygon: Points, rng: Rng, *, moved: float, junk: bool = False) -> Frame:
    """Return a spoilt patch of a polygon that was moved, turned and flipped a little, as the looker would cut it."""
    span = np.ptp(polygon, axis=0)
    points = polygon + rng.normal(0, moved, 2).clip(-0.2, 0.2) * span + rng.normal(0, moved / 2, polygon.shape) * span
    points = (points - points.mean(axis=0)) * rng.uniform(1 - 1.5 * moved, 1 + 1.5 * moved) + points.mean(axis=0)
    angle = np.deg2rad(rng.normal(0, 7) if rng.random() < 0.8 else rng.uniform(-180, 180))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag([rng.choice([-1.0, 1.0]), 1.0]) @ np.diag(rng.uniform(0.8, 1.25, 2))
    turned = points @ turn.T
    to = to_patch(square(turned.tolist(), context=CONTEXT), size=PATCH)
    whole = np.hstack([to[:, :2] @ turn, to[:, 2:]])
    cut = cv2.warpAffine(frame, whole, (PATCH, PATCH), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.4:
        cut = weather.coarse(cut.astype(np.uint8), rng)
    spoilt = (weather.junk if junk else weather.spoil)(cut.astype(np.uint8), rng)
    return cv2.multiply(spoilt, light(turned.tolist(), to, size=PATCH, dim=DIM), scale=1 / 255).astype(np.uint8)


def _by_camera(found: Sequence[Any], occupied: bool | None = None) -> dict[str, list[Any]]:
    pools: dict[str, list[Any]] = {}
    for one in found:
        if occupied is None or one.occupied is occupied:
            pools.setdefault(one.camera, []).append(one)
    return pools


def _crop(picture: Frame, occupied: bool) -> Place:
    """Return a crop as a space that fills it nearly."""
    height, width = picture.shape[:2]
    inset = np.array([width, height]) * 0.04
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    return Place(CROPS, picture, corners + inset * [[1, 1], [-1, 1], [-1, -1], [1, -1]], occupied)


def _road(picture: NDArray[np.generic]) -> Frame:
    """Return the lower half of a road photograph, where the road is."""
    lower = picture[picture.shape[0] // 2 :]
    scale = 320 / max(lower.shape[:2])
    return cv2.resize(lower, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def cut_out(place: Place) -> Cutout:
    """Return the car of a space by GrabCut, started from its polygon."""
    x, y, side = square(place.polygon.tolist(), context=0.3)
    to = to_patch((x, y, side), size=96)
    image = cv2.warpAffine(place.frame, to, (96, 96), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
    polygon = place.polygon @ to[:, :2].T + to[:, 2]
    labels = np.full((96, 96), cv2.GC_BGD, np.uint8)
    for grown, label in ((1.25, cv2.GC_PR_BGD), (0.95, cv2.GC_PR_FGD), (0.45, cv2.GC_FGD)):
        points = (polygon - polygon.mean(axis=0)) * grown + polygon.mean(axis=0)
        cv2.fillPoly(labels, [np.round(points).astype(np.int32)], int(label))
    cv2.setRNGSeed(1)
    cv2.grabCut(image, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    mask = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    mask = cv2.GaussianBlur(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3))), (0, 0), 0.8)
    return Cutout(place.camera, image, mask.astype(np.float32), polygon)


def paste(canvas: NDArray[np.generic], cutout: Cutout, spans: Points, middle: Points, rng: Rng) -> None:
    """Lay a car on a canvas in place, about as large as a space of these spans asks for."""
    scale = float(np.sqrt((spans**2).sum() / (np.ptp(cutout.polygon, axis=0) ** 2).sum())) * rng.uniform(0.85, 1.1)
    to = np.array([[scale, 0, 0], [0, scale, 0]])
    to[:, 2] = middle - cutout.polygon.mean(axis=0) * scale
    size = (canvas.shape[1], canvas.shape[0])
    image, mask = cv2.warpAffine(cutout.image, to, size), cv2.warpAffine(cutout.mask, to, size)[:, :, None]
    tint = rng.normal(1, 0.08, 3) * rng.uniform(0.75, 1.2)
    shade = cv2.GaussianBlur(np.roll(mask, (4, 3), axis=(0, 1)), (0, 0), 2.5)[:, :, None] * rng.uniform(0.1, 0.6)
    laid = canvas * (1 - shade) * (1 - mask) + (image * tint).clip(0, 255) * mask
    canvas[:] = laid.astype(np.uint8)


def _aside(polygon: Points, rng: Rng) -> Points:
    """Return the way to a neighbour: over the longer sides, at least by a car's width."""
    sides = np.roll(polygon, -1, axis=0) - polygon
    across = sides[np.argsort((sides**2).sum(axis=1))[0]]
    way: Points = across * rng.uniform(0.9, 1.25) * rng.choice([-1.0, 1.0])
    return way


def _unlike(one: Points, other: Points) -> float:
    """Return how differently two spaces lie."""
    spans = [np.ptp(points, axis=0) for points in (one, other)]
    return abs(float(np.log(spans[0][0] / spans[0][1]) - np.log(spans[1][0] / spans[1][1])))


def _people(canvas: NDArray[np.generic], polygon: Points, rng: Rng) -> None:
    """Draw people, a bush or a bollard."""
    for _ in range(int(rng.integers(1, 5))):
        x, y = polygon.mean(axis=0) + rng.normal(0, 0.2, 2) * np.ptp(polygon, axis=0)
        tall = rng.uniform(0.1, 0.3) * float(np.ptp(polygon, axis=0).max())
        colour = tuple(float(one) for one in rng.uniform(10, 200, 3))
        cv2.ellipse(canvas, ((float(x), float(y)), (tall * rng.uniform(0.25, 0.5), tall), 0.0), colour, -1, cv2.LINE_AA)
        cv2.circle(canvas, (int(x), int(y - tall * 0.6)), max(1, int(tall * 0.15)), (90, 120, 170), -1, cv2.LINE_AA)


def _quad(rng: Rng) -> Points:
    """Return some polygon that could be a berth."""
    turn, shear = rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5)
    long, wide = rng.uniform(35, 60), rng.uniform(18, 40)
    corners = np.array([[-long, -wide], [long, -wide], [long, wide], [-long, wide]]) @ np.array([[1, 0], [shear, 1]])
    return corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + SIZE / 2


def _stained(canvas: NDArray[np.generic], rng: Rng) -> Frame:
    """Return ground with oil, a puddle or a patch of new asphalt."""
    mask = np.zeros(canvas.shape[:2], np.float32)
    for _ in range(int(rng.integers(1, 4))):
        middle, axes = rng.uniform(0, SIZE, 2), rng.uniform(5, 45, 2)
        cv2.ellipse(mask, (tuple(map(float, middle)), tuple(map(float, axes * 2)), rng.uniform(0, 180)), 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6))[:, :, None] * rng.uniform(0.2, 0.8)
    return (canvas * (1 - mask) + rng.choice([20.0, 60.0, 200.0]) * mask).astype(np.uint8)

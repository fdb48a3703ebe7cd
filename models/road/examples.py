"""Make examples for the road model: pairs of patches, before and after a change, and what the change is."""

from pathlib import Path

import cv2
import msgspec
import numpy as np

from berth.examples import Cutout, Place, cut_out
from berth.frames import Frame, read_crops, read_frames
from berth.render import Camera, draw_cars
from edge_agent.vision.road.patch import LABELS, Box, pair
from road import draw
from road.draw import SIZE, Change, as_bytes
from road.ground import Grounds
from road.moment import junk, moments, swayed, worn
from road.paste import Canvas, Mask, Rng, lay, quad_of, read_holes, some_style
from road.real import Moments, cut
from road.simulated import HELD_SEEDS, SEEDS, SORTS, Streets
from road.things import thing

HELD_SEQUENCE = "sequence2"  # of PKLot's UFPR05: its frames are kept for the evaluation
TRAINED_DAY, HELD_DAY = "2013-02-22", "2013-03-09"  # of sequence1 and of sequence2
LEAST_OFF = 7.0  # grey levels: what differs by less is not seen, and called sound rather than a hole
SIMULATED = {f"{label} simulated": [kind for kind, one in SORTS.items() if one == label] for label in
             ("hole", "water", "vehicle", "object", "shadow", "sound")}  # fmt: skip
MIX = {  # shares, as parts of their sum
    "hole pasted": 0.26, "hole drawn": 0.06, "water drawn": 0.09, "vehicle real": 0.06, "vehicle pasted": 0.09,
    "vehicle drawn": 0.05, "person drawn": 0.07, "object drawn": 0.1, "shadow drawn": 0.09, "sound drawn": 0.04,
    "sound real": 0.16, "sound plain": 0.14, "sound restored": 0.05, "hole simulated": 0.02, "water simulated": 0.02,
    "vehicle simulated": 0.025, "object simulated": 0.03, "shadow simulated": 0.025, "sound simulated": 0.02,
    "junk": 0.02,
}  # fmt: skip
DRAWN = {"hole drawn": draw.hole, "water drawn": draw.water, "person drawn": draw.person,
         "object drawn": thing, "shadow drawn": draw.shadow, "sound drawn": draw.light}  # fmt: skip


class Example(msgspec.Struct, frozen=True):
    """A pair of patches and its answer."""

    pair: Frame
    sort: str  # of MIX

    @property
    def answer(self) -> list[float]:
        """Return how likely each label is; of what shows nothing all alike."""
        if self.sort == "junk":
            return [1 / len(LABELS)] * len(LABELS)
        return [float(label == self.sort.split()[0]) for label in LABELS]


class Source:
    """All that examples are made of: one part of the data, for training or held back."""

    def __init__(self, data: Path, *, held: bool) -> None:
        """Read the photographs of roads and of car parks below ``data``."""
        frames = [one for one in read_frames(data) if (HELD_SEQUENCE in one.file.parts) is held]
        pictures = [(one, one.read()) for one in frames]
        self.holes = read_holes(data, held=held, least=0.012)
        self._grounds = Grounds([picture for _, picture in pictures], data, held=held)
        self._moments = Moments(pictures)
        day, seeds = (HELD_DAY, HELD_SEEDS) if held else (TRAINED_DAY, SEEDS)
        self._streets = Streets(data / "images" / "pklot_ufpr05", stems=day, seeds=seeds)
        places = [Place(one.camera, picture, np.array(space.polygon), True)
                  for one, picture in pictures for space in one.spaces if space.occupied]  # fmt: skip
        if not held:
            places += [_crop_place(picture) for picture, taken in read_crops(data) if taken][::3]
        self._cars = [cut_out(place) for place in places]

    def example(self, rng: Rng, *, sort: str = "") -> Example:
        """Return an example of some sort."""
        shares = np.array(list(MIX.values()))
        chosen = sort or str(rng.choice(list(MIX), p=shares / shares.sum()))
        made = None
        while made is None:
            made = self._pair(chosen, rng)
        return Example(made, chosen)

    def _pair(self, sort: str, rng: Rng) -> Frame | None:
        """Return a pair of patches, None when nothing was to be seen of the change."""
        if sort in ("vehicle real", "sound real") or (sort == "sound restored" and rng.random() < 0.3):
            return self._real(sort, rng)
        if sort == "junk":
            before, after, _ = self._change("hole pasted", rng)
            return junk(pair(after, before, _jittered((45, 45, 115, 115), rng)), rng)
        if sort == "sound plain":
            return self._plain(rng)
        if sort in SIMULATED:
            made = self._streets.change(SIMULATED[sort][rng.integers(len(SIMULATED[sort]))], rng)
        else:
            made = self._change(sort, rng)
        box = None if made is None else _box_of(made[2])
        if made is None or box is None or not _seen(made, sort):
            return None
        return _patches(*cut(made[0], made[1], box), rng)

    def _change(self, sort: str, rng: Rng) -> Change:
        flat = float(rng.uniform(0.25, 1.0))
        if sort == "sound restored":  # what changed is the road again: filled, cleared away, driven off
            before, after, where = self._change(str(rng.choice(RESTORED)), rng)
            return after, before, where
        ground = self._grounds.some(rng)
        if sort not in ("sound drawn", "shadow drawn") and rng.random() < 0.12:  # it changed before as well
            ground = self._changed(ground, rng, flat=flat)
        if sort == "hole pasted":
            return self._hole(ground, rng, flat=flat)
        if sort == "vehicle pasted":
            return self._vehicle(ground, rng)
        if sort == "vehicle drawn":
            return _drawn_cars(ground, rng)
        before, after, where = DRAWN[sort](ground, rng, flat=flat)
        return before, after, where

    def _changed(self, ground: Canvas, rng: Rng, *, flat: float) -> Canvas:
        sort = str(rng.choice(["shadow drawn", "water drawn", "object drawn", "sound drawn"]))
        changed = DRAWN[sort](ground, rng, flat=flat)[1]
        return np.roll(changed, rng.integers(-50, 51, 2), axis=(0, 1))

    def _hole(self, ground: Canvas, rng: Rng, *, flat: float) -> Change:
        hole = self.holes[rng.integers(len(self.holes))]
        x0, y0, x1, y1 = hole.box
        wide = float(rng.uniform(42, 84))
        high = float(np.clip(wide * (y1 - y0) / (x1 - x0) * rng.uniform(0.4, 1.0), 14, 84))
        if rng.random() < 0.4:
            high = max(14.0, min(high, wide * flat))
        quad = quad_of(rng.normal(SIZE / 2, 5, 2), wide, high, rng)
        if rng.random() < 0.5:
            quad = quad[[1, 0, 3, 2]]  # mirrored
        after, where = lay(ground, hole, quad, some_style(rng), rng)
        return ground, after, where

    def _vehicle(self, ground: Canvas, rng: Rng) -> Change:
        cutout: Cutout = self._cars[rng.integers(len(self._cars))]
        scale = float(rng.uniform(45, 88) / np.ptp(cutout.polygon, axis=0).max())
        to = np.array([[scale, 0, 0], [0, scale, 0]])
        if rng.random() < 0.5:
            to[0, 0] = -scale
        to[:, 2] = rng.normal(SIZE / 2, 8, 2) - to[:, :2] @ cutout.polygon.mean(axis=0)
        image, mask = (cv2.warpAffine(one, to, (SIZE, SIZE)) for one in (cutout.image, cutout.mask))
        tint = rng.normal(1, 0.08, 3) * rng.uniform(0.6, 1.25)
        drop = (int(rng.integers(2, 8)), int(rng.integers(-6, 7)))
        shade = cv2.GaussianBlur(np.roll(mask, drop, axis=(0, 1)), (0, 0), 2.5)[:, :, None] * rng.uniform(0.1, 0.6)
        solid = mask[:, :, None]
        after = ground * (1 - shade) * (1 - solid) + (image * tint).clip(0, 255) * solid
        return ground, after.astype(np.uint8), mask.astype(np.float32)

    def _real(self, sort: str, rng: Rng) -> Frame | None:
        """Return a real camera's two moments."""
        made = (
            self._moments.same(rng) if sort == "sound real" else self._moments.vehicle(rng, left=sort != "vehicle real")
        )
        return None if made is None else _patches(*made, rng)

    def _plain(self, rng: Rng) -> Frame:
        """Return a place that is as it was, whatever stands there, holes too: light changes, leaves move."""
        ground = self._grounds.some(rng, gaudy=bool(rng.random() < 0.6))
        if rng.random() < 0.4:
            ground = self._change(str(rng.choice(RESTORED)), rng)[1]
        after = swayed(ground, rng) if rng.random() < 0.5 else ground
        after = worn(after, rng) if rng.random() < 0.5 else after
        if rng.random() < 0.35:
            spot = cv2.GaussianBlur((rng.random((SIZE, SIZE)) < 0.001).astype(np.float32), (0, 0), rng.uniform(8, 25))
            after = as_bytes(after * (1 + rng.uniform(-0.3, 0.35) * spot[:, :, None] / max(1e-9, float(spot.max()))))
        middle, half = rng.normal(SIZE / 2, 10, 2), rng.uniform(12, 42, 2)
        (x0, y0), (x1, y1) = (middle - half).astype(int).tolist(), (middle + half).astype(int).tolist()
        return _patches(ground, after, (x0, y0, x1, y1), rng)


RESTORED = ["hole pasted", "hole drawn", "vehicle pasted", "vehicle drawn", "person drawn", "object drawn"]


def _patches(before: Canvas, after: Canvas, box: Box, rng: Rng) -> Frame:
    """Return the pair as a camera gives it, at any distance, round a box that somebody found."""
    before, after = moments(before, after, rng)
    if rng.random() < 0.6:  # far away: a change of a dozen pixels
        scale = float(rng.uniform(11, 48) / max(box[2] - box[0], box[3] - box[1], 1))
        if scale < 1:
            size = (max(8, round(before.shape[1] * scale)), max(8, round(before.shape[0] * scale)))
            before, after = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (before, after))
            box = tuple(round(side * scale) for side in box)
    return pair(after, before, _jittered(box, rng))


def _jittered(box: Box, rng: Rng) -> Box:
    """Return a box as blobs are: too large, too small, beside."""
    x0, y0, x1, y1 = box
    wide, high = x1 - x0, y1 - y0
    grown = rng.normal(0.06, 0.14, 4).clip(-0.22, 0.5) * (wide, high, wide, high)
    if rng.random() < 0.12:  # a part of it
        grown[rng.integers(4)] -= rng.uniform(0.1, 0.5) * min(wide, high)
    return round(x0 - grown[0]), round(y0 - grown[1]), round(x1 + grown[2]), round(y1 + grown[3])


def _box_of(where: Mask) -> Box | None:
    x, y, w, h = cv2.boundingRect((where > 0.35).astype(np.uint8))
    return (x, y, x + w, y + h) if min(w, h) >= 4 else None


def _seen(made: Change, sort: str) -> bool:
    """Return whether a change can be seen at all: nobody learns from a hole that is not there."""
    if sort.startswith("sound"):
        return True
    off = np.abs(made[1].astype(np.float32) - made[0]).mean(axis=2)
    return float(off[made[2] > 0.35].mean()) > LEAST_OFF


def _drawn_cars(ground: Canvas, rng: Rng) -> Change:
    camera = Camera(rng, reach_m=float(rng.uniform(4.5, 9)))
    after = ground.copy()
    draw_cars(after, camera, rng)
    where = (np.abs(after.astype(np.int16) - ground).max(axis=2) > 12).astype(np.float32)
    return ground, after, where


def _crop_place(picture: Frame) -> Place:
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    return Place("crops", picture, corners, True)

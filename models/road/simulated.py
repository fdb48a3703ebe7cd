"""Let the simulator's happenings befall its streets, and the real aisles of a car park: pairs with their truth."""

from pathlib import Path

import cv2
import numpy as np

from road.paste import Canvas, Mask, Rng
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.places import aisle, street
from simulators.camera.scene.happenings import Happening, Kind, draw_happening
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Scene
from simulators.camera.scene.weather import SKIES

SEEDS, HELD_SEEDS = range(1000, 1010), range(2000, 2003)  # of streets: the scenarios' seeds are small
SORTS = {
    Kind.HOLE: "hole", Kind.FLOOD: "water", Kind.PUDDLE: "water", Kind.SHADOW: "shadow", Kind.PASSING_SHADOW: "shadow",
    Kind.LORRY: "vehicle", Kind.TARPAULIN: "object", Kind.HEADLIGHTS: "sound", Kind.SNOW: "sound",
}  # fmt: skip
DAYS = ("clear", "overcast", "rain", "fog")
NIGHTS = ("night", "rainy-night")
OFF = 16  # grey levels that a change differs by
LEAST_PX = 60
BEFORE_S, BEGIN_S = 5.0, 10.0


class Streets:
    """Places on which something happens."""

    def __init__(self, folder: Path, *, stems: str, seeds: range) -> None:
        """``stems``: how the names of the car park's photographs begin that may be used."""
        self._places: list[tuple[Scene, Lens, Canvas | None]] = []
        for seed in seeds:
            scene = street.street(seed, traffic_s=1e6)
            self._places += [(scene, lens, Renderer(scene, lens).frame(0.0)) for lens in street.LENSES]
        for view, one in enumerate(aisle.VIEWS, 1):
            left, top = one.corner
            for path in sorted(folder.rglob(f"{stems}*.png")):
                whole = cv2.imread(str(path)) if path.stem in one.stems else None
                if whole is not None:
                    ground = whole[top : top + 360, left : left + 640].astype(np.uint8)
                    self._places.append((aisle.aisle(1, view=view, traffic_s=1e6), aisle.lens_of(view), ground))

    def change(self, kind: Kind, rng: Rng) -> tuple[Canvas, Canvas, Mask] | None:
        """Return a frame before, one after and what changed, round the largest change; None when nothing is seen."""
        scene, lens, ground = self._places[rng.integers(len(self._places))]
        sky = str(rng.choice(NIGHTS if kind is Kind.HEADLIGHTS else DAYS))
        renderer = Renderer(scene, lens, sky=SKIES[sky], seed=int(rng.integers(1 << 30)), ground=ground)
        surface = scene.surfaces[0]
        before = renderer.frame(BEFORE_S)
        what = draw_happening(
            kind, surface.spots, heading=surface.heading, begin_s=BEGIN_S, seed=str(rng.integers(1 << 30))
        )
        renderer.happen(_sized(what, rng))
        after = renderer.frame(BEGIN_S + float(rng.uniform(2, 60)))
        zone = np.zeros(before.shape[:2], np.uint8)
        cv2.fillPoly(zone, [np.array(lens.on_ground(list(surface.corners))).astype(np.int32)], 1)
        where = _largest(before, after, zone)
        return None if where is None else (before, after, where)


def _sized(what: Happening, rng: Rng) -> Happening:
    """Return it smaller or larger than the simulator draws it."""
    if what.kind in (Kind.LORRY, Kind.HEADLIGHTS, Kind.SNOW):
        return what
    return Happening(what.kind, what.x, what.y, what.heading, what.begin_s, what.area_m2 * float(rng.uniform(0.5, 1.6)),
                     what.seed)  # fmt: skip


def _largest(before: Canvas, after: Canvas, zone: Mask) -> Mask | None:
    off = np.abs(after.astype(np.float32) - before).max(axis=2)
    mask = (cv2.GaussianBlur(off, (0, 0), 1.5) > OFF).astype(np.uint8) & zone
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7)))
    count, labels, found, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    best = 1 + int(found[1:, cv2.CC_STAT_AREA].argmax())
    return (labels == best).astype(np.float32) if found[best, cv2.CC_STAT_AREA] >= LEAST_PX else None

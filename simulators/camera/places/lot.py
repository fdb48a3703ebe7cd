"""A car park over real photographs (PKLot): its labelled spaces, in which cars from other photographs come and stay."""

import random
from functools import lru_cache
from pathlib import Path

import cv2
import msgspec
import numpy as np

from simulators.camera.drawing.photographs import Photograph, PhotographRenderer, Space, read_photographs
from simulators.camera.scene.scene import Berth, Scene, Stay

SIZE = 640, 360  # like the other cameras; a car has 20 to 60 pixels then
_LEAST_FREE = 10  # spaces of a photograph in which cars can come and go
_MEAN_STAY_S = 80.0
_EVER_S = 1e9


def have_photographs(folder: Path) -> bool:
    """Return whether there are photographs with labels."""
    return next(folder.rglob("*.xml"), None) is not None


def lot(seed: int, *, duration_s: float, folder: Path, busy: float = 1.0) -> PhotographRenderer:
    """Return what draws the car park; the seed draws the day. Raises ValueError without photographs."""
    days = _read(folder)
    shown = random.Random(f"{seed}/day").choice([day for day in days if _free(day) >= _LEAST_FREE] or days)
    return PhotographRenderer(days, seed=seed, duration_s=duration_s, mean_s=_MEAN_STAY_S / busy, shown=shown)


def scene_of(lot: PhotographRenderer, seed: int) -> Scene:
    """Return the truth; what was there when the photograph was taken stays for ever."""
    spaces = [space for space in lot.photograph.spaces if space.occupied is not None]
    stays = [Stay(space.id, -_EVER_S, _EVER_S) for space in spaces if space.occupied]
    stays += [Stay(name, begin, end) for name, drawn in lot.stays.items() for begin, end, _ in drawn]
    return Scene("lot", seed, tuple(Berth(space.id, 0, 0, 0, 0, 0) for space in spaces), stays=tuple(stays))


def zones_of(lot: PhotographRenderer) -> list[dict[str, object]]:
    """Return its spaces as zones."""
    return [{"id": name, "kind": "berth", "polygon": outline} for name, outline in lot.zones().items()]


def _free(day: Photograph) -> int:
    return sum(space.occupied is False for space in day.spaces)


@lru_cache(maxsize=2)
def _read(folder: Path) -> tuple[Photograph, ...]:
    return tuple(_scaled(one) for one in read_photographs(folder))


def _scaled(one: Photograph) -> Photograph:
    down = SIZE[0] / one.picture.shape[1], SIZE[1] / one.picture.shape[0]
    picture = np.asarray(cv2.resize(one.picture, SIZE, interpolation=cv2.INTER_AREA), np.uint8)
    return Photograph(picture, tuple(_moved(space, down) for space in one.spaces))


def _moved(space: Space, down: tuple[float, float]) -> Space:
    return msgspec.structs.replace(space, outline=tuple((x * down[0], y * down[1]) for x, y in space.outline))

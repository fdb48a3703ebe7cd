"""All that has happened on a road, laid over the picture of its ground: what lies there, who stands there, the snow."""

import math
import random

import cv2
import msgspec
import numpy as np

from simulators.camera.drawing.backdrop import Image
from simulators.camera.drawing.decals import PX_M, Plane, decal
from simulators.camera.drawing.figures import paint_gang
from simulators.camera.scene.happenings import Happening, Kind
from simulators.camera.scene.lens import NEAR_M, Lens
from simulators.camera.scene.scene import Placed, Spot, Track
from simulators.camera.scene.vehicles import draw_vehicle
from simulators.camera.scene.weather import Weather

_LYING = frozenset({Kind.HOLE, Kind.GANG, Kind.FLOOD, Kind.PUDDLE, Kind.SHADOW, Kind.PASSING_SHADOW, Kind.TARPAULIN})
_STEPS = 10  # of growth that are painted
_COMES_S, _COMES_M = 5.0, 26.0  # a vehicle that stops drives in
_PASSES_MPS, _PASSES_M = 1.1, 11.0  # a shadow that passes: how fast, from how far
_BESIDE_M = 7.0  # so far behind what it shines on stands a car; so far the gang's van
_WHITE = 0.75  # of the snow that lies at the end


class _Laid(msgspec.Struct, frozen=True):
    """A decal as one camera sees it: a piece of its picture."""

    top: int
    left: int
    gain: Plane
    add: Plane


class Overlay:
    """What one camera sees of happenings; they are told while the world goes on."""

    def __init__(self, lens: Lens) -> None:
        self.happenings: list[Happening] = []
        self._lens = lens
        self._laid: dict[tuple[int, int], _Laid | None] = {}
        self._tones: dict[int, tuple[float, float, float]] = {}

    def happen(self, what: Happening) -> None:
        """Let something happen."""
        self.happenings.append(what)

    def there(self, t_s: float) -> list[tuple[int, Happening]]:
        """Return what has happened and not been mended by then, each with its number."""
        mended = [one.begin_s for one in self.happenings if one.kind is Kind.MENDED and one.begin_s <= t_s]
        mended_s = max(mended, default=float("-inf"))
        return [(number, one) for number, one in enumerate(self.happenings) if one.begin_s >= mended_s]

    def weather(self, weather: Weather, t_s: float) -> Weather:
        """Return the weather, with the snow that has come."""
        grown = max((one.grown(t_s) for _, one in self.there(t_s) if one.kind is Kind.SNOW), default=0.0)
        if grown <= 0.0:
            return weather
        white = max(weather.white, _WHITE * grown)
        return msgspec.structs.replace(weather, snow=max(weather.snow, min(0.8, 4 * grown)), white=white)

    def placed(self, there: list[Placed], t_s: float) -> list[Placed]:
        """Return the vehicles, bent round what they should not touch, and those that have come."""
        bent = [self._bent(one, t_s) for one in there]
        return bent + [one for _, what in self.there(t_s) for one in _come(what, t_s)]

    def lay(self, picture: Image, t_s: float) -> Image:
        """Return the picture of the ground with what lies on it."""
        happened = [(number, one) for number, one in self.there(t_s) if one.kind in _LYING]
        happened = [(number, one) for number, one in happened if one.grown(t_s) > 0.0]
        if happened:
            picture = picture.copy()
        for number, one in happened:
            laid = self._seen(number, one, picture, t_s)
            if laid is not None:
                rows, columns = laid.gain.shape[:2]
                piece = picture[laid.top : laid.top + rows, laid.left : laid.left + columns]
                piece[:] = np.clip(piece * laid.gain + laid.add, 0, 255).astype(np.uint8)
        return picture

    def people(self, picture: Image, t_s: float) -> None:
        """Paint those who stand about."""
        for _, one in self.there(t_s):
            if one.kind is Kind.GANG and one.grown(t_s) > 0.0:
                paint_gang(picture, one, self._lens, t_s=t_s)

    def _bent(self, one: Placed, t_s: float) -> Placed:
        x, y = one.spot.x, one.spot.y
        for _, what in self.there(t_s):
            x, y = what.bent(x, y, one.spot.heading, t_s=t_s)
        return msgspec.structs.replace(one, spot=Spot(one.spot.t_s, x, y, one.spot.heading)) if one.moving else one

    def _seen(self, number: int, what: Happening, picture: Image, t_s: float) -> _Laid | None:
        if what.kind is Kind.PASSING_SHADOW:
            by = (t_s - what.begin_s) * _PASSES_MPS - _PASSES_M
            x, y = what.x + by * math.cos(what.heading), what.y + by * math.sin(what.heading)
            return self._laid_at(number, msgspec.structs.replace(what, x=x, y=y), picture, 1.0)
        step = max(1, round(what.grown(t_s) * _STEPS))
        if (number, step) not in self._laid:
            self._laid[number, step] = self._laid_at(number, what, picture, step / _STEPS)
        return self._laid[number, step]

    def _laid_at(self, number: int, what: Happening, picture: Image, grown: float) -> _Laid | None:
        """Return a happening's decal in perspective; None: it is not in the picture."""
        away = self._lens.at[0] - what.x, self._lens.at[1] - what.y
        far = math.hypot(*away)
        tone = self._tones.setdefault(number, _tone(picture, what, self._lens))
        flat = decal(what, grown=grown, road=tone, towards=(away[0] / far, away[1] / far))
        half = flat.metres / 2
        corners = np.array(
            [(what.x + u * half, what.y + v * half, 0.0) for u, v in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
        )
        if float(self._lens.depths(corners).min()) < NEAR_M:
            return None
        target = self._lens.project(corners)
        low = np.maximum(np.floor(target.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(target.max(axis=0)).astype(int) + 1, (self._lens.width, self._lens.height))
        if (high - low).min() < 2:
            return None
        side = flat.metres * PX_M
        square = np.array([(0, 0), (side, 0), (side, side), (0, side)], np.float32)
        matrix = cv2.getPerspectiveTransform(square, (target - low).astype(np.float32))
        size = int(high[0] - low[0]), int(high[1] - low[1])
        gain = cv2.warpPerspective(_smooth(flat.gain, self._lens, far), matrix, size, borderValue=(1.0, 1.0, 1.0))
        add = cv2.warpPerspective(_smooth(flat.add, self._lens, far), matrix, size)
        return _Laid(int(low[1]), int(low[0]), np.asarray(gain, np.float32), np.asarray(add, np.float32))


def _smooth(plane: Plane, lens: Lens, far_m: float) -> Plane:
    """Return a plane without what is finer than the camera's pixels there."""
    pixel = PX_M * math.hypot(far_m, lens.at[2]) / lens.focal_px
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), 0.5 * pixel), np.float32)


def _tone(picture: Image, what: Happening, lens: Lens) -> tuple[float, float, float]:
    """Return the road's colour round a place."""
    places = [(what.x + u, what.y + v, 0.0) for u in (-1.2, 0.0, 1.2) for v in (-1.2, 0.0, 1.2)]
    pixels = np.round(lens.project(np.array(places, np.float64))).astype(int)
    inside = [(x, y) for x, y in pixels if 0 <= x < lens.width and 0 <= y < lens.height]
    colours = np.array([picture[y, x] for x, y in inside] or [(100, 100, 100)])
    blue, green, red = np.median(colours, axis=0)
    return float(blue), float(green), float(red)


def _come(what: Happening, t_s: float) -> list[Placed]:
    """Return the vehicle that came with a happening, if one did."""
    if t_s < what.begin_s or what.kind not in (Kind.LORRY, Kind.HEADLIGHTS, Kind.GANG):
        return []
    rng = random.Random(what.seed)
    make = {Kind.LORRY: "lorry", Kind.GANG: "van"}.get(what.kind, "car")
    back_m = 0.0 if what.kind is Kind.LORRY else _BESIDE_M
    c, s = math.cos(what.heading), math.sin(what.heading)
    x, y = what.x - back_m * c, what.y - back_m * s
    comes = Spot(what.begin_s, x - _COMES_M * c, y - _COMES_M * s, what.heading)
    stands = Spot(what.begin_s + _COMES_S, x, y, what.heading)
    vehicle = draw_vehicle(rng, make=make)  # type: ignore[arg-type]
    there = Track(vehicle, (comes, stands, msgspec.structs.replace(stands, t_s=1e9))).at(t_s)
    lit = what.kind is Kind.HEADLIGHTS
    return [msgspec.structs.replace(there, moving=there.moving or lit)] if there is not None else []

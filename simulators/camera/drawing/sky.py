"""What lies between the scene and the sensor: darkness with its lamps, fog, rain, falling and lying snow, noise."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.drawing.backdrop import FAR_M, Image, ground_places
from simulators.camera.scene.lens import NEAR_M, Lens
from simulators.camera.scene.scene import Placed
from simulators.camera.scene.weather import Weather

_COARSE = 4  # light is soft: so much smaller is its map
_LAMPS_M = 18.0  # from one street lamp to the next
_NIGHT = 0.16  # what the city's sky gives
_SIGMAS = (2.0, 4.5, 7.0)  # of the sensor's noise, by day, by dusk, by night
_MARGIN = 48  # by which a noise picture is larger, so that it can be shifted
Light = NDArray[np.float32]


class Air:
    """Everything between a scene and the pixels of one camera."""

    def __init__(self, lens: Lens, *, seed: int) -> None:
        self._lens = lens
        rng = np.random.default_rng([seed, 78])
        self._depths = lens.ground_depths(far_m=FAR_M).astype(np.float32)
        coarse = lens.scaled(1 / _COARSE)
        self._coarse, self._lamps = coarse, _street_lamps(coarse)
        shape = (lens.height + _MARGIN, lens.width + _MARGIN)
        self._noises = [rng.normal(0, sigma, (*shape, 3)).astype(np.int16) for sigma in _SIGMAS]
        self._streaks = _streaks(shape, rng)
        self._flakes = _flakes(shape, rng)
        self._crust = np.clip(rng.normal(0.8, 0.25, (lens.height, lens.width)), 0, 1).astype(np.float32)[..., None]

    def lie(self, ground: Image, weather: Weather) -> Image:
        """Return the ground wet, or white."""
        if weather.white > 0.02:
            cover = np.asarray(cv2.blur(self._crust, (3, 3)), np.float32)[..., None] * weather.white
            return np.asarray(ground * (1 - cover) + 228.0 * cover, np.uint8)
        if weather.rain > 0.02:
            return np.asarray(cv2.convertScaleAbs(ground, alpha=1 - 0.25 * weather.rain), np.uint8)
        return ground

    def show(self, picture: Image, placed: Sequence[Placed], weather: Weather, rng: np.random.Generator) -> Image:
        """Return what the sensor makes of a picture in flat daylight."""
        if weather.fog > 0.02:
            picture = self._fogged(picture, weather)
        if weather.dark > 0.02:
            picture = self._darkened(picture, placed, weather)
        if weather.rain > 0.05:
            streaks = cv2.convertScaleAbs(self._cut(self._streaks, rng), alpha=0.5 * weather.rain)
            picture = np.asarray(cv2.add(picture, streaks), np.uint8)
        if weather.snow > 0.05:
            flakes = cv2.convertScaleAbs(self._cut(self._flakes, rng), alpha=weather.snow)
            picture = np.asarray(cv2.max(picture, flakes), np.uint8)
        noise = self._noises[round(2 * weather.dark)]
        return np.asarray(cv2.add(picture, self._cut(noise, rng), dtype=cv2.CV_8U), np.uint8)

    def _cut(self, large: NDArray[np.int16] | Image, rng: np.random.Generator) -> NDArray[np.int16] | Image:
        row, column = rng.integers(0, _MARGIN, 2)
        return large[row : row + self._lens.height, column : column + self._lens.width]

    def _fogged(self, picture: Image, weather: Weather) -> Image:
        seen = np.exp(-self._depths * (3.0 / (50.0 / weather.fog)) * 0.6)[..., None]
        return np.asarray(picture * seen + 196.0 * (1 - seen), np.uint8)

    def _darkened(self, picture: Image, placed: Sequence[Placed], weather: Weather) -> Image:
        light = 1 - weather.dark + weather.dark * (_NIGHT + self._lamps)
        cones = np.zeros(self._lamps.shape, np.float32)
        for one in placed:
            if one.moving:
                self._throw(cones, one)
        light = np.minimum(light + weather.dark * 0.7 * cv2.blur(cones, (5, 5)), 1.15)
        full = cv2.resize(light.astype(np.float32), (self._lens.width, self._lens.height))
        lit = cv2.multiply(picture, cv2.merge([full * 0.88, full * 0.96, full]), dtype=cv2.CV_8U)
        return self._lamps_on(np.asarray(lit, np.uint8), placed, weather)

    def _throw(self, cones: Light, one: Placed) -> None:
        """Add the light that a vehicle throws before itself."""
        c, s = math.cos(one.spot.heading), math.sin(one.spot.heading)
        nose = one.vehicle.size[0] / 2
        reach = [(nose, -0.8), (nose, 0.8), (nose + 13, 3.0), (nose + 13, -3.0)]
        points = np.array([(one.spot.x + a * c - b * s, one.spot.y + a * s + b * c, 0.0) for a, b in reach])
        if float(self._coarse.depths(points).min()) > NEAR_M:
            cv2.fillConvexPoly(cones, np.round(self._coarse.project(points)).astype(np.int32), (1.0, 1.0, 1.0))

    def _lamps_on(self, picture: Image, placed: Sequence[Placed], weather: Weather) -> Image:
        """Return the picture with the lamps of moving vehicles and their glare."""
        glare = np.zeros_like(picture)
        for one in placed:
            if one.moving:
                self._glow(glare, one)
        soft = cv2.blur(glare, (9, 9))
        return np.asarray(cv2.add(picture, cv2.convertScaleAbs(cv2.add(glare, soft), alpha=weather.dark)), np.uint8)

    def _glow(self, glare: Image, one: Placed) -> None:
        c, s = math.cos(one.spot.heading), math.sin(one.spot.heading)
        length, width, _ = one.vehicle.size
        for end, colour in ((1, (225, 240, 250)), (-1, (30, 30, 190))):
            towards = (self._lens.at[0] - one.spot.x) * c * end + (self._lens.at[1] - one.spot.y) * s * end
            for side in (-0.36, 0.36):
                a, b = end * length / 2, side * width
                point = np.array([[one.spot.x + a * c - b * s, one.spot.y + a * s + b * c, 0.65]])
                depth = float(self._lens.depths(point)[0])
                if towards > length / 2 and depth > NEAR_M:
                    u, v = self._lens.project(point)[0]
                    if 0 <= u < self._lens.width and 0 <= v < self._lens.height:
                        cv2.circle(glare, (int(u), int(v)), max(1, round(60 / depth)), colour, -1, cv2.LINE_AA)


def _street_lamps(lens: Lens) -> Light:
    """Return the light of lamps that stand in a row over the ground."""
    x, y = ground_places(lens)
    light = np.zeros(x.shape, np.float32)
    for lamp_y in (4.0, 22.0):
        near = np.mod(x + _LAMPS_M / 2, _LAMPS_M) - _LAMPS_M / 2
        light += (0.42 * np.exp(-(near**2 + (y - lamp_y) ** 2) / (2 * 6.5**2))).astype(np.float32)
    return light


def _streaks(shape: tuple[int, int], rng: np.random.Generator) -> Image:
    picture = np.zeros((*shape, 3), np.uint8)
    for _ in range(shape[0] * shape[1] // 550):
        x, y, length = int(rng.integers(shape[1])), int(rng.integers(shape[0])), int(rng.integers(5, 14))
        tone = int(rng.integers(60, 150))
        cv2.line(picture, (x, y), (x + length // 6, y + length), (tone, tone, tone), 1, cv2.LINE_AA)
    return picture


def _flakes(shape: tuple[int, int], rng: np.random.Generator) -> Image:
    picture = np.zeros((*shape, 3), np.uint8)
    for _ in range(shape[0] * shape[1] // 700):
        at = int(rng.integers(shape[1])), int(rng.integers(shape[0]))
        tone = int(rng.integers(150, 250))
        cv2.circle(picture, at, int(rng.integers(1, 3)), (tone, tone, tone), -1, cv2.LINE_AA)
    return picture

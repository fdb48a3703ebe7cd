"""What the sky does: rain, fog, snow, sun and darkness, as a function of the time."""

import bisect
import math
from typing import Literal

import msgspec

Skies = Literal["clear", "overcast", "rain", "fog", "snow", "night", "rainy-night", "hour"]


class Weather(msgspec.Struct, frozen=True):
    """The sky at a moment; every share from 0 to 1."""

    sun: float = 0.0  # how hard the shadows are
    dark: float = 0.0  # 1: night, street lamps and headlights
    rain: float = 0.0
    fog: float = 0.0  # 1: one sees 50 m
    snow: float = 0.0  # falling
    white: float = 0.0  # lying
    sun_from: float = 0.6  # radians; where the sun stands


CLEAR = Weather(sun=0.8)
OVERCAST = Weather(sun=0.1)
RAIN = Weather(rain=0.8, fog=0.15, dark=0.1)
FOG = Weather(fog=0.8)
SNOW = Weather(snow=0.8, white=0.6, fog=0.2)
NIGHT = Weather(dark=1.0)
RAINY_NIGHT = Weather(dark=1.0, rain=0.8, fog=0.1)

Sky = tuple[tuple[float, Weather], ...]  # (s, the weather then), in order; it changes slowly between two
_HOUR: Sky = (  # a whole day's, and some of a winter's, in one
    (0, CLEAR), (400, Weather(sun=0.9, sun_from=1.4)), (600, OVERCAST), (800, RAIN), (1000, RAIN),
    (1200, Weather(dark=0.5, rain=0.3)), (1400, NIGHT), (1800, RAINY_NIGHT), (2100, Weather(dark=1.0, fog=0.6)),
    (2400, Weather(dark=0.5, fog=0.8)), (2600, FOG), (2900, SNOW), (3200, Weather(white=0.8, sun=0.2)), (3500, CLEAR),
)  # fmt: skip
SKIES: dict[Skies, Sky] = {
    "clear": ((0, CLEAR),),
    "overcast": ((0, OVERCAST),),
    "rain": ((0, RAIN),),
    "fog": ((0, FOG),),
    "snow": ((0, SNOW),),
    "night": ((0, NIGHT),),
    "rainy-night": ((0, RAINY_NIGHT),),
    "hour": _HOUR,
}


def weather_at(sky: Sky, t_s: float) -> Weather:
    """Return the weather at a moment, with a cloud before the sun now and then."""
    after = bisect.bisect_right(sky, t_s, key=lambda one: one[0])
    one, two = sky[max(0, after - 1)], sky[min(after, len(sky) - 1)]
    part = 0.0 if two[0] <= one[0] else (t_s - one[0]) / (two[0] - one[0])
    values = {
        name: (1 - part) * getattr(one[1], name) + part * getattr(two[1], name) for name in Weather.__struct_fields__
    }
    values["sun"] *= 0.75 + 0.25 * math.sin(t_s / 23.0)
    return Weather(**values)

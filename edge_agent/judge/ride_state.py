"""All that the judge of boxes must remember over a restart, as plain data."""

from typing import Literal

import msgspec


class Ride(msgspec.Struct, frozen=True):
    """One ride of the car."""

    start_us: int
    end_us: int
    direction: Literal["up", "down"]
    height_m: float  # travelled, positive
    error_m: float  # one standard deviation of the height
    floor: int | None = None  # index of the floor where it ended (0 is the lowest known); None: between floors, unknown
    barometer: bool = False  # the pressure had a part in it


class Floor(msgspec.Struct, frozen=True):
    """A height at which rides end."""

    height_m: float  # above the first one that was learned, or as given
    visits: int = 0
    name: str = ""


class RideState(msgspec.Struct, frozen=True):
    """The judge's memory of one box."""

    phase: Literal["unknown", "standing", "riding", "doubted", "stuck"] = "unknown"
    since_us: int | None = None  # of the phase
    last_us: int | None = None  # of the last sample
    gravity: tuple[float, float, float] | None = None  # m/s², as the box measures it at rest
    height_m: float | None = None  # of the car, on the floors' scale
    height_error_m: float = 0.0
    floors: tuple[Floor, ...] = ()
    rides: int = 0
    faults: tuple[str, ...] = ()  # what is wrong with the box's data now

"""All that the judge of boxes must remember over a restart, as plain data."""

from enum import StrEnum
from typing import Literal

import msgspec


class Stop(StrEnum):
    """Why a car that stands is not believed to stand at a floor."""

    DEAD_STOP = "dead_stop"  # the speed was lost as no drive brakes
    NO_BRAKING = "no_braking"  # it stands, and no braking was seen
    BETWEEN_FLOORS = "between_floors"  # it braked, at no floor


class Fault(StrEnum):
    """What is wrong with a box's data."""

    FROZEN = "frozen"  # the same numbers all the time
    SATURATED = "saturated"  # at the end of the range
    GRAVITY = "gravity"  # at rest it does not feel the earth
    RATE = "rate"  # fewer than 4.5 or more than 1,000 samples a second
    CLOCK = "clock"  # its clock jumped


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
    reason: Stop | None = None  # while doubted or stuck
    last_us: int | None = None  # of the last sample
    gravity: float | None = None  # m/s², as the box measures it at rest
    floors: tuple[Floor, ...] = ()
    given: bool = False  # the floors were given, not learned
    places: tuple[float, ...] = ()  # heights at which the car may stand; (): anywhere
    rides: int = 0
    highest_m: float = 0.0  # of all rides
    faults: tuple[Fault, ...] = ()  # what is wrong with the box's data now

    @property
    def height_m(self) -> float | None:
        """The height of the car on the floors' scale, None while it is not known."""
        return self.places[0] if len(self.places) == 1 else None

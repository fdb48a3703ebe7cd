"""What is fixed about one lift: its shaft, its limits of motion, its doors and how busy it is."""

from typing import Annotated, Literal

import msgspec

from device_profiles.wire import Id

_Positive = Annotated[float, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True):
    """The bounds of a motion."""

    speed_mps: float
    acceleration: float  # m/s²
    jerk: float  # m/s³


class LiftSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lift of a scenario."""

    device: Id
    floors: Annotated[int, msgspec.Meta(ge=2, le=200)] = 12
    floor_height_m: _Positive = 3.0
    rated_mps: _Positive = 1.75
    acceleration: _Positive = 0.8  # m/s²; comfort is kept below 1
    jerk: _Positive = 1.0  # m/s³
    door_open_s: _Positive = 2.4
    door_close_s: _Positive = 3.0
    dwell_s: _Positive = 4.0  # the door stays open this long after the last passenger
    capacity_kg: _Positive = 1000.0
    people_per_minute: Annotated[float, msgspec.Meta(ge=0, le=60)] = 3.0
    asset: str = ""  # the register's id
    agent: Id | Literal[""] = ""  # of the street node that serves it; "": the scenario's own
    line: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1  # the RS-485 line that its terminal is on
    says_codes: bool = True  # its controller gives fault codes
    sensed_by: Literal["terminal", "box"] = "terminal"  # what the city sees of it: Modbus terminal or retrofit box

    @property
    def limits(self) -> Limits:
        """The bounds of an ordinary trip."""
        return Limits(self.rated_mps, self.acceleration, self.jerk)

    @property
    def creep(self) -> Limits:
        """The bounds of an inspection or levelling run (EN 81-20 allows at most 0.63 m/s)."""
        return Limits(0.5, self.acceleration, self.jerk)


BRAKE = Limits(20.0, 3.0, 15.0)  # the safety brake on an open safety circuit: harder than comfort, below 1 g
DOOR_ZONE_M = 0.2  # the unlocking zone reaches this far above and below a level

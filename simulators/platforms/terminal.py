"""What a lift's terminal tells its platform, and the entrapment that it finds by itself after 30 s."""

from typing import Literal

import msgspec

from simulators.lifts.lift import Lift

ENTRAPPED_US = 30_000_000  # "closed in between floors" of terminals in the field (DOMAIN.md section 2)

Entrapped = Literal["", "between", "level"]


class Report(msgspec.Struct, frozen=True):
    """The state of one lift, in nobody's dialect."""

    moving: bool
    door_zone: bool
    door_closed: bool
    passenger: bool | None  # None: the presence sensor is broken
    button: bool
    mode: int
    direction: int
    floor: int
    fault: int  # code of GB/T 24476
    entrapped: Entrapped = ""


class Meters(msgspec.Struct, frozen=True):
    """What is said along with a report and is no reason to send one."""

    hours: int
    trips: int


class Terminal:
    """One lift's terminal."""

    def __init__(self, lift: Lift, *, registration_code: str) -> None:
        self.registration_code = registration_code
        self._lift = lift
        self._stuck_us: int | None = None

    def report(self, t_us: int) -> Report:
        """Return the state at ``t_us``."""
        values = self._lift.values()
        report = Report(
            moving=bool(values["car_moving"]),
            door_zone=bool(values["door_zone"]),
            door_closed=bool(values["door_closed"]),
            passenger=None if values["passenger_sensor_fault"] else bool(values["passenger"]),
            button=bool(values["alarm_button"]),
            mode=int(values["service_mode"] or 0),
            direction=int(values["car_direction"] or 0),
            floor=int(values["car_position"] or 0),
            fault=int(values["fault_code"] or 0),
        )
        return msgspec.structs.replace(report, entrapped=self._entrapped(report, t_us))

    def meters(self) -> Meters:
        """Return the counters."""
        values = self._lift.values()
        hours, trips = int(values["running_time_h"] or 0), int(values["trip_count"] or 0)
        return Meters(hours, trips)

    def _entrapped(self, report: Report, t_us: int) -> Entrapped:
        closed_in = not report.moving and (not report.door_zone or report.fault == 3)
        if not (closed_in and report.passenger and report.mode == 1):
            self._stuck_us = None
            return ""
        self._stuck_us = t_us if self._stuck_us is None else self._stuck_us
        if t_us - self._stuck_us < ENTRAPPED_US:
            return ""
        return "level" if report.door_zone else "between"


def registration_code(number: int) -> str:
    """Return the 20 characters by which platforms know the city's lift ``number``."""
    return f"3110330100{2018:04}{number:06}"

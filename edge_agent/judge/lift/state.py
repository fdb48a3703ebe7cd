"""All that the lift's judge remembers of one car: its phase, the values that hold, and for how long they have."""

from enum import StrEnum

import msgspec

from device_profiles.specs.condition import Truth
from device_profiles.wire import Value

LONG_AGO_US = 1 << 60  # "the presence sensor has seen nobody for as long as we know it"


class Phase(StrEnum):
    """Where a car stands between running and an entrapment."""

    FREE = "free"
    SUSPECTED = "suspected"
    OCCUPIED = "occupied"  # confirmed: stuck with somebody inside
    UNKNOWN = "unknown"  # confirmed: stuck, and nobody can tell whether somebody is inside
    EMPTY = "empty"  # confirmed: stuck, nobody inside


CONFIRMED = frozenset({Phase.OCCUPIED, Phase.UNKNOWN, Phase.EMPTY})
REPEATED = frozenset({Phase.OCCUPIED, Phase.UNKNOWN})  # somebody may be inside: told again while it lasts


class Reason(StrEnum):
    """Why the judge said something."""

    BETWEEN_FLOORS = "between_floors"
    CLOSED_AT_LEVEL = "closed_at_level"
    FAULT_AT_LEVEL = "fault_at_level"
    ALARM_BUTTON = "alarm_button"
    ALARM_CODE = "alarm_code"  # code 90
    OCCUPANCY_UNKNOWN = "occupancy_unknown"
    MODE_UNKNOWN = "mode_unknown"  # stuck and occupied, but perhaps by a technician in inspection
    LEVEL_OPEN_NOBODY = "level_open_nobody"
    STILL = "still"  # nothing has changed, and it is told again
    TEST_CALL = "test_call"


class Timers(msgspec.Struct, frozen=True):
    """For how long each condition has been true, in microseconds; false resets, unknown freezes (ALARMS.md, 7)."""

    stuck: int = 0  # stuck, in a mode that is not known to suppress it
    automatic: int = 0  # stuck, in a mode that is known to count
    calling: int = 0  # stuck, with the button pressed or code 90, in any mode
    pressed: int = 0  # button pressed
    absent: int = LONG_AGO_US  # presence sensor sees nobody
    opened: int = 0  # at a level with the door open
    doubted: int = 0  # occupancy is not what the last event said
    standing: int = 0  # stuck since the last event, which is told again
    testing: int = 0  # the terminal makes a test call


class Truths(msgspec.Struct, frozen=True):
    """Whether each timer runs (true), stands (unknown) or is back at zero (false)."""

    stuck: Truth
    automatic: Truth
    calling: Truth
    pressed: Truth
    absent: Truth
    opened: Truth
    doubted: Truth
    standing: Truth
    testing: Truth


TIMERS = Timers.__struct_fields__


class CarState(msgspec.Struct, frozen=True):
    """The judge's memory of one car; plain data, so that it can be stored beside the events it made."""

    phase: Phase = Phase.FREE
    freed: bool = False  # since it was confirmed, the car stood level and open for the clear time
    last_us: int | None = None  # time of the last sample
    values: dict[str, Value] = {}  # that hold since then
    timers: Timers = Timers()


def agreed(first: Truths, last: Truths) -> Truths:
    """Return what was true at both ends of a gap; what was true at one of them only is unknown in between."""
    both = {name: None for name in TIMERS if getattr(first, name) is True and getattr(last, name) is not True}
    return msgspec.structs.replace(first, **both) if both else first


def counted(timers: Timers, truths: Truths, *, step_us: int) -> Timers:
    """Return the timers after ``step_us`` in which ``truths`` held."""
    grown = {name: getattr(timers, name) + step_us for name in TIMERS if getattr(truths, name) is True}
    return msgspec.structs.replace(timers, **grown)


def settled(timers: Timers, truths: Truths) -> Timers:
    """Return the timers with those at zero whose condition is false."""
    zero = {name: 0 for name in TIMERS if getattr(truths, name) is False and getattr(timers, name)}
    return msgspec.structs.replace(timers, **zero) if zero else timers

"""What can be wrong with a box, and whether its numbers may still be believed."""

from enum import StrEnum


class Quality(StrEnum):
    """A box's quality, the worst first: what a reading says is the first that holds."""

    SERIAL_TWICE = "serial_twice"  # a box with this serial number is on another line already: not listened to
    TWO_BOXES = "two_boxes"  # two boxes talk on one line: not listened to
    WRONG_SERIAL = "wrong_serial"  # not the box that the config names: not listened to
    NO_HELLO = "no_hello"  # it speaks, but has not said who it is and how to read it
    BAD_RATE = "bad_rate"  # it says a rate that the profile does not allow
    WRONG_RATE = "wrong_rate"  # it does not keep the rate that it says
    RESTARTING = "restarting"  # its counters begin anew again and again
    NEW = "new"  # its rate has not been measured yet
    FROZEN = "frozen"  # the same numbers for too long: a sensor that stands still is broken
    SATURATED = "saturated"  # too many samples at the end of the range
    BEHIND = "behind"  # this agent does not keep up: samples were dropped here
    LOSSY = "lossy"  # frames were lost or broken on the line
    CLOCK_JUMP = "clock_jump"  # its own clock jumped; its samples are counted, so they are good
    GOOD = "good"


BELIEVED = frozenset({Quality.BEHIND, Quality.LOSSY, Quality.CLOCK_JUMP, Quality.GOOD})  # what arrived is right

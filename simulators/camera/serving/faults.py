"""What may go wrong with a camera."""

from enum import StrEnum


class Fault(StrEnum):
    """One thing that is wrong; at most one at a time."""

    STALL = "stall"  # connected, and nothing comes
    FREEZE = "freeze"  # one picture for ever
    BLACK = "black"
    COVER = "cover"  # something is before the lens
    SHIFT = "shift"  # it looks elsewhere
    BLUR = "blur"  # out of focus
    SIZE = "size"  # pictures of another size
    RATE = "rate"  # a picture every three seconds
    DROP = "drop"  # it hangs up, and nobody answers
    RESET = "reset"  # it hangs up, and can be called again at once
    HALF = "half"  # every picture breaks off in the middle
    NOISE = "noise"  # what it sends is no picture


SLOW_S = 3.0  # between two pictures of RATE

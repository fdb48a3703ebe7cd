"""What the kernel knows of the wall clock: whether somebody keeps it right, and how far it is off (adjtimex(2))."""

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from device_profiles.wire import ClockState

TIMESYNC = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd touches it at each synchronisation
_TIME_ERROR = 5  # what adjtimex returns while nobody keeps the clock
_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000  # the offset is in nanoseconds, else in microseconds
_STA_PPSTIME, _STA_PPSSIGNAL = 0x0004, 0x0100  # a receiver's pulse is there and keeps the clock


class _Timex(ctypes.Structure):
    """``struct timex``: what is read, and room for the rest; ``modes`` 0 sets nothing and needs no rights."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    )


def kernel_clock_state() -> ClockState:
    """Return source and offset of this machine's clock: "ntp" for whoever steers the kernel (ntpd, chrony, timesyncd).

    "gnss" is a clock that a receiver's pulse steers, "rtc" one that runs free, "unknown" where the kernel does not say.
    """
    timex = _Timex()
    call = _adjtimex()
    answer = -1 if call is None else call(ctypes.byref(timex))
    if answer < 0:  # forbidden in some containers
        return ClockState("ntp" if TIMESYNC.exists() else "unknown")
    return state_of(answer, status=timex.status, offset=timex.offset)


@functools.cache
def _adjtimex() -> Callable[[Any], int] | None:
    try:
        return cast("Callable[[Any], int]", ctypes.CDLL(None).adjtimex)
    except (OSError, AttributeError):  # no such call in this system's library
        return None


def state_of(answer: int, *, status: int, offset: int) -> ClockState:
    """Return what adjtimex's answer means; its ``offset`` is what the clock still lacks."""
    if answer == _TIME_ERROR or status & _STA_UNSYNC:
        return ClockState("rtc")
    lacking_us = round(offset / 1_000) if status & _STA_NANO else offset
    pulse = _STA_PPSTIME | _STA_PPSSIGNAL
    return ClockState("gnss" if status & pulse == pulse else "ntp", -lacking_us)

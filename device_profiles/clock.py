"""Wall and monotonic time for every program, real or played by a scenario at another speed."""

import asyncio
import os
import time

from device_profiles.errors import ConfigError
from device_profiles.kernel_clock import kernel_clock_state
from device_profiles.wire import ClockState

ENVIRONMENT = "CITYNERVE_CLOCK"  # "<start_us>:<speed>:<anchor_ns>", set by a scenario for all its processes
_SUSPEND_COUNTS: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # CLOCK_MONOTONIC stands still meanwhile
MAX_SPEED = 10.0  # above it a real serial line or camera can no longer keep up


class Clock:
    """The city's time. ``speed`` city seconds pass in one real second.

    City time drives everything that has a meaning in the city (facts, judges, liveness, ticks). What belongs to a
    wire (MQTT keepalive, serial line time, resend time-outs, latencies) is real and uses ``real_s``.
    """

    def __init__(self, *, start_us: int | None = None, speed: float = 1.0, anchor_ns: int = 0) -> None:
        self.speed = speed
        self._start_us = start_us
        self._anchor_ns = anchor_ns

    @property
    def simulated(self) -> bool:
        """True when a scenario set this clock."""
        return self._start_us is not None

    def wall_us(self) -> int:
        """Return microseconds since 1970, UTC, in the city."""
        if self._start_us is None:
            return time.time_ns() // 1000
        return self._start_us + int((time.monotonic_ns() - self._anchor_ns) * self.speed) // 1000

    def monotonic_s(self) -> float:
        """Return city seconds that never step, and go on while the machine is suspended: that sets no clock."""
        if self._start_us is None and _SUSPEND_COUNTS is not None:
            return time.clock_gettime(_SUSPEND_COUNTS)
        return time.monotonic() * self.speed

    def state(self) -> ClockState:
        """Return who keeps the wall clock right, and by how much it is off; cheap enough for each pack."""
        return ClockState("simulated") if self.simulated else kernel_clock_state()

    @staticmethod
    def real_s() -> float:
        """Return real seconds that never step."""
        return time.monotonic()

    def real_seconds(self, city_s: float) -> float:
        """Return how many real seconds ``city_s`` city seconds take."""
        return city_s / self.speed

    async def sleep(self, city_s: float) -> None:
        """Sleep for ``city_s`` city seconds."""
        await asyncio.sleep(max(0.0, city_s) / self.speed)

    def environment(self) -> dict[str, str]:
        """Return the environment that gives a child process this clock; empty for the real one."""
        if self._start_us is None:
            return {}
        return {ENVIRONMENT: f"{self._start_us}:{self.speed!r}:{self._anchor_ns}"}


def simulated_clock(*, start_us: int, speed: float) -> Clock:
    """Return a clock that stands at ``start_us`` now and runs at ``speed``; share it by ``environment()``."""
    if not 0 < speed <= MAX_SPEED:
        raise ValueError(f"speed {speed} is not above 0 and at most {MAX_SPEED:g}")
    return Clock(start_us=start_us, speed=speed, anchor_ns=time.monotonic_ns())


def clock_from_environment() -> Clock:
    """Return the scenario's clock if there is one, else the real clock. Raises ConfigError."""
    text = os.environ.get(ENVIRONMENT)
    if not text:
        return Clock()
    try:
        start_us, speed, anchor_ns = text.split(":")
        clock = Clock(start_us=int(start_us), speed=float(speed), anchor_ns=int(anchor_ns))
    except ValueError as error:
        raise ConfigError(f"{text!r} is not start_us:speed:anchor_ns", file="environment", key=ENVIRONMENT) from error
    if not 0 < clock.speed <= MAX_SPEED:
        message = f"speed {speed} is not above 0 and at most {MAX_SPEED:g}"
        raise ConfigError(message, file="environment", key=ENVIRONMENT)
    return clock

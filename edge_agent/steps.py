"""Notices that somebody set the wall clock: it moved against the monotonic one."""

from device_profiles.clock import Clock

STEP_US = 1_000_000  # less is slewing or scheduling


class ClockWatch:
    """Compares the two clocks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us = self._read()

    def step_us(self) -> int:
        """Return by how much the wall clock was set since the last look, 0 when it was not."""
        offset_us = self._read()
        moved_us, self._offset_us = offset_us - self._offset_us, offset_us
        return moved_us if abs(moved_us) > STEP_US else 0

    def _read(self) -> int:
        return self._clock.wall_us() - round(self._clock.monotonic_s() * 1e6)
